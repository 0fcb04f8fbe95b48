"""A subject's state as text, in the form that the `subjects` table keeps and an event carries."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar

import orjson

from domain.lead.state import (
    INITIAL_ACCOUNT,
    INITIAL_LEAD,
    AccountState,
    Due,
    LeadState,
    Occurrence,
    Pending,
    Point,
    StandingFact,
    Timer,
)
from domain.lifecycle.definition import SubjectKind

Kept = TypeVar("Kept", LeadState, AccountState)

_TUPLES = (
    *("entered", "absorbs", "earlier_opportunities", "earlier_orders"),
    *("apart", "conflicts", "awaiting", "parted", "holds", "former_accounts"),
)


def encode(state: LeadState | AccountState | None) -> str:
    """Encode what differs from the initial state.

    Keys are sorted, so equal states are equal text.
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
    """Decode a state."""
    if kind is SubjectKind.LEDGER:
        return None
    return decode_account(text) if kind is SubjectKind.ACCOUNT else decode_lead(text)


def decode_lead(text: str) -> LeadState:
    """Decode the state of a lead."""
    return _lead(orjson.loads(text))


def decode_account(text: str) -> AccountState:
    """Decode the state of an account."""
    return _account(orjson.loads(text))


def content_of(state: LeadState | AccountState) -> dict[str, Any]:
    """Return a state as plain values, as events and records hold it."""
    content: dict[str, Any] = orjson.loads(encode(state))
    return content


def restored(state: Kept, content: Mapping[str, Any]) -> Kept:
    """Return the state of the same kind that an event carries."""
    if isinstance(state, AccountState):
        return _account(dict(content))
    return _lead(dict(content))


def timeline(content: Iterable[Any]) -> tuple[Occurrence, ...]:
    """Return the timeline of an account from its plain values."""
    return tuple(
        Occurrence(datetime.fromisoformat(occurred_at), *rest) for occurred_at, *rest in content
    )


def plain_timeline(occurrences: Iterable[Occurrence]) -> list[Any]:
    """Return a timeline as plain values, as events hold it."""
    plain: list[Any] = orjson.loads(orjson.dumps(list(occurrences), default=_plain))
    return plain


def _account(content: dict[str, Any]) -> AccountState:
    if "timeline" in content:
        content["timeline"] = timeline(content["timeline"])
    return AccountState(**_with_tuples(content))


def _with_tuples(content: dict[str, Any]) -> dict[str, Any]:
    for name in ("entered_at", "latest_at"):
        if name in content:
            content[name] = datetime.fromisoformat(content[name])
    for name in _TUPLES:
        if name in content:
            content[name] = tuple(content[name])
    return content


def _lead(content: dict[str, Any]) -> LeadState:
    content = _with_tuples(content)
    if "standing" in content:
        content["standing"] = tuple(
            StandingFact(type, position, datetime.fromisoformat(time), data, tuple(moved_to))
            for type, position, time, data, moved_to in content["standing"]
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
    if "pending" in content:
        position, until = content["pending"]
        content["pending"] = Pending(position, datetime.fromisoformat(until))
    if "acquired_at" in content:
        content["acquired_at"] = datetime.fromisoformat(content["acquired_at"])
    if "attempts" in content:
        content["attempts"] = tuple(map(datetime.fromisoformat, content["attempts"]))
    if "deadlines" in content:
        content["deadlines"] = {
            name: Due(datetime.fromisoformat(due_at), *rest)
            for name, (due_at, *rest) in content["deadlines"].items()
        }
    return LeadState(**content)


def _plain(value: object) -> object:
    if isinstance(value, (StandingFact, Timer, Point, Due, Occurrence, Pending)):
        return list(value)
    raise TypeError(f"a state holds no {type(value).__name__}")
