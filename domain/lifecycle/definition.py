"""The lifecycle as data: stages, moves, guards, event types, words.

A lifecycle is read from one YAML text (see text/load.py), checked as a whole, and compiled once
(see compiled/table.py). Nothing here decides anything; these are parsed and validated values.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from domain.lifecycle.automation import Pace
from domain.lifecycle.client_names import ClientNames
from domain.lifecycle.conditions import Condition
from domain.lifecycle.contribution import ContributionRules
from domain.lifecycle.qualification import Qualification
from domain.lifecycle.scoring import Grade, Scoring, TargetRule
from domain.lifecycle.words import Words as Words  # noqa: PLC0414 - re-exported

UNPLACED = "unplaced"
"""The word for a lead or account that no event has placed in a stage yet. It is not a stage but a
state of the machine, so that first moves are declared like all others."""


class EventKind(StrEnum):
    """Who may report an event, and whether the stage can refuse it."""

    FACT = "fact"
    DECISION = "decision"
    DERIVED = "derived"


class SubjectKind(StrEnum):
    """What an event is about."""

    LEAD = "lead"
    ACCOUNT = "account"
    LEDGER = "ledger"


class Right(StrEnum):
    """The scope of a key that may report an event of a type."""

    FACTS = "events:write"
    DECISIONS = "decisions:write"
    ADMINISTRATION = "ledger:admin"


class Role(StrEnum):
    """How an event type changes the state besides a move: the fixed vocabulary of effects.

    Companies name their own event types, but the service defines what a deal or an order *is*.
    """

    OPENS_OPPORTUNITY = "opens_opportunity"
    WINS_OPPORTUNITY = "wins_opportunity"
    LOSES_OPPORTUNITY = "loses_opportunity"
    REOPENS_OPPORTUNITY = "reopens_opportunity"
    PLACES_ORDER = "places_order"
    CANCELS_ORDER = "cancels_order"
    UPDATES_OPPORTUNITY = "updates_opportunity"
    AMENDS_ORDER = "amends_order"
    RENEWS = "renews"
    ASSIGNS_OWNER = "assigns_owner"
    UNASSIGNS_OWNER = "unassigns_owner"
    DISPUTES_ORIGIN = "disputes_origin"
    CORRECTS_ORIGIN = "corrects_origin"
    LISTS_COMPETITOR = "lists_competitor"
    UNLISTS_COMPETITOR = "unlists_competitor"
    LINKS_ACCOUNT = "links_account"
    """States where a person works: names an account, which takes the lead from any other."""
    HANDS_OVER = "hands_over"
    """Names an owner, a team, or both; one that is not named stays unchanged."""


NUMBERED_BY: Mapping[Role, str] = {
    Role.OPENS_OPPORTUNITY: "opportunity",
    Role.UPDATES_OPPORTUNITY: "opportunity",
    Role.REOPENS_OPPORTUNITY: "opportunity",
    Role.WINS_OPPORTUNITY: "opportunity",
    Role.LOSES_OPPORTUNITY: "opportunity",
    Role.PLACES_ORDER: "order",
    Role.AMENDS_ORDER: "order",
    Role.CANCELS_ORDER: "order",
}
"""Roles of reports about a deal or an order → the field with its number, which they require."""


class MoveKind(StrEnum):
    """How a stay ends: the classes of the exit split."""

    ENTERED = "entered"
    ADVANCED = "advanced"
    RECYCLED = "recycled"
    RETURNED = "returned"
    DISQUALIFIED = "disqualified"
    LOST = "lost"
    CORRECTED = "corrected"
    ABSORBED = "absorbed"
    RESTATED = "restated"
    """From the earlier stage to the one that results after something was taken back. No stay ends
    this way: a stay that no longer counts was never left."""


@dataclass(frozen=True, slots=True)
class Stage:
    code: str
    words: Words
    phase: str | None = None
    department: str | None = None
    ends: MoveKind | None = None
    """For stages off the path: how entering this stage ends the previous stay, as `disqualified`,
    `lost` or `returned`. None: determined by the order of the path."""
    final: bool = False
    """No move leaves it, on purpose: without this, a stage that no move leaves is reported."""


@dataclass(frozen=True, slots=True)
class Guard:
    name: str
    words: Words
    condition: Condition


@dataclass(frozen=True, slots=True)
class Move:
    """One legal move: on this event type, from these stages, to that one, if every guard holds.

    Moves of one event type are tried in the order in which they are declared. `shortcut: true`
    declares that a move passes over stages; the path determines which ones, per source stage (see
    compiled/route.py).
    """

    on: str
    sources: tuple[str, ...]
    """Stage codes, or UNPLACED. `any` in the text is expanded to every stage and UNPLACED."""
    to: str
    """A stage code. `same` in the text becomes one move per source, to that source, that stays."""
    guards: tuple[str, ...] = ()
    kind: MoveKind | None = None
    """None: determined by the path and by the stage entered."""
    begins_pass: bool = False
    shortcut: bool = False
    named: bool = False
    """One of the moves that `to: named` is expanded into, taken if the event's field `to` names
    this stage."""
    stays: bool = False
    """Legal here but moves nothing: `to: same`. A decision without any declared move is legal
    everywhere; this restricts a decision to the stages where it makes sense."""


@dataclass(frozen=True, slots=True)
class Track:
    """The stages and moves of one kind of subject."""

    subject: SubjectKind
    path: tuple[str, ...]
    stages: Mapping[str, Stage]
    """By code, in the order of the text: the path first, then the other stages."""
    entry: tuple[str, ...]
    """Stages of the path in which a journey may begin without having passed over any stage."""
    moves: tuple[Move, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an event's data that holds nothing personal and so is part of the record.

    Types: `code` (one of `values` when given, else up to 64 printable ASCII characters that
    identify no person), `integer`, `amount` (decimal number as a string, or an integer),
    `boolean`, `time`, `date`, `page` (an address, kept as host and path, compared by path),
    `currency` (ISO 4217); `position` (of an event), `subject` (the ledger's own id of a lead
    or an account), `fields` (what an event should have said: values by field).
    """

    name: str
    type: str
    required: bool = False
    values: tuple[str, ...] = ()
    """The allowed codes, if the text lists them or names a word list such as `reasons`."""
    names: Mapping[str, str] = field(default_factory=dict, compare=False)
    """Labels and aliases that mean these codes, folded as in names.py. Of a page: the paths that
    the lifecycle's word lists name, which are recorded as they are."""
    at_least: int | None = None
    """The minimum of an integer or an amount."""


@dataclass(frozen=True, slots=True)
class EventType:
    name: str
    words: Words
    kind: EventKind
    subject: SubjectKind
    right: Right
    departments: tuple[str, ...] = ()
    """Departments that may decide it: keys of others may not report it. Empty: any department."""
    reserved: bool = False
    """Written only by the service and never accepted from outside. A decision that the service may
    also derive is not reserved."""
    fields: Mapping[str, Field] = field(default_factory=dict)
    role: Role | None = None
    stands_as: str | None = None
    """For facts that are considered again after every move of the same pass: the type of the
    derived event that carries the move they then cause."""
    marks: Mapping[str, str | None] = field(default_factory=dict)
    """What is remembered about the event until the pass ends, such as `scenario: completed`; None
    clears it. Conditions and lists read it as `lead.marks.scenario`."""


@dataclass(frozen=True, slots=True)
class ExclusionRule:
    """Excludes for its reason if the condition is true; if it is unknown, the lead waits."""

    reason: str
    condition: Condition


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Judged after each event about a lead in the stage `at`.

    One true rule excludes, all false accept, anything unknown waits for a person.
    """

    at: str
    accepts_by: str
    excludes_by: str
    rules: tuple[ExclusionRule, ...]


@dataclass(frozen=True, slots=True)
class OriginRule:
    origin: str
    condition: Condition


@dataclass(frozen=True, slots=True)
class LeadList:
    """A named list: a predicate over a lead at a time, never a place that a lead is in."""

    code: str
    words: Words
    condition: Condition
    acquired_within_days: int | None = None
    """Maximum days since the lead became known; time alone takes a lead off the list."""
    held_before_days: int | None = None
    """Minimum days since the lead became known."""
    by: tuple[str, ...] = ()
    """Paths that divide the list for display, such as `lead.market`."""


@dataclass(frozen=True, slots=True)
class Side:
    """A group of origins seen as one side of the funnel: marketing, or sales."""

    words: Words
    origins: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TargetFigure:
    """A figure that a department may set a target for in a period."""

    words: Words
    departments: tuple[str, ...] = ()
    """The departments that it belongs to by default."""
    is_amount: bool = False
    """True: money, in a currency. False: a number."""


class Counts(StrEnum):
    """What counts towards a target."""

    ENTRIES = "entries"
    """First entries into a stage in the period."""
    PRESENT = "present"
    """Those in a stage at the end of the period."""
    DEALS = "deals"
    """Deals created in the period."""
    ORDERS = "orders"
    """Business won in the period, net of cancellations."""
    VALUE = "value"
    """What that business amounts to, in the currency of the target."""
    GROSS_PROFIT = "gross_profit"
    """Its gross profit, in that currency."""
    ENDED = "ended"
    """Companies that stopped being customers in the period."""


OF_A_STAGE = frozenset({Counts.ENTRIES, Counts.PRESENT})
"""What is counted in one stage, which has to be named."""
OF_AMOUNTS = frozenset({Counts.VALUE, Counts.GROSS_PROFIT})
"""What is money, and needs the currency of a target."""


class Actual(NamedTuple):
    """What is compared with the targets of a figure."""

    counts: Counts
    stage: str | None = None


@dataclass(frozen=True, slots=True)
class AccountTriggers:
    """The derived account events that a lead's events cause."""

    prospect_gained: str
    customer_gained: str
    customer_lost: str | None = None
    """When a customer's last business is cancelled or lost."""
    key_ended: str | None = None
    """When a key account churns."""


@dataclass(frozen=True, slots=True)
class SharedNumbers:
    """Groups of sources that share numbers of deals, or orders: a number means the same in each."""

    opportunity: tuple[tuple[str, ...], ...] = ()
    order: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """One complete definition. `text` is its source, which `lifecycle.published` records."""

    name: str
    text: str
    words: Words
    time_zone: str
    languages: tuple[str, ...]
    phases: Mapping[str, Words]
    departments: Mapping[str, Words]
    reasons: Mapping[str, Words]
    classes: Mapping[str, Words]
    """Possible results of a completed screening, such as `now`, `later`, `not_yet`."""
    origins: Mapping[str, Words]
    origin_rules: tuple[OriginRule, ...]
    origin_otherwise: str | None
    """None if no origins are declared."""
    lead: Track
    account: Track
    guards: Mapping[str, Guard]
    events: Mapping[str, EventType]
    exclusion: Exclusion | None
    account_triggers: AccountTriggers | None
    attributes: Mapping[str, Field]
    """Non-personal attributes of a lead's profile, by which fit is judged."""
    value_lists: Mapping[str, frozenset[str]]
    """The word lists that conditions refer to by name, such as `competitor_domains`."""
    free_mail_domains: frozenset[str]
    role_mailboxes: frozenset[str]
    """Local parts such as `info` that never identify a person."""
    switchboards: frozenset[str]
    """Telephone numbers, in E.164, of whole companies: they never identify a person."""
    phone_country: str
    """Country calling code that a national number belongs to, e.g. `81`."""
    lists: Mapping[str, LeadList]
    """Named lists, in the order of the text."""
    contribution: ContributionRules | None
    identifier_trust: tuple[str, ...]
    """Kinds of strong identifiers, most trusted first, e.g. user_id, crm, email, phone. The kind of
    an external system that is not listed ranks after all listed ones."""
    client_names: ClientNames = field(default_factory=ClientNames)
    placeholders: frozenset[str] = frozenset()
    """Words that people and programs enter when they have no answer, folded: they identify no
    person and no company."""
    markets: Mapping[str, Words] = field(default_factory=dict)
    priorities: Mapping[str, Words] = field(default_factory=dict)
    outcomes: Mapping[str, Words] = field(default_factory=dict)
    """Outcomes of a contact, such as `no_answer`."""
    segments: Mapping[str, Words] = field(default_factory=dict)
    account_roles: Mapping[str, Words] = field(default_factory=dict)
    """Sales' intention for a customer: defend or attack."""
    industries: Mapping[str, Words] = field(default_factory=dict)
    jobs: Mapping[str, Words] = field(default_factory=dict)
    positions: Mapping[str, Words] = field(default_factory=dict)
    regions: Mapping[str, Words] = field(default_factory=dict)
    sides: Mapping[str, Side] = field(default_factory=dict)
    """The sides that the funnel is viewed from; an origin that belongs to none counts alone."""
    department_parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Department → the departments that it is the sum of, as sales is of inside and field sales."""
    target_figures: Mapping[str, TargetFigure] = field(default_factory=dict)
    actuals: Mapping[str, Actual] = field(default_factory=dict)
    """Target figure → what is compared with its targets. Others are planned and not counted."""
    targets: tuple[TargetRule, ...] = ()
    scoring: Scoring | None = None
    grades: Mapping[str, Grade] = field(default_factory=dict)
    """Best first."""
    qualification: Qualification | None = None
    shared_numbers: SharedNumbers = field(default_factory=SharedNumbers)
    pace: Pace = field(default_factory=Pace)
    """Automatic rules that keep leads moving, and when a team is at work."""
