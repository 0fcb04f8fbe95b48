"""What is known about a lead or an account after its events so far."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from domain import traits
from domain.effects import Effects
from domain.event import NOTHING

REVISIT, DORMANT = "revisit", traits.DORMANT
"""Names of timers."""


LATE: Final = "late"
"""The effect of an event that was reported late: it says what happened, and changes nothing."""

OPEN, WON, LOST = "open", "won", "lost"
VALID, CANCELLED = "valid", "cancelled"


class StandingFact(NamedTuple):
    """A fact of this pass that came before the stage it moves from.

    It is considered again after every move. `data` holds the fields that its guards may read.
    """

    type: str
    position: int
    occurred_at: datetime
    data: Mapping[str, Any]
    moved_to: tuple[str, ...] = ()
    """Stages that it has moved the lead to, which it does not do twice in a pass."""


class Timer(NamedTuple):
    """Something that happens automatically unless another event comes first."""

    due_at: datetime
    armed_by: int
    """Position of the event that set it, which is the cause of what it fires."""


class Firing(NamedTuple):
    """What a timer becomes when it fires: an event of this type, with these fields."""

    type: str
    data: Mapping[str, Any]


class Point(NamedTuple):
    """Points that one event gave by one rule. They age from the time of the event."""

    rule: str
    points: int
    position: int
    occurred_at: datetime


class Due(NamedTuple):
    """A deadline that is running or has been missed, in the stay to which it belongs."""

    due_at: datetime
    stage: str | None
    started: int
    """Position of `deadline.started`."""
    breached: int | None = None
    """Position of `deadline.breached`."""


class Occurrence(NamedTuple):
    """Something from which a company's course follows, whichever of its leads it is about."""

    occurred_at: datetime
    position: int
    lead: str | None
    """The lead that brought it; None for a report about the company itself."""
    type: str
    data: Mapping[str, Any]
    effects: Effects
    """What it changes about the company, apart from a move."""


class Pending(NamedTuple):
    """A restatement that is still to come, because the lead has a long history."""

    position: int
    """Of the late report because of which the lead has to be decided again."""
    until: datetime
    """When that is to be done: late reports that arrive until then are included."""


class LeadState(NamedTuple):
    """A lead in its current pass."""

    stage: str | None = None
    """None while unplaced, and after absorption by another lead."""
    pass_number: int = 1
    entered_at: datetime | None = None
    """Effective time of the last move: no later move takes effect before it."""
    entered: tuple[str, ...] = ()
    """Stages entered in this pass, in order of first entry."""
    known: bool = False
    """Whether we hold personal data of this person."""
    origin: str | None = None
    """Whose work brought the person, in this pass; None until the person is known."""
    channel: str | None = None
    owner: str | None = None
    """The person in charge now; see `owners`."""
    account: str | None = None
    former_accounts: tuple[str, ...] = ()
    """Companies that it belonged to before: reports that still name one of them move it nowhere."""
    attributes: Mapping[str, Any] = NOTHING
    opportunities: Mapping[str, str] = NOTHING
    """Key of a deal, `source/number` → open, won or lost."""
    orders: Mapping[str, str] = NOTHING
    """Key of an order → valid or cancelled."""
    standing: tuple[StandingFact, ...] = ()
    absorbed_by: str | None = None
    absorbs: tuple[str, ...] = ()
    lifecycle: int = 1
    """The version that decides it, until it is reassessed under a later one."""
    began_under: int = 1
    """The version under which it was first reported; it decides anything earlier as well."""
    timers: Mapping[str, Timer] = NOTHING
    """What is due, by name: `deadline.acceptance`, `revisit`."""
    fit: Mapping[str, int] = NOTHING
    """Rule → points for what is known about the person."""
    points: tuple[Point, ...] = ()
    """Points from the events of this pass, ordered by position."""
    grade: str | None = None
    market: str | None = None
    priority: str | None = None
    attempts: tuple[datetime, ...] = ()
    """Attempts of this pass that did not reach the person, oldest first."""
    screened_as: str | None = None
    """Class of the last completed screening of this pass."""
    revisit_on: str | None = None
    """The day, as YYYY-MM-DD, before which a recycled lead is left alone."""
    blocks: Mapping[str, str] = NOTHING
    """Channel → type of the event that closed it."""
    flags: Mapping[str, str] = NOTHING
    """Reasons that would exclude the lead had it not gone too far for that: for people to know."""
    acquired_at: datetime | None = None
    """When we first held personal data of this person."""
    marks: Mapping[str, str] = NOTHING
    """What event types declare to remember in this pass, such as `scenario: completed`."""
    business: str | None = None
    """What this pass is about: new, cross_sell or renewal. None: new business."""
    earlier_opportunities: tuple[str, ...] = ()
    """Deals of earlier passes that have had no change in this pass other than being lost."""
    earlier_orders: tuple[str, ...] = ()
    team: str | None = None
    deadlines: Mapping[str, Due] = NOTHING
    """Deadlines of the current stay, by name, that have not been met yet."""
    merged: bool = False
    """Whether a person decided that `absorbed_by` is the same person. A visitor whose identity
    became known is absorbed automatically."""
    apart: tuple[str, ...] = ()
    """Leads that are permanently other people, even if identifiers contradict each other."""
    conflicts: tuple[str, ...] = ()
    """Leads that identifiers report as this one: a person has to judge."""
    awaiting: tuple[int, ...] = ()
    """Positions of decisions that no longer count, because their basis was taken back."""
    parted: tuple[str, ...] = ()
    """Leads that received some of the reports, because those are about other people."""
    holds: tuple[str, ...] = ()
    """Kinds of strong identifiers that have been reported for it, sorted."""
    first_touch: str | None = None
    """Whose work the first contact with the person was, known or anonymous."""
    origin_corrected: bool = False
    """Whether a person has set the origin, which no late report changes."""
    owners: Mapping[str, str] = NOTHING
    """Department → its person who works on the lead, or did until another department took over."""
    reseller: str | None = None
    """The external reseller that sells to it in this pass."""
    void: bool = False
    """Whether none of its reports counts any more: the next report starts it again."""
    latest_at: datetime | None = None
    """When the latest event of its course happened: an earlier one is reported late."""
    pending: Pending | None = None
    """The restatement that is to come; until then the course is the one last recorded."""


class AccountState(NamedTuple):
    """A company on its own track."""

    stage: str | None = None
    pass_number: int = 1
    entered_at: datetime | None = None
    entered: tuple[str, ...] = ()
    opportunities: Mapping[str, str] = NOTHING
    orders: Mapping[str, str] = NOTHING
    segment: str | None = None
    key_role: str | None = None
    """Whether the customer is one to defend or to attack."""
    owner: str | None = None
    """The salesperson who does so."""
    competitor: bool = False
    """Whether a person has listed it as one."""
    absorbed_by: str | None = None
    absorbs: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()
    """Accounts that are other companies, whatever their names."""
    conflicts: tuple[str, ...] = ()
    """Accounts with the same name: a person has to judge."""
    timeline: tuple[Occurrence, ...] = ()
    """What its course follows from, ordered by time. When an earlier event becomes known, the
    course is decided again from this."""
    latest_at: datetime | None = None
    """When the latest of these happened."""


INITIAL_LEAD = LeadState()
INITIAL_ACCOUNT = AccountState()


class State(NamedTuple):
    """The states of a lead and of its account. Either may be absent from a decision."""

    lead: LeadState = INITIAL_LEAD
    account: AccountState | None = None
