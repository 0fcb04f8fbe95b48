"""What keeps leads moving: hand-overs, deadlines, screening, revisits, silence, consent.

Each is a section of the text, and each may be missing: then nothing of the kind happens by itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.lifecycle.calendars import Calendar, Period
from domain.lifecycle.conditions import Condition
from domain.lifecycle.words import Words


@dataclass(frozen=True, slots=True)
class Return:
    """A return by itself: so long after a breach, carried by this derived event."""

    after: Period
    by: str


@dataclass(frozen=True, slots=True)
class Deadline:
    """Something that has to be done in time: from entering a stage or from an event on.

    It belongs to the stay in which it started, and ends with that.
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
    """What has to hold of an event of `on` that starts it."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """Who takes over: a person, a team, or both, if the condition holds."""

    owner: str | None
    team: str | None
    condition: Condition | None = None


@dataclass(frozen=True, slots=True)
class HandOver:
    """From one department to another, as soon as a lead enters a stage."""

    name: str
    words: Words
    entering: str
    by: str
    from_department: str
    to_department: str
    assign: tuple[Assignment, ...] = ()
    """The first that holds decides. None: the lead goes to the department, and to nobody there."""
    brief: tuple[str, ...] = ()
    """Paths whose values the new owner is told with the event."""


@dataclass(frozen=True, slots=True)
class Unreachable:
    """After so many attempts within so many days without reaching anybody the lead is recycled."""

    attempts: int
    within_days: int
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Screening:
    attempted_by: frozenset[str]
    completed_by: frozenset[str]
    revisit_days: Mapping[str, int] = field(default_factory=dict)
    """Class → days until the lead is looked at again, where the call has named no day."""
    unreachable: Unreachable | None = None


@dataclass(frozen=True, slots=True)
class Recycling:
    """When a lead that was sent back is looked at again."""

    set_by: frozenset[str]
    """Decisions that send a lead back."""
    days: Mapping[str, int]
    """Reason → days, where the decision has named no day."""
    otherwise_days: int
    due_by: str
    ended_by: frozenset[str]
    """A new request: the day need not be waited for."""


@dataclass(frozen=True, slots=True)
class Dormancy:
    """Silence: so many days in these stages without any of these events."""

    after_days: int
    stages: frozenset[str]
    activity: frozenset[str]
    by: str


@dataclass(frozen=True, slots=True)
class ChannelRule:
    """An event that blocks channels, or frees them again."""

    on: str
    channels: tuple[str, ...]
    """All of these; only one of them where the event's field `channel` names it."""
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
        """Name the event types that do something here beside a move: most do not."""
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
