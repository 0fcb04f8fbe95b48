"""Decide the reports of some leads again, from the beginning.

When something is taken back, the state is not patched. The reports that still count are decided
again in memory, in ledger order, each under the lifecycle version that first decided it, with due
timers firing in between. Nothing is appended, so these events have no positions. They have numbers,
which start beyond any ledger's end. States refer to events by these numbers, until the outcome
replaces each by the position of the report that caused it. No decision reads stays, so stays refer
to positions from the start.

Identities are not decided here. Which leads a person has merged, and which report absorbed which
visitor, is given. Even a report that no longer counts, or that would be refused today, still
identifies its lead.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from domain.case import with_move
from domain.deciding.decide import NotAllowed, Party, decide, identify
from domain.deciding.reassess import reassess
from domain.deciding.timers import Passing, fire
from domain.event import Event
from domain.lead.evolve import evolve
from domain.lead.identity import Resolution
from domain.lead.readings import CaseReadings
from domain.lead.state import INITIAL_ACCOUNT, INITIAL_LEAD, AccountState, LeadState, State
from domain.lead.stays import NO_STAYS, Stays, stays_after
from domain.lifecycle.compiled.table import CompiledLifecycle
from domain.lifecycle.definition import SubjectKind
from domain.rules.deals import COMPETITION
from domain.signal import Signal

FIRST_NUMBER = 1 << 62
"""No ledger holds as many events, so a number is never mistaken for a position or vice versa."""


class Report(NamedTuple):
    """One report about a lead or an account, as it was first decided."""

    position: int
    recorded_at: datetime
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


class Judged(NamedTuple):
    """A lead that the service judged again: under a new version, or after its company changed."""

    position: int
    recorded_at: datetime
    compiled: CompiledLifecycle
    lead: str
    occurred_at: datetime
    cause: int


class Kept(NamedTuple):
    """An account event that counts whatever becomes of these leads, because others caused it."""

    position: int
    compiled: CompiledLifecycle
    event: Event


Step = Report | Judged | Kept


class Outcome(NamedTuple):
    """The result of a lead's reports."""

    state: LeadState
    stays: Stays = NO_STAYS
    refused: tuple[int, ...] = ()
    """Positions of decisions that are not legal given what is known now."""


class Outcomes(NamedTuple):
    leads: Mapping[str, Outcome]
    accounts: Mapping[str, tuple[AccountState, Stays]]


def decide_all_again(
    steps: Sequence[Step],
    *,
    lifecycles: Mapping[int, CompiledLifecycle],
    merged_into: Mapping[str, str],
    upto: Mapping[str, datetime],
) -> Outcomes:
    """Decide the steps, which are in ledger order, and fire the timers that are due.

    `merged_into` maps each lead that a person has merged to the lead that receives its events.
    `upto` is the time for each lead up to which timers fire.
    """
    case = _Again(lifecycles, merged_into)
    case.take_all(steps)
    for lead_id in list(case.leads):
        case.fire_due_timers(lead_id, upto[lead_id])
    return case.outcomes()


def counted_then(
    steps: Sequence[Step],
    *,
    lifecycles: Mapping[int, CompiledLifecycle],
    merged_into: Mapping[str, str],
    moment: datetime,
) -> dict[str, LeadState]:
    """Decide the steps again; return the state of each lead at a moment, given what counts now.

    The state includes what had happened by that moment: a move counts from its effective time.
    """
    case = _Again(lifecycles, merged_into)
    case.take_all(steps)
    for lead_id in list(case.leads):
        case.fire_due_timers(lead_id, moment)
    states: dict[str, LeadState] = {}
    for event in case.seen:
        if (event.effective_at or event.occurred_at) <= moment:
            states[event.subject.id] = evolve(states.get(event.subject.id, INITIAL_LEAD), event)
    return {lead_id: named_by(state, case.report) for lead_id, state in states.items()}


@dataclass(slots=True)
class _Again:
    """The result so far. A class, because each report is judged on those before it."""

    lifecycles: Mapping[int, CompiledLifecycle]
    merged_into: Mapping[str, str]
    leads: dict[str, LeadState] = field(default_factory=dict)
    accounts: dict[str, AccountState] = field(default_factory=dict)
    stays: dict[str, Stays] = field(default_factory=dict)
    refused: dict[str, list[int]] = field(default_factory=dict)
    visitors: dict[str, str] = field(default_factory=dict)
    """Visitor → the lead that it turned out to be."""
    reports: dict[int, int] = field(default_factory=dict)
    """Number of each event so far → the position of the report that caused it."""
    seen: list[Event] = field(default_factory=list)
    """Events that have changed the state of a lead, in order."""

    def take_all(self, steps: Sequence[Step]) -> None:
        for step in steps:
            match step:
                case Kept():
                    self.see_all([self.as_it_applies(step)], step.position)
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
        self.fire_due_timers(lead_id, judged.recorded_at)
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
        if len(decided) > 1 or decided[0].effects:
            self.see_all(decided, judged.position)

    def decide_on_account(self, reported: Report) -> None:
        """Decide a report about an account; a decision that is not legal now has no effect.

        If the account becomes a competitor, or stops being one, its leads are judged again.
        """
        members = []
        if reported.signal.type.role in COMPETITION:
            members = [id for id, lead in self.leads.items() if lead.account == reported.account]
        for lead_id in members:
            self.fire_due_timers(lead_id, reported.recorded_at)
        state, party = self.state(None, reported.account), Party(None, reported.account)
        decided = decide(
            reported.compiled, state, reported.signal, party, position=self.next_number
        )
        if isinstance(decided, NotAllowed):
            return
        self.see_all(decided, reported.position)
        for lead_id in members if decided[0].effects else ():
            self.judge(_judged_by(reported, lead_id), lead_id)

    def decide(self, reported: Report, receiver: str) -> None:
        for lead_id in (receiver, *reported.absorbs):
            self.fire_due_timers(lead_id, reported.recorded_at)
        party = self.party(reported, receiver)
        arguments = (reported.compiled, self.state(receiver, party.account), reported.signal, party)
        decided: Sequence[Event] | NotAllowed = ()
        if reported.counts:
            decided = decide(*arguments, position=self.next_number)
        if isinstance(decided, NotAllowed):
            self.refused.setdefault(receiver, []).append(reported.position)
            decided = ()
        if not decided and reported.absorbs:
            decided = identify(*arguments, position=self.next_number)
        self.see_all(decided, reported.position)
        for visitor in reported.absorbs:
            self.visitors[visitor] = receiver

    def as_it_applies(self, kept: Kept) -> Event:
        """Return an account event, with the move that it makes from the current stage.

        The machine is consulted if it was before; merging two companies does not consult it.
        """
        event, table = kept.event._replace(position=self.next_number), kept.compiled.account
        account = self.accounts.get(event.subject.id, INITIAL_ACCOUNT)
        if not table.targets(event.type):
            return event._replace(stage_to=None) if event.stage_to == account.stage else event
        readings = CaseReadings(State(INITIAL_LEAD, account), type=event.type, data=event.data)
        move = table.find(account.stage, event.type, readings)
        unmoved = event._replace(stage_from=None, stage_to=None, effective_at=None)
        return with_move(unmoved, account, move) if move is not None else unmoved

    def receiver(self, lead_id: str) -> str:
        lead_id = self.visitors.get(lead_id, lead_id)
        return self.merged_into.get(lead_id, lead_id)

    def party(self, reported: Report, receiver: str) -> Party:
        lead = self.leads.get(receiver)
        account = reported.account
        if lead is not None and lead.account and not reported.signal.names_account:
            account = lead.account
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
            armed_by = decided[0].cause
            assert armed_by is not None
            passing.see(decided[0].occurred_at)
            self.see_all(decided, self.report(armed_by))

    @property
    def next_number(self) -> int:
        return FIRST_NUMBER + len(self.reports)

    def report(self, number: int) -> int:
        """Return the position of the report that caused an event."""
        return self.reports[number]

    def see_all(self, events: Sequence[Event], report: int) -> None:
        for event in events:
            assert event.position == self.next_number
            self.reports[event.position] = report
            self.see(event)

    def see(self, event: Event) -> None:
        """Apply an event to the states that it changes: each is decided for its receiver."""
        subject = event.subject
        for kind, id in event.changed_subjects:
            if kind is SubjectKind.LEAD:
                self.leads[id] = evolve(self.leads.get(id, INITIAL_LEAD), event)
            else:
                self.accounts[id] = evolve(self.accounts.get(id, INITIAL_ACCOUNT), event)
        is_of_lead = subject.kind is SubjectKind.LEAD
        if is_of_lead:
            self.seen.append(event)
        state = self.leads[subject.id] if is_of_lead else self.accounts[subject.id]
        in_ledger = event._replace(position=self.report(event.position))
        stays = self.stays.get(subject.id, NO_STAYS)
        self.stays[subject.id] = stays_after(stays, in_ledger, state)

    def outcomes(self) -> Outcomes:
        return Outcomes(
            {
                lead_id: Outcome(
                    named_by(state, self.report),
                    self.stays.get(lead_id, NO_STAYS),
                    tuple(self.refused.get(lead_id, ())),
                )
                for lead_id, state in {
                    **dict.fromkeys(self.refused, INITIAL_LEAD),
                    **self.leads,
                }.items()
            },
            {
                account_id: (state, self.stays.get(account_id, NO_STAYS))
                for account_id, state in self.accounts.items()
            },
        )


def _judged_by(listing: Report, lead_id: str) -> Judged:
    at, position = listing.recorded_at, listing.position
    return Judged(position, at, listing.compiled, lead_id, at, position)


def named_by(state: LeadState, report: Callable[[int], int]) -> LeadState:
    """Replace event numbers in a state by the positions of the reports that caused the events."""
    returned = state.returned_from
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
        returned_from=returned
        and returned._replace(
            breached=report(returned.breached), position=report(returned.position)
        ),
    )
