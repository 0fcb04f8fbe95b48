"""A subject's state as text: how the `subjects` table keeps it."""

from datetime import datetime
from typing import Any

import orjson

from domain.lifecycle.definition import SubjectKind
from domain.state import (
    INITIAL_ACCOUNT,
    INITIAL_LEAD,
    AccountState,
    Due,
    LeadState,
    Point,
    Returned,
    StandingFact,
    Timer,
)

_LEAD_TUPLES = ("entered", "absorbs", "earlier_opportunities", "earlier_orders")


def encode(state: LeadState | AccountState | None) -> str:
    """Write what differs from the initial state.

    Keys are sorted, so that equal states are equal text.
    """
    if state is None:
        return "{}"
    initial = INITIAL_LEAD if isinstance(state, LeadState) else INITIAL_ACCOUNT
    content = {
        name: value
        for name, value, default in zip(state._fields, state, initial, strict=True)
        if value != default
    }
    return orjson.dumps(content, default=_plain, option=orjson.OPT_SORT_KEYS).decode()


def decode(kind: SubjectKind, text: str) -> LeadState | AccountState | None:
    """Read a state back."""
    if kind is SubjectKind.LEDGER:
        return None
    content: dict[str, Any] = orjson.loads(text)
    if "entered_at" in content:
        content["entered_at"] = datetime.fromisoformat(content["entered_at"])
    for name in _LEAD_TUPLES:
        if name in content:
            content[name] = tuple(content[name])
    if kind is SubjectKind.ACCOUNT:
        return AccountState(**content)
    return _lead(content)


def _lead(content: dict[str, Any]) -> LeadState:
    if "standing" in content:
        content["standing"] = tuple(
            StandingFact(type, position, data, tuple(moved_to))
            for type, position, data, moved_to in content["standing"]
        )
    if "timers" in content:
        content["timers"] = {
            name: Timer(datetime.fromisoformat(due_at), armed_by)
            for name, (due_at, armed_by) in content["timers"].items()
        }
    if "points" in content:
        content["points"] = tuple(
            Point(rule, points, position, datetime.fromisoformat(occurred_at))
            for rule, points, position, occurred_at in content["points"]
        )
    if "acquired_at" in content:
        content["acquired_at"] = datetime.fromisoformat(content["acquired_at"])
    if "attempts" in content:
        content["attempts"] = tuple(map(datetime.fromisoformat, content["attempts"]))
    if "deadlines" in content:
        content["deadlines"] = {
            name: Due(datetime.fromisoformat(due_at), *rest)
            for name, (due_at, *rest) in content["deadlines"].items()
        }
    if "returned_from" in content:
        stage, entered_at, deadline, due_at, *positions = content["returned_from"]
        content["returned_from"] = Returned(
            stage,
            datetime.fromisoformat(entered_at) if entered_at is not None else None,
            deadline,
            datetime.fromisoformat(due_at),
            *positions,
        )
    if "spoken_at" in content:
        content["spoken_at"] = {
            channel: datetime.fromisoformat(moment)
            for channel, moment in content["spoken_at"].items()
        }
    return LeadState(**content)


def _plain(value: object) -> object:
    if isinstance(value, (StandingFact, Timer, Point, Due, Returned)):
        return list(value)
    raise TypeError(f"a state holds no {type(value).__name__}")
