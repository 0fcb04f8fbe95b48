"""The stays of one lead or account in its stages, derived from its events.

The projection covers all subjects; this covers one, from the events as they were recorded, or as
they are decided again after something has been taken back.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from domain.effects import Effects
from domain.event import Event
from domain.lead.state import LATE, AccountState, LeadState
from domain.lifecycle.definition import UNPLACED, SubjectKind
from domain.lifecycle.service_events import (
    CONFLICTED,
    LINKED,
    OFFERED,
    REASSESSED,
)
from domain.times import format_utc

_BEGINS_NOTHING = frozenset({LINKED, CONFLICTED, REASSESSED})


class Stay(NamedTuple):
    """One entry into a stage. It ends with the next entry, or with absorption."""

    stage: str
    """A stage code, or UNPLACED from the first event until an event places it."""
    entered_at: datetime
    pass_number: int
    kind: str | None
    """How the previous stay ended; None if nothing moved."""
    position: int
    """Position of the event that entered it, or of that event's cause."""
    origin: str | None
    channel: str | None


class Left(NamedTuple):
    """The end of the last stay by absorption."""

    at: datetime
    position: int


class Stays(NamedTuple):
    stays: tuple[Stay, ...] = ()
    left: Left | None = None
    origins: tuple[str | None, ...] = ()
    """The origin of each pass of a lead so far: no stay carries one that is stated after the last
    move of its pass."""


NO_STAYS = Stays()


def stays_after(before: Stays, event: Event, state: LeadState | AccountState) -> Stays:
    """Return the stays after an event that the subject received; `state` is the one after it."""
    if "stays" in event.effects:
        return restored(event.effects)
    after = _entered(before, event, state)
    if isinstance(state, AccountState) or not after.stays:
        return after
    earlier = after.origins[: state.pass_number - 1]
    unknown = (None,) * (state.pass_number - 1 - len(earlier))
    return after._replace(origins=(*earlier, *unknown, state.origin))


def not_before(entered_at: datetime | None, moment: datetime) -> datetime:
    """Return when a move takes effect: the later of its time and the last move's (domain §9)."""
    return moment if entered_at is None or entered_at < moment else entered_at


def begins(event: Event) -> bool:
    """Whether a lead for which nothing counted has a stay from this event on.

    What identifiers show begins nothing, nor do decisions about identities and about what counts,
    nor does another lifecycle. A company has no stay before its first stage: it was only mentioned.
    """
    if event.subject.kind is not SubjectKind.LEAD:
        return False
    return event.type not in OFFERED and event.type not in _BEGINS_NOTHING


def content_of(stays: Stays) -> Effects:
    """Return stays as plain values, as events and records hold them."""
    content: Effects = {"stays": [_plain(stay) for stay in stays.stays]}
    if stays.left is not None:
        content["left"] = [format_utc(stays.left.at), stays.left.position]
    if stays.origins:
        content["origins"] = list(stays.origins)
    return content


def restored(effects: Mapping[str, Any]) -> Stays:
    """Return the stays that an event carries."""
    left = effects.get("left")
    return Stays(
        tuple(
            Stay(stage, datetime.fromisoformat(entered_at), *rest)
            for stage, entered_at, *rest in effects["stays"]
        ),
        Left(datetime.fromisoformat(left[0]), left[1]) if left is not None else None,
        tuple(effects.get("origins", ())),
    )


def differences(
    before: Stays, after: Stays
) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
    """Return the entries into stages that no longer count, and those that now do, in order."""
    return (
        _described(_without(before.stays, after.stays)),
        _described(_without(after.stays, before.stays)),
    )


def _entered(before: Stays, event: Event, state: LeadState | AccountState) -> Stays:
    effects = event.effects
    if "absorbed_by" in effects:
        if effects["absorbed_by"] is None or not before.stays:
            return before
        at = max(before.stays[-1].entered_at, event.effective_at or event.occurred_at)
        return before._replace(left=Left(at, event.position))
    if event.stage_to is None and (before.stays or LATE in effects or not begins(event)):
        return before
    stay = Stay(
        event.stage_to or UNPLACED,
        event.effective_at or event.occurred_at,
        event.pass_number or 1,
        effects["move"]["kind"] if event.stage_to is not None else None,
        event.position,
        getattr(state, "origin", None) or None,
        getattr(state, "channel", None) or None,
    )
    return Stays((*before.stays, stay), origins=before.origins)


def _without(stays: Sequence[Stay], others: Iterable[Stay]) -> list[Stay]:
    taken = [_outcome(stay) for stay in others]
    remaining = []
    for stay in stays:
        if _outcome(stay) in taken:
            taken.remove(_outcome(stay))
        else:
            remaining.append(stay)
    return remaining


def _outcome(stay: Stay) -> tuple[str, datetime, int]:
    return stay.stage, stay.entered_at, stay.pass_number


def _described(stays: Iterable[Stay]) -> list[Mapping[str, Any]]:
    return [
        {
            "stage": stay.stage,
            "effective_time": format_utc(stay.entered_at),
            "pass": stay.pass_number,
            "position": str(stay.position),
        }
        for stay in stays
    ]


def _plain(stay: Stay) -> list[Any]:
    stage, entered_at, *rest = stay
    return [stage, format_utc(entered_at), *rest]
