"""The rules that keep leads moving: hand-overs, deadlines, screening, revisits, silence, consent.

Each is a section of the text and may be missing; then nothing of that kind happens automatically.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.lifecycle.calendars import Calendar, Period
from domain.lifecycle.conditions import Condition
from domain.lifecycle.words import Words


@dataclass(frozen=True, slots=True)
class Return:
    """An automatic return: how long after a breach, and the derived event that carries it."""

    after: Period
    by: str


@dataclass(frozen=True, slots=True)
class Deadline:
    """Something that must be done in time, counted from entering a stage or from an event.

    It belongs to the stay in which it started, and ends with that stay.
    """

    name: str
    words: Words
    entering: str | None
    on: frozenset[str]
    met_by: frozenset[str]
    within: Period
    calendar: str
    returns: Return | None = None
    condition: Condition | None = None
    """Must hold for the event of `on` that starts it."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """The person, team, or both that take over if the condition holds."""

    owner: str | None
    team: str | None
    condition: Condition | None = None


@dataclass(frozen=True, slots=True)
class HandOver:
    """A hand-over between departments, as soon as a lead enters a stage."""

    name: str
    words: Words
    entering: str
    by: str
    from_department: str
    to_department: str
    assign: tuple[Assignment, ...] = ()
    """The first that holds decides. If none does, the lead goes to the department without a
    person."""
    brief: tuple[str, ...] = ()
    """Paths whose values the event gives to the new owner."""


@dataclass(frozen=True, slots=True)
class Unreachable:
    """The number of failed attempts, within a number of days, after which a lead is recycled."""

    attempts: int
    within_days: int
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Screening:
    attempted_by: frozenset[str]
    completed_by: frozenset[str]
    scheduled_by: frozenset[str] = frozenset()
    """Events of meetings, which only figures count: one was arranged, took place, or did not."""
    held_by: frozenset[str] = frozenset()
    missed_by: frozenset[str] = frozenset()
    revisit_days: Mapping[str, int] = field(default_factory=dict)
    """Class → days until the revisit date, if the call named none."""
    unreachable: Unreachable | None = None


@dataclass(frozen=True, slots=True)
class Recycling:
    """When to revisit a lead that was sent back."""

    set_by: frozenset[str]
    """Decisions that send a lead back."""
    days: Mapping[str, int]
    """Reason → days, if the decision named no date."""
    otherwise_days: int
    due_by: str
    ended_by: frozenset[str]
    """New requests, which end the wait."""


@dataclass(frozen=True, slots=True)
class Dormancy:
    """Silence: `after_days` days in these stages without any of these events."""

    after_days: int
    stages: frozenset[str]
    activity: frozenset[str]
    by: str


@dataclass(frozen=True, slots=True)
class ChannelRule:
    """An event that blocks channels, or frees them again."""

    on: str
    channels: tuple[str, ...]
    """All of these, or only the one that the event's field `channel` names."""
    blocks: bool
    condition: Condition | None = None


@dataclass(frozen=True, slots=True)
class Consent:
    channels: Mapping[str, Words]
    rules: tuple[ChannelRule, ...]


@dataclass(frozen=True, slots=True)
class Pace:
    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    fiscal_year_begins: int = 4
    """The month, 1 to 12."""
    hand_overs: tuple[HandOver, ...] = ()
    deadlines: Mapping[str, Deadline] = field(default_factory=dict)
    screening: Screening | None = None
    recycling: Recycling | None = None
    dormancy: Dormancy | None = None
    consent: Consent | None = None

    def concerned(self) -> frozenset[str]:
        """Return the event types with an effect here other than a move; most have none."""
        types: set[str] = set()
        for deadline in self.deadlines.values():
            types |= deadline.on | deadline.met_by
        if self.screening is not None:
            types |= self.screening.attempted_by | self.screening.completed_by
        if self.recycling is not None:
            types |= self.recycling.ended_by
        if self.consent is not None:
            types |= {rule.on for rule in self.consent.rules}
        return frozenset(types)
