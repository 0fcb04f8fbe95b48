"""The stays of one lead or account in its stages, derived from its events.

The projection covers all subjects; this covers one, from the events as they were recorded, or as
they are decided again after something has been taken back.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Any, NamedTuple

from domain.effects import Effects
from domain.event import NOTHING, Event
from domain.lead.state import LATE, AccountState, LeadState
from domain.lifecycle.definition import UNPLACED, SubjectKind
from domain.lifecycle.service_events import (
    ABSORBED,
    ACCOUNT_ABSORBED,
    ACCOUNT_CONFLICTED,
    ACCOUNT_RESTATED,
    CONFLICTED,
    LINKED,
    OFFERED,
    REASSESSED,
    RESTATED,
)
from domain.times import format_utc
from domain.traits import (
    NO_TRAITS,
    TraitChange,
    TraitChanges,
    Traits,
    applied,
    difference,
    traits_after,
)

_BEGINS_NOTHING = frozenset({LINKED, CONFLICTED, REASSESSED})
_DECIDED_ONCE = frozenset(
    {
        *(LINKED, CONFLICTED, ABSORBED, REASSESSED, RESTATED),
        *(ACCOUNT_CONFLICTED, ACCOUNT_ABSORBED, ACCOUNT_RESTATED, *OFFERED),
    }
)
"""What they say about identity, versions and earlier events is not decided again."""

NO_LONGER, NOW = "no_longer_counts", "counts_now"
TYPES, STAGES = "types", "stages"
"""Data fields of a restatement: outcomes, and every type and stage that one of them names."""
FACT = "fact"
"""Data field of an event that an early fact caused: the position of that fact."""


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
    traits: TraitChanges = NO_TRAITS
    """How its traits at the entry differ from the last ones of the stay before."""
    changes: tuple[TraitChange, ...] = ()
    """How they changed while it went on."""


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
    traits: Traits = NO_TRAITS
    """Those of now."""


NO_STAYS = Stays()

_PLAIN_VALUES = Stay._fields.index("changes") - Stay._fields.index("pass_number")
"""Values of a stay that an event holds as they are: all but its times and the changes to it."""


class Counted(NamedTuple):
    """An outcome that counts: an entry into a stage, or an event that the service derived."""

    type: str
    occurred_at: datetime
    position: int
    """Position of the event, or of the report that it follows from."""
    data: Mapping[str, Any]
    """Of a derived event: what was reported is in the report."""
    stage: str | None
    effective_at: datetime | None
    pass_number: int | None


def counted(event: Event, before: Stays, after: Stays, *, is_derived: bool) -> Counted | None:
    """Return the outcome that an event is, given the stays of its subject before and after it."""
    has_entered = len(after.stays) > len(before.stays)
    is_derived = is_derived and event.type not in _DECIDED_ONCE
    if not has_entered and not is_derived:
        return None
    stay = after.stays[-1] if has_entered else None
    return Counted(
        event.type,
        event.occurred_at,
        event.position,
        event.data if is_derived else NOTHING,
        stay.stage if stay is not None else None,
        stay.entered_at if stay is not None else None,
        stay.pass_number if stay is not None else None,
    )


def counted_since(before: Sequence[Counted], data: Mapping[str, Any]) -> list[Counted]:
    """Return the outcomes that count after a restatement with this data."""
    remaining = _without(before, map(_counted, data[NO_LONGER]))
    return [*remaining, *map(_counted, data[NOW])]


def stays_after(before: Stays, event: Event, state: LeadState | AccountState) -> Stays:
    """Return the stays after an event that the subject received; `state` is the one after it."""
    if "stays" in event.effects:
        return restored(event.effects)
    after = _with_traits(before, _entered(before, event, state), event)
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
    stays = tuple(map(_stay, effects["stays"]))
    traits = NO_TRAITS
    for stay in stays:
        for changes in (stay.traits, *(change.traits for change in stay.changes)):
            traits = applied(traits, changes)
    return Stays(
        stays,
        Left(datetime.fromisoformat(left[0]), left[1]) if left is not None else None,
        tuple(effects.get("origins", ())),
        traits,
    )


def without_positions(stay: Stay) -> Stay:
    """Return a stay without the reports that it follows from."""
    changes = tuple(change._replace(position=0) for change in stay.changes)
    return stay._replace(position=0, changes=changes)


def are_same(before: Sequence[Counted], after: Sequence[Counted]) -> bool:
    """Whether the same outcomes count, whichever reports they follow from."""
    return len(before) == len(after) and not _without(before, after)


def differences(before: Sequence[Counted], after: Sequence[Counted]) -> dict[str, Any]:
    """Return the data of a restatement: outcomes that no longer count, and those that do now."""
    no_longer, now = (
        sorted(some, key=lambda outcome: outcome.occurred_at)
        for some in (_without(before, after), _without(after, before))
    )
    changed = [*no_longer, *now]
    return {
        NO_LONGER: [_described(outcome) for outcome in no_longer],
        NOW: [_described(outcome) for outcome in now],
        TYPES: sorted({outcome.type for outcome in changed}),
        STAGES: sorted({outcome.stage for outcome in changed if outcome.stage is not None}),
    }


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
    return before._replace(stays=(*before.stays, stay), left=None)


def _with_traits(before: Stays, after: Stays, event: Event) -> Stays:
    """Enter what the event changes about the traits of the stay that goes on, or has begun."""
    if not after.stays or after.left is not None or LATE in event.effects:
        return after
    *earlier, last = after.stays
    enters = len(after.stays) > len(before.stays)
    begins_pass = enters and bool(earlier) and earlier[-1].pass_number != last.pass_number
    traits = traits_after(before.traits, event, enters=enters, begins_pass=begins_pass)
    changes = difference(before.traits, traits)
    if enters:
        last = last._replace(traits=changes)
    elif changes:
        since = last.changes[-1].at if last.changes else last.entered_at
        at = not_before(since, event.effective_at or event.occurred_at)
        change = TraitChange(at, event.position, changes)
        last = last._replace(changes=(*last.changes, change))
    else:
        return after
    return after._replace(stays=(*earlier, last), traits=traits)


def _without(some: Iterable[Counted], others: Iterable[Counted]) -> list[Counted]:
    """Return outcomes without those that are among others, whichever reports they follow from."""
    taken: dict[object, int] = {}
    for content in map(_content, others):
        taken[content] = taken.get(content, 0) + 1
    remaining = []
    for outcome in some:
        content = _content(outcome)
        if taken.get(content):
            taken[content] -= 1
        else:
            remaining.append(outcome)
    return remaining


def _content(outcome: Counted) -> tuple[object, ...]:
    data = json.dumps(dict(outcome.data), sort_keys=True) if outcome.data else ""
    return (outcome.type, outcome.occurred_at, data, *outcome[4:])


def _described(outcome: Counted) -> dict[str, Any]:
    described: dict[str, Any] = {
        "type": outcome.type,
        "time": format_utc(outcome.occurred_at),
        "position": str(outcome.position),
    }
    if outcome.data:
        described["data"] = dict(outcome.data)
    if outcome.effective_at is not None:
        described["stage"] = outcome.stage
        described["effective_time"] = format_utc(outcome.effective_at)
        described["pass"] = outcome.pass_number
    return described


def _counted(described: Mapping[str, Any]) -> Counted:
    effective = described.get("effective_time")
    return Counted(
        described["type"],
        datetime.fromisoformat(described["time"]),
        int(described["position"]),
        described.get("data", NOTHING),
        described.get("stage"),
        datetime.fromisoformat(effective) if effective is not None else None,
        described.get("pass"),
    )


def _plain(stay: Stay) -> list[Any]:
    stage, entered_at, *rest, traits, changes = stay
    plain: list[Any] = [stage, format_utc(entered_at), *rest]
    if traits or changes:
        plain.append(dict(traits))
    if changes:
        plain.append([[format_utc(at), position, dict(some)] for at, position, some in changes])
    return plain


def _stay(plain: Sequence[Any]) -> Stay:
    stage, entered_at, *rest = plain
    own, changes = rest[:_PLAIN_VALUES], rest[_PLAIN_VALUES:]
    stay = Stay(stage, datetime.fromisoformat(entered_at), *own)
    return stay._replace(
        changes=tuple(
            TraitChange(datetime.fromisoformat(at), position, some)
            for at, position, some in chain.from_iterable(changes)
        )
    )
