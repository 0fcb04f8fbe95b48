"""Decide the reports of some leads again, from the beginning: what would have come of them.

When something is taken back, what counts is not patched. The reports that still count are decided
again in memory, in the order of the ledger, each under the lifecycle version that decided it first,
with what was due firing in between. Nothing is appended: events are counted among themselves, and
in what comes of them each stands at the position of the report that set it going.

Who is who is not decided here. Which leads are one because somebody said so, and which report
absorbed which visitor, is given; a report that no longer counts, or that would be refused today,
still tells that much.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from domain.decide import NotAllowed, Party, decide, identify
from domain.events import Event
from domain.evolve import evolve
from domain.identity import Resolution
from domain.lifecycle.compiled import Compiled
from domain.lifecycle.definition import SubjectKind
from domain.reassessing import reassess
from domain.signals import Signal
from domain.state import INITIAL_ACCOUNT, INITIAL_LEAD, AccountState, LeadState, State
from domain.stays import NO_STAYS, Stays, stays_after
from domain.timers import Passing, fire


class Told(NamedTuple):
    """One report about a lead, as it was first decided."""

    position: int
    recorded_at: datetime
    compiled: Compiled
    signal: Signal
    lead: str
    """Whom its identifiers point to, before any forwarding."""
    account: str | None
    """The account that the report itself told of."""
    absorbs: tuple[str, ...] = ()
    """Visitors that it told to be this lead, and that still are."""
    counts: bool = True
    """False for what has been voided."""


class Judged(NamedTuple):
    """A lead that the service judged again: under another version, or for what has changed."""

    position: int
    recorded_at: datetime
    compiled: Compiled
    lead: str
    occurred_at: datetime
    cause: int


Step = Told | Judged | Event
"""A report about one of the leads, its reassessment, or what an account has been through because of
others."""


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
    lifecycles: Mapping[int, Compiled],
    merged_into: Mapping[str, str],
    upto: datetime,
) -> Outcomes:
    """Decide the steps, which stand in the order of the ledger, and let happen what is due by then.

    `merged_into` names, for each lead that somebody has merged, the one that stands for it.
    """
    course = _Again(lifecycles, merged_into)
    course.take_all(steps, upto)
    return course.outcomes()


def counted_then(
    steps: Sequence[Step],
    *,
    lifecycles: Mapping[int, Compiled],
    merged_into: Mapping[str, str],
    moment: datetime,
) -> dict[str, LeadState]:
    """Decide the steps again; return each lead as it stood at a moment, by what counts now.

    What was true by then is what had happened by then: a move from its effective time on.
    """
    course = _Again(lifecycles, merged_into)
    course.take_all(steps, moment)
    states: dict[str, LeadState] = {}
    for event in course.seen:
        if (event.effective_at or event.occurred_at) <= moment:
            states[event.subject.id] = evolve(states.get(event.subject.id, INITIAL_LEAD), event)
    return {lead_id: course.in_ledger(state) for lead_id, state in states.items()}


@dataclass(slots=True)
class _Again:
    """What has come of the reports so far. A class, because each is judged on those before it."""

    lifecycles: Mapping[int, Compiled]
    merged_into: Mapping[str, str]
    leads: dict[str, LeadState] = field(default_factory=dict)
    accounts: dict[str, AccountState] = field(default_factory=dict)
    stays: dict[str, Stays] = field(default_factory=dict)
    refused: dict[str, list[int]] = field(default_factory=dict)
    visitors: dict[str, str] = field(default_factory=dict)
    """Who each visitor turned out to be."""
    reports: list[int] = field(default_factory=list)
    """For each event so far, the position of the report that set it going."""
    seen: list[Event] = field(default_factory=list)
    """What has changed the state of a lead, in order."""

    def take_all(self, steps: Sequence[Step], upto: datetime) -> None:
        for step in steps:
            self.take(step)
        for lead_id in list(self.leads):
            self.let_happen(lead_id, upto)

    def take(self, step: Step) -> None:
        if isinstance(step, Event):
            self.see_all([self.as_it_applies(step)], step.position)
        elif isinstance(step, Judged):
            self.judge(step)
        else:
            self.decide(step)

    def judge(self, judged: Judged) -> None:
        lead_id = self.receiver(judged.lead)
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
            position=self.next_position,
        )
        self.see_all(decided, judged.position)

    def decide(self, told: Told) -> None:
        receiver = self.receiver(told.lead)
        for lead_id in (receiver, *told.absorbs):
            self.let_happen(lead_id, told.recorded_at)
        party = self.party(told, receiver)
        arguments = (told.compiled, self.state(receiver, party.account), told.signal, party)
        decided: Sequence[Event] | NotAllowed = ()
        if told.counts:
            decided = decide(*arguments, position=self.next_position)
        if isinstance(decided, NotAllowed):
            self.refused.setdefault(receiver, []).append(told.position)
            decided = ()
        if not decided and told.absorbs:
            decided = identify(*arguments, position=self.next_position)
        self.see_all(decided, told.position)
        for visitor in told.absorbs:
            self.visitors[visitor] = receiver

    def as_it_applies(self, event: Event) -> Event:
        """What an account has been through because of others.

        It does not move to where it stands; and of its business only what is told here is known.
        """
        standing = self.accounts.get(event.subject.id, INITIAL_ACCOUNT)
        if event.stage_to == standing.stage and "state" not in event.effects:
            event = event._replace(stage_to=None)
        if "state" in event.effects:
            business = {"opportunities": standing.opportunities, "orders": standing.orders}
            restated = {**event.effects["state"], **business}
            event = event._replace(effects={**event.effects, "state": restated})
        return event._replace(position=self.next_position)

    def receiver(self, lead_id: str) -> str:
        lead_id = self.visitors.get(lead_id, lead_id)
        return self.merged_into.get(lead_id, lead_id)

    def party(self, told: Told, receiver: str) -> Party:
        standing = self.leads.get(receiver)
        account = told.account
        if standing is not None and standing.account and not told.signal.names_account:
            account = standing.account
        absorbs = [(one, self.leads[one]) for one in told.absorbs if one in self.leads]
        resolution = Resolution(receiver, receiver, is_new=standing is None, absorbs=tuple(absorbs))
        return Party(resolution, account, told=told.account)

    def state(self, lead_id: str, account_id: str | None) -> State:
        account = None
        if account_id is not None:
            account = self.accounts.get(account_id, INITIAL_ACCOUNT)
        return State(self.leads.get(lead_id, INITIAL_LEAD), account)

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
                position=self.next_position,
            )
            if decided is None:
                return
            assert not isinstance(decided, NotAllowed), decided
            armed_by = decided[0].cause
            assert armed_by is not None
            passing.see(decided[0].occurred_at)
            self.see_all(decided, self.report(armed_by))

    @property
    def next_position(self) -> int:
        return len(self.reports) + 1

    def report(self, position: int) -> int:
        """Where in the ledger the report stands that set an event going."""
        return self.reports[position - 1]

    def see_all(self, events: Sequence[Event], report: int) -> None:
        for event in events:
            assert event.position == self.next_position
            self.reports.append(report)
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
        self.stays[subject_id] = stays_after(self.stays.get(subject_id, NO_STAYS), event, state)

    def outcomes(self) -> Outcomes:
        return Outcomes(
            {
                lead_id: Outcome(
                    self.in_ledger(state),
                    self.stays_in_ledger(lead_id),
                    tuple(self.refused.get(lead_id, ())),
                )
                for lead_id, state in self.leads.items()
            },
            {
                account_id: (state, self.stays_in_ledger(account_id))
                for account_id, state in self.accounts.items()
            },
        )

    def in_ledger(self, state: LeadState) -> LeadState:
        """Let a state name events by the positions of the reports that they follow from."""
        report, returned = self.report, state.returned_from
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

    def stays_in_ledger(self, subject_id: str) -> Stays:
        stays, left = self.stays.get(subject_id, NO_STAYS)
        return Stays(
            tuple(one._replace(position=self.report(one.position)) for one in stays),
            left._replace(position=self.report(left.position)) if left is not None else None,
        )
