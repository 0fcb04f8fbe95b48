"""What is known of a lead or an account after its events so far."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from domain.event import NOTHING

REVISIT, DORMANT = "revisit", "dormant"
"""The timers' names."""


OPEN, WON, LOST = "open", "won", "lost"
STANDING, CANCELLED = "standing", "cancelled"


class StandingFact(NamedTuple):
    """A fact of this pass that came before the stage it moves from.

    It is considered again after every move. `data` are the fields that its guards may read.
    """

    type: str
    position: int
    data: Mapping[str, Any]
    moved_to: tuple[str, ...] = ()
    """Stages that it has moved the lead to: it does not do so twice in a pass."""


class Timer(NamedTuple):
    """Something that happens by itself if nothing happens first."""

    due_at: datetime
    armed_by: int
    """Position of the event that set it: the cause of what it fires."""


class Point(NamedTuple):
    """Points that one event gave by one rule. They grow old from the time it happened."""

    rule: str
    points: int
    position: int
    occurred_at: datetime


class Due(NamedTuple):
    """A deadline that runs, or that has passed undone, in the stay to which it belongs."""

    due_at: datetime
    stage: str | None
    started: int
    """Position of `deadline.started`."""
    breached: int | None = None
    """Position of `deadline.breached`."""


class Returned(NamedTuple):
    """A lead that went back by itself: where it was, for a decision that is only reported late."""

    stage: str | None
    entered_at: datetime | None
    deadline: str
    due_at: datetime
    breached: int
    position: int
    """Of the return."""


class LeadState(NamedTuple):
    """A lead in its current pass."""

    stage: str | None = None
    """None while unplaced, and after absorption by another lead."""
    pass_number: int = 1
    entered_at: datetime | None = None
    """Effective time of the last move: no later move counts from before it."""
    entered: tuple[str, ...] = ()
    """Stages entered in this pass, in order of first entry."""
    known: bool = False
    """Whether we hold personal data of this person."""
    origin: str | None = None
    """Whose work brought the person, in this pass; None as long as nobody is known."""
    channel: str | None = None
    owner: str | None = None
    """Who is in charge now; see `owners`."""
    account: str | None = None
    attributes: Mapping[str, Any] = NOTHING
    opportunities: Mapping[str, str] = NOTHING
    """Key of a deal, `source/number` → open, won or lost."""
    orders: Mapping[str, str] = NOTHING
    """Key of an order → standing or cancelled."""
    standing: tuple[StandingFact, ...] = ()
    absorbed_by: str | None = None
    absorbs: tuple[str, ...] = ()
    lifecycle: int = 1
    """The version it is decided by, until it is reassessed under a later one."""
    timers: Mapping[str, Timer] = NOTHING
    """What is due, by name: `deadline.acceptance`, `revisit`."""
    fit: Mapping[str, int] = NOTHING
    """Rule → points for what is known of the person."""
    points: tuple[Point, ...] = ()
    """What the events of this pass gave, in order of their positions."""
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
    """Channel → what forbids it: the type of the event that did."""
    flags: Mapping[str, str] = NOTHING
    """What a person should know: reasons that would exclude a lead that has gone beyond that."""
    acquired_at: datetime | None = None
    """When we first held personal data of this person."""
    marks: Mapping[str, str] = NOTHING
    """What event types declare to be remembered of this pass, such as `scenario: completed`."""
    business: str | None = None
    """What this pass is about: new, cross_sell or renewal. None: new business."""
    earlier_opportunities: tuple[str, ...] = ()
    """Deals of passes before, in which nothing has happened in this one but that they were lost."""
    earlier_orders: tuple[str, ...] = ()
    team: str | None = None
    deadlines: Mapping[str, Due] = NOTHING
    """Deadlines of the present stay, by name, that nobody has met yet."""
    returned_from: Returned | None = None
    """Where a return by itself took the lead from; no more once it has moved again."""
    spoken_at: Mapping[str, datetime] = NOTHING
    """Channel → when it was last blocked or freed: what happened before and is told later does not
    count."""
    merged: bool = False
    """Whether somebody decided that `absorbed_by` is the same person; a visitor that turned out to
    be somebody was absorbed by itself."""
    apart: tuple[str, ...] = ()
    """Leads that are other people for good, however their identifiers contradict each other."""
    conflicts: tuple[str, ...] = ()
    """Leads that identifiers told to be this one: a person has to judge."""
    awaiting: tuple[int, ...] = ()
    """Positions of decisions that count no longer, since what they were based on was taken back."""
    parted: tuple[str, ...] = ()
    """Leads with which reports were divided, because they are of other people."""
    holds: tuple[str, ...] = ()
    """Kinds of strong identifiers that have been reported of it, sorted."""
    first_touch: str | None = None
    """Whose work the first that was heard of the person was, known or not."""
    origin_corrected: bool = False
    """Whether a person has said what the origin is: nothing that is told late changes it."""
    owners: Mapping[str, str] = NOTHING
    """Department → its person who works on the lead, or has until it went to another one."""
    reseller: str | None = None
    """Who outside sells to it in this pass."""
    void: bool = False
    """Whether nothing that was reported of it counts any more: the next report begins it anew."""


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
    """Whether a customer is to be defended or attacked."""
    owner: str | None = None
    """Who of sales does it."""
    competitor: bool = False
    """Whether somebody has listed it as one."""
    absorbed_by: str | None = None
    absorbs: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()
    """Accounts that are other companies, whatever they are called."""
    conflicts: tuple[str, ...] = ()
    """Accounts that are called the same: a person has to judge."""


INITIAL_LEAD = LeadState()
INITIAL_ACCOUNT = AccountState()


class State(NamedTuple):
    """A lead with its account's state beside it. Either may be absent from a decision."""

    lead: LeadState = INITIAL_LEAD
    account: AccountState | None = None
