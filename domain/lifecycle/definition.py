"""The lifecycle as data: stages, moves, guards, event types, words.

A lifecycle is read from one YAML text (see loading.py), checked as a whole, and compiled once
(see compiled.py). Nothing here decides anything; these are the parsed values, already right.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from domain.lifecycle.automation import Pace
from domain.lifecycle.client_names import ClientNames
from domain.lifecycle.conditions import Condition
from domain.lifecycle.contribution import ContributionRules
from domain.lifecycle.qualification import Qualification
from domain.lifecycle.scoring import Grade, Scoring, TargetRule
from domain.lifecycle.words import Words as Words  # noqa: PLC0414 - to be had from here too

UNPLACED = "unplaced"
"""The word for a lead or account that no event has placed in a stage yet: no stage, but a state
of the machine, so that first moves are declared like all others."""


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
    """What an event type does to the state beside a move: the fixed vocabulary of effects.

    A company names its own event types, but what a deal or an order *is* stays ours.
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
    """Says where somebody works: names an account, which takes the lead from any other."""
    HANDS_OVER = "hands_over"
    """Names an owner, a team, or both; who is not named stays as it was."""


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
    """From where a lead stood to where it stands, now that something has been taken back. No stay
    ends so: what counts no longer was never left."""


@dataclass(frozen=True, slots=True)
class Stage:
    code: str
    words: Words
    phase: str | None = None
    department: str | None = None
    ends: MoveKind | None = None
    """What entering this stage means for the stay that it ends, for stages beside the path:
    `disqualified`, `lost` or `returned`. None: told by the order of the path."""
    final: bool = False
    """No move leaves it, and that is meant: without this a stage nobody can leave is reported."""


@dataclass(frozen=True, slots=True)
class Guard:
    name: str
    words: Words
    condition: Condition


@dataclass(frozen=True, slots=True)
class Move:
    """One legal move: on this event type, from these stages, to that one, if every guard holds.

    Moves of one event type are tried in the order in which they are declared. That a move passes
    over stages is declared by `shortcut: true`; which ones follows from the path (see paths of
    compiled.py), per source stage.
    """

    on: str
    sources: tuple[str, ...]
    """Stage codes, or UNPLACED. `any` in the text is expanded to every stage and UNPLACED."""
    to: str
    """A stage code. `same` in the text becomes one move per source, to that source, that stays."""
    guards: tuple[str, ...] = ()
    kind: MoveKind | None = None
    """None: told by the path and by the stage entered."""
    begins_pass: bool = False
    shortcut: bool = False
    named: bool = False
    """One of the moves that `to: named` was expanded into: taken when the event's data names
    this stage in its field `to`."""
    stays: bool = False
    """Legal here and moves nothing: `to: same`. A decision without any declared move is legal
    everywhere, so this is how one is confined to the stages where it makes sense."""


@dataclass(frozen=True, slots=True)
class Track:
    """The stages and moves of one kind of subject."""

    subject: SubjectKind
    path: tuple[str, ...]
    stages: Mapping[str, Stage]
    """By code, in the order of the text: the path first, then what stands beside it."""
    entry: tuple[str, ...]
    """Stages of the path at which a journey may begin without having passed over anything."""
    moves: tuple[Move, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an event's data that holds nothing personal and so stands in the record.

    Types: `text` (string up to 255 characters), `code` (one of `values` when given, else a
    string up to 255), `integer`, `amount` (decimal number as a string, or an integer),
    `boolean`, `time`, `date`, `page` (an address, kept and compared without its query),
    `currency` (ISO 4217); `position` (of an event), `subject` (the ledger's own id of a lead
    or an account), `fields` (what an event should have told: values by field).
    """

    name: str
    type: str
    required: bool = False
    values: tuple[str, ...] = ()
    """The codes allowed, where the text lists them or names a word list such as `reasons`."""
    names: Mapping[str, str] = field(default_factory=dict, compare=False)
    """What people call these codes, folded as in words.py: a label or alias means its code."""
    at_least: int | None = None
    """The least that an integer or an amount may be."""


@dataclass(frozen=True, slots=True)
class EventType:
    name: str
    words: Words
    kind: EventKind
    subject: SubjectKind
    right: Right
    departments: tuple[str, ...] = ()
    """Whose decision it is: a key of another department may not report it. Empty: anybody's."""
    reserved: bool = False
    """Written by the service only; never accepted from outside. A decision that the service may
    also derive is not reserved."""
    fields: Mapping[str, Field] = field(default_factory=dict)
    role: Role | None = None
    stands_as: str | None = None
    """For facts that are considered again after every move of the same pass: the type of the
    derived event that carries the move they then cause."""
    marks: Mapping[str, str | None] = field(default_factory=dict)
    """What is remembered of the event until the pass ends, such as `scenario: completed`; None
    forgets. Conditions and lists ask for it as `lead.marks.scenario`."""


@dataclass(frozen=True, slots=True)
class ExclusionRule:
    """Excludes for its reason when the condition is true; unknown makes the lead wait."""

    reason: str
    condition: Condition


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Judged after each event about a lead that stands at `at`.

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
    """A named list: a predicate over a lead at a time, never a place where a lead stands."""

    code: str
    words: Words
    condition: Condition
    acquired_within_days: int | None = None
    """Only who became known in the last so many days; the clock alone takes a lead off."""
    held_before_days: int | None = None
    """Only who was known before the last so many days."""
    by: tuple[str, ...] = ()
    """Paths that part the list, such as `lead.market`: for people to look at, part by part."""


@dataclass(frozen=True, slots=True)
class Side:
    """Those who bring leads, as one side of the funnel sees them: marketing, or sales."""

    words: Words
    origins: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TargetFigure:
    """What a department may set itself to reach in a period."""

    words: Words
    departments: tuple[str, ...] = ()
    """Whose it is by default."""
    is_amount: bool = False
    """Money, in a currency; else a number."""


@dataclass(frozen=True, slots=True)
class AccountTriggers:
    """The derived account events that a lead's doings cause."""

    prospect_gained: str
    customer_gained: str
    key_ended: str | None = None
    """When a key account churns."""


@dataclass(frozen=True, slots=True)
class SharedNumbers:
    """Groups of sources that number deals, or orders, together: a number means the same in each."""

    opportunity: tuple[tuple[str, ...], ...] = ()
    order: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """One whole definition. `text` is what was read, and what `lifecycle.published` records."""

    name: str
    text: str
    words: Words
    time_zone: str
    languages: tuple[str, ...]
    phases: Mapping[str, Words]
    departments: Mapping[str, Words]
    reasons: Mapping[str, Words]
    classes: Mapping[str, Words]
    """What a completed screening may find, such as `now`, `later`, `not_yet`."""
    origins: Mapping[str, Words]
    origin_rules: tuple[OriginRule, ...]
    origin_otherwise: str | None
    """None where no origins are declared."""
    lead: Track
    account: Track
    guards: Mapping[str, Guard]
    events: Mapping[str, EventType]
    exclusion: Exclusion | None
    account_triggers: AccountTriggers | None
    attributes: Mapping[str, Field]
    """Attributes of a lead's profile that hold nothing personal: what fit is judged by."""
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
    """Kinds of strong identifiers, most trusted first, e.g. user_id, crm, email, phone. A kind of
    an outside system that is not named ranks after all named ones."""
    client_names: ClientNames = field(default_factory=ClientNames)
    placeholders: frozenset[str] = frozenset()
    """Words that people and programs put where they have no answer, folded: they identify nobody
    and no company."""
    markets: Mapping[str, Words] = field(default_factory=dict)
    priorities: Mapping[str, Words] = field(default_factory=dict)
    outcomes: Mapping[str, Words] = field(default_factory=dict)
    """What comes of a contact, such as `no_answer`."""
    segments: Mapping[str, Words] = field(default_factory=dict)
    account_roles: Mapping[str, Words] = field(default_factory=dict)
    """What sales means to do with a customer: defend or attack."""
    industries: Mapping[str, Words] = field(default_factory=dict)
    jobs: Mapping[str, Words] = field(default_factory=dict)
    positions: Mapping[str, Words] = field(default_factory=dict)
    regions: Mapping[str, Words] = field(default_factory=dict)
    sides: Mapping[str, Side] = field(default_factory=dict)
    """The sides that the funnel is looked at from; an origin of none stands for itself."""
    department_parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Department → those that it is the sum of, as sales is of inside and field sales."""
    target_figures: Mapping[str, TargetFigure] = field(default_factory=dict)
    targets: tuple[TargetRule, ...] = ()
    scoring: Scoring | None = None
    grades: Mapping[str, Grade] = field(default_factory=dict)
    """The best first."""
    qualification: Qualification | None = None
    shared_numbers: SharedNumbers = field(default_factory=SharedNumbers)
    pace: Pace = field(default_factory=Pace)
    """What keeps leads moving by itself, and when a team is at work."""
