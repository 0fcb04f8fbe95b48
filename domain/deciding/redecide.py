"""Decide the reports of some leads again, from the beginning: what would have come of them.

When something is taken back, what counts is not patched. The reports that still count are decided
again in memory, in the order of the ledger, each under the lifecycle version that decided it first,
with what was due firing in between. Nothing is appended, so what is decided has no positions. It
has numbers, which begin where no ledger ends: states name events by them, until the outcome names
each by the position of the report that set it going. Nothing is decided by stays, and so they name
positions from the start.

Who is who is not decided here. Which leads are one because somebody said so, and which report
absorbed which visitor, is given; a report that no longer counts, or that would be refused today,
still tells that much.
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
"""No ledger holds as many events: a number is never taken for a position, nor a position for it."""


class Report(NamedTuple):
    """One report about a lead or an account, as it was first decided."""

    position: int
    recorded_at: datetime
    compiled: CompiledLifecycle
    signal: Signal
    lead: str | None
    """Whom its identifiers point to, before any forwarding. None: it is about the account alone."""
    account: str | None
    """The account that the report itself told of."""
    absorbs: tuple[str, ...] = ()
    """Visitors that it told to be this lead, and that still are."""
    counts: bool = True
    """False for what has been voided."""


class Judged(NamedTuple):
    """A lead that the service judged again: under another version, or for what its company is."""

    position: int
    recorded_at: datetime
    compiled: CompiledLifecycle
    lead: str
    occurred_at: datetime
    cause: int


class Kept(NamedTuple):
    """What an account has been through whatever becomes of these leads: others brought it there."""

    position: int
    compiled: CompiledLifecycle
    event: Event


Step = Report | Judged | Kept


class Outcome(NamedTuple):
    """What comes of a lead's reports."""

    state: LeadState
    stays: Stays = NO_STAYS
    refused: tuple[int, ...] = ()
    """Positions of decisions that are not legal on what is known now."""


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
    """Decide the steps, which stand in the order of the ledger, and let happen what is due by then.

    `merged_into` names, for each lead that somebody has merged, the one that stands for it; `upto`
    says for each lead by when what is due has happened.
    """
    case = _Again(lifecycles, merged_into)
    case.take_all(steps)
    for lead_id in list(case.leads):
        case.let_happen(lead_id, upto[lead_id])
    return case.outcomes()


def counted_then(
    steps: Sequence[Step],
    *,
    lifecycles: Mapping[int, CompiledLifecycle],
    merged_into: Mapping[str, str],
    moment: datetime,
) -> dict[str, LeadState]:
    """Decide the steps again; return each lead as it stood at a moment, by what counts now.

    What was true by then is what had happened by then: a move from its effective time on.
    """
    case = _Again(lifecycles, merged_into)
    case.take_all(steps)
    for lead_id in list(case.leads):
        case.let_happen(lead_id, moment)
    states: dict[str, LeadState] = {}
    for event in case.seen:
        if (event.effective_at or event.occurred_at) <= moment:
            states[event.subject.id] = evolve(states.get(event.subject.id, INITIAL_LEAD), event)
    return {lead_id: named_by(state, case.report) for lead_id, state in states.items()}


@dataclass(slots=True)
class _Again:
    """What has come of the reports so far. A class, because each is judged on those before it."""

    lifecycles: Mapping[int, CompiledLifecycle]
    merged_into: Mapping[str, str]
    leads: dict[str, LeadState] = field(default_factory=dict)
    accounts: dict[str, AccountState] = field(default_factory=dict)
    stays: dict[str, Stays] = field(default_factory=dict)
    refused: dict[str, list[int]] = field(default_factory=dict)
    visitors: dict[str, str] = field(default_factory=dict)
    """Who each visitor turned out to be."""
    reports: dict[int, int] = field(default_factory=dict)
    """Number of each event so far → the position of the report that set it going."""
    seen: list[Event] = field(default_factory=list)
    """What has changed the state of a lead, in order."""

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
        """Judge a lead again; of one of whom nothing has counted so far nothing follows."""
        if lead_id not in self.leads:
            return
        self.let_happen(lead_id, judged.recorded_at)
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

    def decide_on_account(self, told: Report) -> None:
        """Decide what was told of an account; a decision that is not legal now has no effect.

        Where it becomes a competitor, or is none any more, its leads are judged again.
        """
        members = []
        if told.signal.type.role in COMPETITION:
            members = [id for id, lead in self.leads.items() if lead.account == told.account]
        for lead_id in members:
            self.let_happen(lead_id, told.recorded_at)
        state, party = self.state(None, told.account), Party(None, told.account)
        decided = decide(told.compiled, state, told.signal, party, position=self.next_number)
        if isinstance(decided, NotAllowed):
            return
        self.see_all(decided, told.position)
        for lead_id in members if decided[0].effects else ():
            self.judge(_judged_by(told, lead_id), lead_id)

    def decide(self, told: Report, receiver: str) -> None:
        for lead_id in (receiver, *told.absorbs):
            self.let_happen(lead_id, told.recorded_at)
        party = self.party(told, receiver)
        arguments = (told.compiled, self.state(receiver, party.account), told.signal, party)
        decided: Sequence[Event] | NotAllowed = ()
        if told.counts:
            decided = decide(*arguments, position=self.next_number)
        if isinstance(decided, NotAllowed):
            self.refused.setdefault(receiver, []).append(told.position)
            decided = ()
        if not decided and told.absorbs:
            decided = identify(*arguments, position=self.next_number)
        self.see_all(decided, told.position)
        for visitor in told.absorbs:
            self.visitors[visitor] = receiver

    def as_it_applies(self, kept: Kept) -> Event:
        """Return what an account has been through, with the move that it makes from here.

        The machine is asked where it was asked before; two companies become one without it.
        """
        event, table = kept.event._replace(position=self.next_number), kept.compiled.account
        standing = self.accounts.get(event.subject.id, INITIAL_ACCOUNT)
        if not table.targets(event.type):
            return event._replace(stage_to=None) if event.stage_to == standing.stage else event
        readings = CaseReadings(State(INITIAL_LEAD, standing), type=event.type, data=event.data)
        move = table.find(standing.stage, event.type, readings)
        unmoved = event._replace(stage_from=None, stage_to=None, effective_at=None)
        return with_move(unmoved, standing, move) if move is not None else unmoved

    def receiver(self, lead_id: str) -> str:
        lead_id = self.visitors.get(lead_id, lead_id)
        return self.merged_into.get(lead_id, lead_id)

    def party(self, told: Report, receiver: str) -> Party:
        standing = self.leads.get(receiver)
        account = told.account
        if standing is not None and standing.account and not told.signal.names_account:
            account = standing.account
        absorbs = [(one, self.leads[one]) for one in told.absorbs if one in self.leads]
        resolution = Resolution(receiver, receiver, is_new=standing is None, absorbs=tuple(absorbs))
        return Party(resolution, account, told=told.account)

    def state(self, lead_id: str | None, account_id: str | None) -> State:
        lead = self.leads.get(lead_id, INITIAL_LEAD) if lead_id is not None else INITIAL_LEAD
        if account_id is None:
            return State(lead)
        return State(lead, self.accounts.get(account_id, INITIAL_ACCOUNT))

    def let_happen(self, lead_id: str, upto: datetime) -> None:
        """Let what is due for a lead happen, as the ledger does before it decides anything."""
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
        """Where in the ledger the report stands that set an event going."""
        return self.reports[number]

    def see_all(self, events: Sequence[Event], report: int) -> None:
        for event in events:
            assert event.position == self.next_number
            self.reports[event.position] = report
            self.see(event)

    def see(self, event: Event) -> None:
        """Let whose state it changes see an event."""
        business_of = event.effects.get("business_of")
        if business_of is not None and business_of != event.subject.id:
            before = self.accounts.get(business_of, INITIAL_ACCOUNT)
            self.accounts[business_of] = evolve(before, event._replace(stage_to=None))
        subject_id = event.subject.id
        state: LeadState | AccountState
        if event.subject.kind is SubjectKind.LEAD:
            state = evolve(self.leads.get(subject_id, INITIAL_LEAD), event)
            self.leads[subject_id] = state
            self.seen.append(event)
        else:
            state = evolve(self.accounts.get(subject_id, INITIAL_ACCOUNT), event)
            self.accounts[subject_id] = state
        in_ledger = event._replace(position=self.report(event.position))
        stays = self.stays.get(subject_id, NO_STAYS)
        self.stays[subject_id] = stays_after(stays, in_ledger, state)

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
    """Let a state name events by the positions of the reports that they follow from."""
    returned = state.returned_from
    return state._replace(
        standing=tuple(one._replace(position=report(one.position)) for one in state.standing),
        points=tuple(one._replace(position=report(one.position)) for one in state.points),
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
