"""Decide the reports of some leads again, from the beginning, in the order in which it happened.

When an earlier event becomes known, or something is taken back, the state is not patched. The
reports that count are decided again in memory, by time, each under the lifecycle version that its
lead was under then, with due timers firing in between. Reports of the same time count in the order
of the ledger. Nothing is appended, so these events have no positions. They have numbers, which
start beyond any ledger's end. States refer to events by these numbers, until the outcome replaces
each by the position of the report that caused it. No decision reads stays, so stays refer to
positions from the start.

A decision that was recorded is not refused any more. If it would not be allowed now, it takes the
move that the lifecycle lists first for it, and waits for a person to judge.

Identities are not decided here. Which leads a person has merged, and which report absorbed which
visitor, is given. Even a report that no longer counts still identifies its lead. What other leads
brought to a company is given as well, by its timeline.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from types import MappingProxyType
from typing import Any, NamedTuple

from domain.case import Evolved, with_move
from domain.deciding.decide import Decided, NotAllowed, Party, decide, identify
from domain.deciding.reassess import has_consequences, reassess
from domain.deciding.timers import Passing, fire
from domain.effects import Effects
from domain.event import NOTHING, Event, Subject
from domain.lead.deadlines import DeadlineEntries, deadlines_after
from domain.lead.evolve import evolve, in_order, with_occurrence
from domain.lead.identity import Resolution, joins
from domain.lead.readings import CaseReadings
from domain.lead.state import (
    INITIAL_ACCOUNT,
    INITIAL_LEAD,
    AccountState,
    LeadState,
    Occurrence,
    State,
)
from domain.lead.stays import FACT, NO_STAYS, Counted, Stay, Stays, counted, stays_after
from domain.lifecycle.compiled.table import CompiledLifecycle
from domain.lifecycle.definition import EventType, SubjectKind
from domain.limits import FOLDINGS_MAX
from domain.rules.business import (
    Belonging,
    belonging_of,
    end_of_key_status,
    moves_by_business,
    said_of_account,
)
from domain.rules.deals import ABOUT_BUSINESS
from domain.signal import Signal

FIRST_NUMBER = 1 << 62
"""No ledger holds as many events, so a number is never mistaken for a position or vice versa."""


_OCCURRED_AT = attrgetter("occurred_at")

NOTHING_BELONGS: Mapping[int, Belonging] = MappingProxyType({})


class Report(NamedTuple):
    """One report about a lead or an account, as it was first recorded."""

    position: int
    compiled: CompiledLifecycle
    signal: Signal
    lead: str | None
    """The lead that its identifiers point to, before forwarding. None: it is only about the
    account."""
    account: str | None
    """The account that the report itself named."""
    absorbs: tuple[str, ...] = ()
    """Visitors that it identified as this lead, and that still are."""
    counts: bool = True
    """False if it has been voided."""
    is_recorded: bool = True
    """False for a report that has just arrived, which may still be refused."""

    @property
    def occurred_at(self) -> datetime:
        return self.signal.occurred_at


class Judged(NamedTuple):
    """A lead that the service judged again, because a new version came into force."""

    position: int
    compiled: CompiledLifecycle
    lead: str
    occurred_at: datetime
    cause: int


class Kept(NamedTuple):
    """Part of a company's timeline that counts whatever becomes of these leads."""

    position: int
    compiled: CompiledLifecycle
    account: str
    occurrence: Occurrence

    @property
    def occurred_at(self) -> datetime:
        return self.occurrence.occurred_at


Step = Report | Judged | Kept


class Outcome(NamedTuple):
    """The result of a lead's reports."""

    state: LeadState
    stays: Stays = NO_STAYS
    deadlines: DeadlineEntries = ()
    refused: tuple[int, ...] = ()
    """Positions of decisions that are not legal given what is known now."""
    belongings: Mapping[int, Belonging] = NOTHING_BELONGS
    """Position of each report about a deal, an order or a renewal → what it belongs to."""
    counted: Sequence[Counted] = ()
    """Moves and derived events, in the order of their times."""


class Course(NamedTuple):
    """The result for a company."""

    state: AccountState = INITIAL_ACCOUNT
    stays: Stays = NO_STAYS
    counted: Sequence[Counted] = ()


class Outcomes(NamedTuple):
    leads: Mapping[str, Outcome]
    accounts: Mapping[str, Course]
    not_allowed: Mapping[int, NotAllowed]
    """Position of each report that has just arrived and is refused → why."""
    reported: Mapping[int, Event]
    """Position of each report about a lead that counts → its event, as it is decided now."""

    def stays_of(self, subject_id: str) -> Sequence[Stay]:
        """Return the stays of a lead or an account."""
        lead = self.leads.get(subject_id)
        if lead is not None:
            return lead.stays.stays
        return self.accounts.get(subject_id, Course()).stays.stays


def by_time(steps: Sequence[Step]) -> list[Step]:
    """Sort steps by time; those of the same time keep the order of the ledger."""
    return sorted(steps, key=lambda step: (step.occurred_at, step.position))


def decide_all_again(
    steps: Sequence[Step],
    *,
    lifecycles: Mapping[int, CompiledLifecycle],
    merged_into: Mapping[str, str],
    upto: Mapping[str, datetime],
    standing: Mapping[str, str] = NOTHING,
) -> Outcomes:
    """Decide the steps in the order in which they happened, and fire the timers that are due.

    `merged_into` maps each lead that a person has merged to the lead that receives its events.
    `upto` is the time for each lead up to which timers fire at the end. `standing` maps a company
    that was merged into another one to that one.
    """
    again = _Again(lifecycles, merged_into, standing)
    again.take_all(by_time(steps))
    for lead_id in list(again.leads):
        if lead_id in upto:
            again.fire_due_timers(lead_id, upto[lead_id])
    return again.outcomes()


def counted_then(
    steps: Sequence[Step],
    *,
    lifecycles: Mapping[int, CompiledLifecycle],
    merged_into: Mapping[str, str],
    moment: datetime,
    standing: Mapping[str, str] = NOTHING,
) -> dict[str, LeadState]:
    """Decide the steps again; return the state of each lead at a moment, given what counts now."""
    again = _Again(lifecycles, merged_into, standing)
    again.take_all([step for step in by_time(steps) if step.occurred_at <= moment])
    for lead_id in list(again.leads):
        again.fire_due_timers(lead_id, moment)
    return {lead_id: named_by(state, again.report) for lead_id, state in again.leads.items()}


def version_then(
    lifecycles: Mapping[int, CompiledLifecycle], lead: LeadState, at: datetime, type: str
) -> CompiledLifecycle:
    """Return the version by which a report about a lead is decided: its own at that time.

    If that version lacks the type, it is the oldest of the lead's versions that has it, or else the
    first newer one: a report is of a type that is in force.
    """
    then = lead.began_under
    for version in range(lead.began_under + 1, lead.lifecycle + 1):
        since = lifecycles[version].in_force_since
        if since is not None and since <= at:
            then = version
    versions = (then, *range(lead.began_under, max(lifecycles) + 1))
    declaring = (version for version in versions if type in lifecycles[version].lifecycle.events)
    return lifecycles[next(declaring, then)]


def company_then(
    account: AccountState, compiled: CompiledLifecycle, at: datetime, *, is_before: bool = False
) -> AccountState:
    """Return a company as it was at a moment, or right before it, as far as is known."""
    if account.latest_at is None or account.latest_at < at:
        return account
    cut = bisect_left if is_before else bisect_right
    count = cut(account.timeline, at, key=_OCCURRED_AT)
    if count == len(account.timeline):
        return account
    return _folding(_Same(account.timeline), _Same(compiled)).upto(count)


def state_then(
    state: State, compiled: CompiledLifecycle, at: datetime, *, is_before: bool = False
) -> State:
    """Return the input of a decision about a moment: the company as it was then, or before."""
    account = state.account
    if account is None or account.latest_at is None or account.latest_at < at:
        return state
    return State(state.lead, company_then(account, compiled, at, is_before=is_before))


class _Same:
    """A value that is equal only to itself: comparing a long timeline would take too long."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.value is self.value


@lru_cache(FOLDINGS_MAX)
def _folding(timeline: _Same, compiled: _Same) -> "_Folding":
    return _Folding(timeline.value, compiled.value)


@dataclass(slots=True)
class _Folding:
    """A company's timeline, folded as far as was asked. A class, because it goes on from there.

    The history of a lead is reported event by event, and each asks for the company a little later.
    """

    timeline: Sequence[Occurrence]
    compiled: CompiledLifecycle
    again: "_Again | None" = None
    count: int = 0

    def upto(self, count: int) -> AccountState:
        """Return the company after the first `count` occurrences."""
        if self.again is None or count < self.count:
            self.again, self.count = _Again({}, NOTHING, NOTHING), 0
        self.again.take_all(
            [
                Kept(occurrence.position, self.compiled, "", occurrence)
                for occurrence in self.timeline[self.count : count]
            ]
        )
        self.count = count
        return self.again.accounts.get("", INITIAL_ACCOUNT)


@dataclass(slots=True)
class _Again:
    """The result so far. A class, because each report is judged on those before it."""

    lifecycles: Mapping[int, CompiledLifecycle]
    merged_into: Mapping[str, str]
    standing: Mapping[str, str]
    leads: dict[str, LeadState] = field(default_factory=dict)
    accounts: dict[str, AccountState] = field(default_factory=dict)
    stays: dict[str, Stays] = field(default_factory=dict)
    counted: dict[str, list[Counted]] = field(default_factory=dict)
    deadlines: dict[str, DeadlineEntries] = field(default_factory=dict)
    belongings: dict[str, dict[int, Belonging]] = field(default_factory=dict)
    refused: dict[str, list[int]] = field(default_factory=dict)
    not_allowed: dict[int, NotAllowed] = field(default_factory=dict)
    reported: dict[int, Event] = field(default_factory=dict)
    visitors: dict[str, str] = field(default_factory=dict)
    """Visitor → the lead that it turned out to be."""
    reports: dict[int, int] = field(default_factory=dict)
    """Number of each event so far → the position of the report that caused it."""
    first_versions: dict[str, int] = field(default_factory=dict)
    """Lead → the lifecycle version that it began under when it was first recorded."""

    def take_all(self, steps: Sequence[Step]) -> None:
        for step in sorted(steps, key=lambda step: step.position):
            if isinstance(step, Report) and step.lead is not None:
                lead_id = self.merged_into.get(step.lead, step.lead)
                self.first_versions.setdefault(lead_id, step.compiled.version)
        for step in steps:
            for lead_id in list(self.leads):
                self.fire_due_timers(lead_id, step.occurred_at)
            match step:
                case Kept():
                    self.keep(step)
                case Judged():
                    self.judge(step, self.receiver(step.lead))
                case Report(lead=str(lead_id)):
                    self.decide(step, self.receiver(lead_id))
                case Report():
                    self.decide_on_account(step)

    def judge(self, judged: Judged, lead_id: str) -> None:
        """Judge a lead again; nothing follows if nothing has counted for it so far."""
        if lead_id not in self.leads:
            return
        decided = reassess(
            judged.compiled,
            self.state(lead_id, self.leads[lead_id].account),
            lead_id=lead_id,
            id="",
            source="",
            cause=judged.cause,
            occurred_at=judged.occurred_at,
            position=self.next_number,
        )
        if has_consequences(decided):
            self.see_all(decided.events, judged.position)

    def keep(self, kept: Kept) -> None:
        """Apply part of a company's timeline, with the moves that follow from it here."""
        compiled, occurrence, id = kept.compiled, kept.occurrence, kept.account
        triggers = compiled.lifecycle.account_triggers
        if triggers and occurrence.type in (triggers.customer_gained, triggers.customer_lost):
            return  # it follows from the others, if it still does
        before = self.accounts.get(id, INITIAL_ACCOUNT)
        event = _as_it_applies(kept, before, self.next_number)
        self.reports[event.position] = kept.position
        after = evolve(before, event)
        # Kept as it was first recorded, even if it moves nothing here.
        timeline = with_occurrence(before.timeline, occurrence)
        self.accounts[id] = after._replace(timeline=timeline)
        self.enter(event, id, is_derived=False)
        for type, effects in _consequences(compiled, event, self.accounts[id]):
            self.move_account(compiled, kept, type, effects)
        self.judge_members(kept.compiled, id, before, kept.occurred_at, kept.position)

    def move_account(
        self, compiled: CompiledLifecycle, kept: Kept, type: str, effects: Effects
    ) -> None:
        account, lead = self.accounts[kept.account], kept.occurrence.lead
        readings = CaseReadings(State(INITIAL_LEAD, account), type=type)
        move = compiled.account.find(account.stage, type, readings)
        triggers = compiled.lifecycle.account_triggers
        assert triggers is not None
        # As when it was first decided: only the end of a key status needs no move.
        if move is None and not (effects and type == triggers.key_ended):
            return
        event = Event(
            self.next_number,
            type,
            Subject(SubjectKind.ACCOUNT, kept.account),
            kept.occurred_at,
            {"lead": lead} if lead is not None else {},
            effects,
            cause=kept.position,
        )
        moved = with_move(event, account, move) if move else event
        self.see_all([moved], kept.position)

    def decide_on_account(self, reported: Report) -> None:
        """Decide a report about an account; a decision that is not legal now has no effect.

        If the account becomes a competitor, or stops being one, its leads are judged again.
        """
        assert reported.account is not None
        compiled, before = reported.compiled, self.accounts.get(reported.account, INITIAL_ACCOUNT)
        decided = decide(
            compiled,
            self.state(None, reported.account),
            reported.signal,
            Party(None, reported.account),
            position=self.next_number,
            is_recorded=reported.is_recorded,
        )
        if isinstance(decided, NotAllowed):
            self.not_allowed[reported.position] = decided
            return
        self.see_all(decided.events, reported.position, begin_with_report=True)
        self.judge_members(
            compiled, reported.account, before, reported.occurred_at, reported.position
        )

    def judge_members(
        self,
        compiled: CompiledLifecycle,
        account_id: str,
        before: AccountState,
        at: datetime,
        position: int,
    ) -> None:
        """Judge the leads of a company again, if it was or no longer is listed as a competitor."""
        if before.competitor == self.accounts[account_id].competitor:
            return
        for lead_id in [id for id, lead in self.leads.items() if lead.account == account_id]:
            self.judge(Judged(position, compiled, lead_id, at, position), lead_id)

    def decide(self, reported: Report, receiver: str) -> None:
        party = self.party(reported, receiver)
        compiled = self.version_of(reported, receiver)
        signal = reported.signal
        if compiled is not reported.compiled:
            signal = signal._replace(type=compiled.lifecycle.events[signal.type.name])
        arguments = (compiled, self.state(receiver, party.account), signal, party)
        events: Sequence[Event] = ()
        states: Mapping[str, Evolved] = NOTHING
        if reported.counts:
            decided = decide(
                *arguments, position=self.next_number, is_recorded=reported.is_recorded
            )
            if isinstance(decided, NotAllowed) and not reported.is_recorded:
                self.not_allowed[reported.position] = decided
                return
            if isinstance(decided, Decided):
                events, states = decided.events, decided.states
                self.reported[reported.position] = events[0]
            if not events or events[0].effects.get("insisted"):
                self.refused.setdefault(receiver, []).append(reported.position)
        if events and signal.type.role in ABOUT_BUSINESS:
            belonging = belonging_of(events[0], compiled.lifecycle)
            self.belongings.setdefault(receiver, {})[reported.position] = belonging
        if not events and reported.absorbs:
            events = identify(*arguments, position=self.next_number)
        self.see_all(events, reported.position, begin_with_report=True, states=states)
        for visitor in reported.absorbs:
            self.visitors[visitor] = receiver

    def version_of(self, reported: Report, receiver: str) -> CompiledLifecycle:
        """Return the version that a lead was under when something happened to it.

        Before its first report it is the version that it began under. A type that this version
        lacks is decided by the version that it was recorded under.
        """
        lead = self.leads.get(receiver)
        version = self.first_versions[receiver] if lead is None or lead.void else lead.lifecycle
        compiled = self.lifecycles[version]
        type: EventType | None = compiled.lifecycle.events.get(reported.signal.type.name)
        return compiled if type is not None else reported.compiled

    def receiver(self, lead_id: str) -> str:
        lead_id = self.visitors.get(lead_id, lead_id)
        return self.merged_into.get(lead_id, lead_id)

    def party(self, reported: Report, receiver: str) -> Party:
        lead, account = self.leads.get(receiver), reported.account
        if lead is not None and lead.account is not None:
            own = self.standing.get(lead.account, lead.account)
            if account is not None and account != own:
                former = {self.standing.get(id, id) for id in lead.former_accounts}
                is_joined = joins(lead, account, reported.signal, {own, *former})
                account = account if is_joined else own
            else:
                account = own
        absorbs = [
            (visitor, self.leads[visitor]) for visitor in reported.absorbs if visitor in self.leads
        ]
        resolution = Resolution(receiver, receiver, is_new=lead is None, absorbs=tuple(absorbs))
        return Party(resolution, account, account_named=reported.account)

    def state(self, lead_id: str | None, account_id: str | None) -> State:
        lead = self.leads.get(lead_id, INITIAL_LEAD) if lead_id is not None else INITIAL_LEAD
        if account_id is None:
            return State(lead)
        return State(lead, self.accounts.get(account_id, INITIAL_ACCOUNT))

    def fire_due_timers(self, lead_id: str, upto: datetime) -> None:
        """Fire the due timers of a lead, as the ledger does before it decides anything."""
        passing = Passing()
        while True:
            state = self.leads.get(lead_id)
            if state is None or not state.timers:
                return
            decided = fire(
                self.lifecycles[state.lifecycle],
                self.state(lead_id, state.account),
                lead_id=lead_id,
                id="",
                source="",
                upto=upto,
                position=self.next_number,
            )
            if decided is None:
                return
            assert not isinstance(decided, NotAllowed), decided
            fired = decided.events[0]
            assert fired.cause is not None
            passing.see(fired.occurred_at)
            self.see_all(decided.events, self.report(fired.cause), states=decided.states)

    @property
    def next_number(self) -> int:
        return FIRST_NUMBER + len(self.reports)

    def report(self, number: int) -> int:
        """Return the position of the report that caused an event."""
        return self.reports.get(number, number)

    def see_all(
        self,
        events: Sequence[Event],
        report: int,
        *,
        begin_with_report: bool = False,
        states: Mapping[str, Evolved] = NOTHING,
    ) -> None:
        """Apply events to the states that they change; `states` are those that they leave."""
        for number, event in enumerate(events):
            assert event.position == self.next_number
            self.reports[event.position] = report
            # A stay shows the state right after the event that begins it, not after all of them.
            after = states if len(events) == 1 else NOTHING
            self.see(event, after, is_derived=number > 0 or not begin_with_report)

    def see(self, event: Event, states: Mapping[str, Evolved], *, is_derived: bool) -> None:
        """Apply an event to the states that it changes: each is decided for its receiver."""
        for kind, id in event.changed_subjects:
            is_lead, known = kind is SubjectKind.LEAD, states.get(id)
            subjects: dict[str, Any] = self.leads if is_lead else self.accounts
            initial = INITIAL_LEAD if is_lead else INITIAL_ACCOUNT
            subjects[id] = (
                evolve(subjects.get(id, initial), event) if known is None else known.after
            )
        self.enter(event, event.subject.id, is_derived=is_derived)

    def enter(self, event: Event, subject_id: str, *, is_derived: bool) -> None:
        """Enter what an event does to the stays, outcomes and deadlines of its subject."""
        if subject_id != event.subject.id:
            return
        is_of_lead = event.subject.kind is SubjectKind.LEAD
        state = self.leads[subject_id] if is_of_lead else self.accounts[subject_id]
        in_ledger = named_in(event, self.report)
        before = self.stays.get(subject_id, NO_STAYS)
        after = self.stays[subject_id] = stays_after(before, in_ledger, state)
        outcome = counted(in_ledger, before, after, is_derived=is_derived)
        if outcome is not None:
            self.counted.setdefault(subject_id, []).append(outcome)
        if is_of_lead:
            deadlines = self.deadlines.get(subject_id, ())
            self.deadlines[subject_id] = deadlines_after(deadlines, in_ledger)

    def outcomes(self) -> Outcomes:
        return Outcomes(
            {
                lead_id: Outcome(
                    named_by(state, self.report),
                    self.stays.get(lead_id, NO_STAYS),
                    self.deadlines.get(lead_id, ()),
                    tuple(sorted(self.refused.get(lead_id, ()))),
                    self.belongings.get(lead_id, NOTHING_BELONGS),
                    self.counted.get(lead_id, ()),
                )
                for lead_id, state in {
                    **dict.fromkeys(self.refused, INITIAL_LEAD),
                    **self.leads,
                }.items()
            },
            {
                account_id: Course(
                    company_named_by(state, self.report),
                    self.stays.get(account_id, NO_STAYS),
                    self.counted.get(account_id, ()),
                )
                for account_id, state in self.accounts.items()
            },
            self.not_allowed,
            self.reported,
        )


def _as_it_applies(kept: Kept, account: AccountState, number: int) -> Event:
    """Return the event of a part of a timeline, with the move that it makes from this stage."""
    occurrence, table = kept.occurrence, kept.compiled.account
    declared = kept.compiled.lifecycle.events.get(occurrence.type)
    is_own = declared is None or declared.subject is SubjectKind.ACCOUNT
    if occurrence.lead is not None and not is_own:
        return Event(
            number,
            occurrence.type,
            Subject(SubjectKind.LEAD, occurrence.lead),
            occurrence.occurred_at,
            {},
            {**occurrence.effects, "business_of": kept.account},
        )
    event = Event(
        number,
        occurrence.type,
        Subject(SubjectKind.ACCOUNT, kept.account),
        occurrence.occurred_at,
        occurrence.data,
        {**said_of_account(occurrence.data), **occurrence.effects},
    )
    readings = CaseReadings(State(INITIAL_LEAD, account), type=event.type, data=event.data)
    move = table.find(account.stage, event.type, readings)
    return with_move(event, account, move) if move is not None else event


def _consequences(
    compiled: CompiledLifecycle, event: Event, account: AccountState
) -> list[tuple[str, Effects]]:
    """Return what follows for a company: types of its events, with their effects."""
    triggers = compiled.lifecycle.account_triggers
    if triggers is None:
        return []
    found = moves_by_business(triggers, account, event.effects)
    ended = end_of_key_status(compiled, event, account)
    if ended is not None and triggers.key_ended is not None:
        found.append((triggers.key_ended, ended))
    return found


def named_in(event: Event, report: Callable[[int], int]) -> Event:
    """Replace event numbers in an event by the positions of the reports that caused them."""
    data = event.data
    if event.cause is not None and FACT in data:
        data = {**data, FACT: str(report(int(data[FACT])))}
    return event._replace(position=report(event.position), data=data)


def named_by(state: LeadState, report: Callable[[int], int]) -> LeadState:
    """Replace event numbers in a state by the positions of the reports that caused the events."""
    return state._replace(
        standing=tuple(fact._replace(position=report(fact.position)) for fact in state.standing),
        points=tuple(point._replace(position=report(point.position)) for point in state.points),
        timers={
            name: timer._replace(armed_by=report(timer.armed_by))
            for name, timer in state.timers.items()
        },
        deadlines={
            name: due._replace(
                started=report(due.started),
                breached=report(due.breached) if due.breached is not None else None,
            )
            for name, due in state.deadlines.items()
        },
    )


def company_named_by(state: AccountState, report: Callable[[int], int]) -> AccountState:
    """Replace event numbers in the timeline of a company by the positions of the reports."""
    entries = (entry._replace(position=report(entry.position)) for entry in state.timeline)
    return state._replace(timeline=in_order(entries))
