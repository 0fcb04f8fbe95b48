"""What an event changes, recorded with it, so that a replay needs no lifecycle.

These are the plain values that the record holds under `data.effects`: times are text, tuples are
lists. `domain.lead.evolve` applies them to states; projections fold some of them as they are.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, TypedDict, cast


class MoveEffect(TypedDict, total=False):
    """How the stay before a move ends."""

    kind: str
    passed_over: Sequence[str]
    """Stages of the path between the two."""


class DeadlineEffect(TypedDict, total=False):
    """A deadline of the present stay."""

    due: str
    stage: str | None
    breached: bool


class Repeats(TypedDict, total=False):
    """What a report says that was known already."""

    known: bool
    attributes: Mapping[str, Any]
    account: str
    outright: bool
    """The report names its account."""
    by_name: bool
    """It does so by a name alone."""
    department: str
    """Of a report that would stand for later guards, but is late or repeated."""


class Effects(TypedDict, total=False):
    """Everything that events change, apart from the move itself. Absent: unchanged."""

    # Set to the value; None clears.
    known: bool
    """We now hold personal data."""
    origin: str | None
    channel: str | None
    owner: str | None
    team: str | None
    account: str
    absorbed_by: str | None
    merged: bool
    """Whether a person decided the absorption."""
    first_touch: str
    origin_corrected: bool
    reseller: str
    fit: Mapping[str, int]
    grade: str | None
    market: str | None
    priority: str | None
    screened_as: str
    revisit_on: str | None
    lifecycle: int
    business: str
    attempts: Sequence[str]
    begins: Literal[True]
    """A lead for which nothing counted has a report that counts again."""

    # Of an account, set to the value.
    segment: str
    key_role: str | None
    competitor: bool

    # Merged by key.
    attributes: Mapping[str, Any]
    opportunities: Mapping[str, str]
    orders: Mapping[str, str]

    # Merged by key; None removes.
    blocks: Mapping[str, str | None]
    flags: Mapping[str, str | None]
    marks: Mapping[str, str | None]
    owners: Mapping[str, str | None]
    timers: Mapping[str, str | None]
    """Name → when it is due."""
    deadlines: Mapping[str, DeadlineEffect | None]

    # Added.
    absorbs: str
    """The lead that this one absorbs."""
    holds: Sequence[str]
    """Kinds of identifiers."""
    conflicts: Sequence[str]
    apart: Sequence[str]
    """Setting apart or dismissing ends a conflict."""
    dismissed: Sequence[str]
    parted: Sequence[str]
    """Leads that some of the reports were really about."""
    points: Sequence[Sequence[Any]]
    """Rule, points, and how many of that rule count at most: the latest ones."""
    inherited_points: Sequence[Sequence[Any]]
    """Those of an absorbed visitor: rule, points, position and time of the event that gave them,
    and how many of that rule count at most."""
    stands: Mapping[str, Any]
    """Fields of this event that its guards read, and the reporting department. It is kept as a
    standing fact and replaces an earlier one of its type (the last call of a pass counts)."""
    inherits: Sequence[Sequence[Any]]
    """Standing facts of an absorbed visitor: type, position, time, fields, stages moved to."""

    # About a company in a lead's event.
    business_of: str
    """The account that shares these deals and orders: its own state sees them."""
    brings: Mapping[str, Mapping[str, str]]
    """Deals and orders that a lead brings to the account that it joins."""
    timeline: Sequence[Any]
    """What the course of an absorbed account follows from, for the one that absorbs it."""

    # The whole state.
    state: Mapping[str, Any]
    """As decided again, after something earlier became known or was taken back."""
    late: Literal[True]
    """Reported late: nothing changes, and a restatement follows."""
    pending_until: str
    """It follows only then."""

    # How it came about; nothing changes.
    move: MoveEffect
    fact: int
    """Position of the standing fact that causes the move."""
    of_opportunity: str
    of_order: str
    """The deal and the order that the event's numbers mean."""
    already: Literal[True]
    """The decision holds already."""
    insisted: Literal[True]
    """It would not be allowed, and counts only because it is recorded."""
    repeats: Repeats

    # Of a restatement, for projections: everything that counts from now on.
    stays: Sequence[Any]
    left: Sequence[Any]
    origins: Sequence[Any]
    deadline_entries: Sequence[Any]
    reports: Sequence[Sequence[Any]]
    """The account, kind of business and pass of earlier reports that have been found to differ."""


NO_EFFECTS: Effects = {}


def selected(values: Mapping[str, Any], names: Iterable[str]) -> Effects:
    """Return the effects with these names, as far as there are any."""
    return cast(Effects, {name: values[name] for name in names if name in values})


def joined(*effects: Effects) -> Effects:
    """Join effects of one event. If several set the same timer, the last one counts."""
    whole: Effects = {}
    timers: dict[str, str | None] = {}
    for some in effects:
        if some:
            whole |= some
            timers |= some.get("timers", {})
    return whole | {"timers": timers} if timers else whole
