"""The leads that are decided again together, with their companies' timelines, from the past.

The leads that a decision or a late report concerns are taken together with every lead that forwards
or forwarded to them, because a report of one may now count for another. What other leads brought
to their companies is taken from the companies' timelines.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from domain.deciding.redecide import named_in
from domain.event import NOTHING, Event
from domain.lead.absorption import connected, forwarding
from domain.lead.deadlines import DeadlineEntries, deadlines_after
from domain.lead.evolve import evolve
from domain.lead.state import INITIAL_LEAD, AccountState, LeadState
from domain.lead.stays import FACT, NO_STAYS, Counted, Stays, counted, counted_since, stays_after
from domain.lifecycle.compiled.table import CompiledLifecycle
from domain.lifecycle.service_events import ABSORBED, EVENTS, OFFERED, OTHER, RESTATED, UNLINKED
from domain.rules.business import Belonging, belonging_of, belongings_restated
from domain.rules.deals import ABOUT_BUSINESS
from events.batch.entries import Unsettled
from events.records import Record, begins_group, is_firing, is_reassessment, is_restatement
from events.revision.past import Past, receiver_in
from events.revision.redecide import reported_account


class Taken(NamedTuple):
    """What changes the past, and the subjects that it concerns."""

    first: Event
    """The decision that takes something back, or the late report."""
    leads: Mapping[str, LeadState]
    """The leads whose forwarding it changes, in their state after the change."""
    concerned: tuple[str, ...]
    """Leads that are always restated, in this order."""
    begun: Event | None = None
    """The first event of one of them, if that lead begins with this decision."""
    also: tuple[str, ...] = ()
    """Leads that are restated if their outcome differs."""
    accounts: tuple[str, ...] = ()
    """Companies that it concerns, whether or not these leads belong to them."""
    late: Mapping[str, Unsettled] = NOTHING
    """Company → the late reports about it, which its timeline does not hold yet."""

    @property
    def events(self) -> list[Event]:
        """The decision, and the first event of a lead that begins with it."""
        return [self.first, *([] if self.begun is None else [self.begun])]


_BESIDE_STAYS = frozenset(
    {
        *("attributes", "attempts", "blocks", "fit", "holds", "known", "late", "of_opportunity"),
        *("of_order", "points", "repeats", "stands", "timers"),
    }
)
"""Effects that no stay shows. An event without a move that has no others is common."""


class KnownCourse(NamedTuple):
    """The course of a lead according to its records."""

    stays: Stays = NO_STAYS
    counted: Sequence[Counted] = ()


@dataclass
class Neighbourhood:
    """A class, because the records are read once and every answer needs them.

    It does not change once it has been read, so what several leads ask for is computed once.
    """

    past: Past
    taken: Taken
    lifecycles: Mapping[int, CompiledLifecycle]
    leads: dict[str, LeadState] = field(default_factory=dict)
    """Their states with the change applied."""
    records: list[Record] = field(default_factory=list)
    accounts: dict[str, AccountState] = field(default_factory=dict)
    """The companies that these leads belong or belonged to, as they are now."""
    standing: dict[str, str] = field(default_factory=dict)
    """Each company that was named → the one that it was merged into, if it was."""
    reports: dict[int, int] = field(default_factory=dict)
    """Position of each event → position of the report that it follows from."""
    owners: dict[int, str] = field(default_factory=dict)
    """Position of each report that was moved from the lead it was recorded for → its lead now."""

    def __post_init__(self) -> None:
        taken = self.taken
        named = [*taken.leads, *taken.concerned, *taken.also]
        for lead_id in connected(named, lambda other: linked(self._changed(other))):
            self.leads[lead_id] = self._changed(lead_id)
        self.records = self.past.histories(list(self.leads)) if self.leads else []
        ids = [id for record in self.records for id in _accounts_in(record.event)]
        ids += [state.account for state in self.leads.values() if state.account is not None]
        for account_id in dict.fromkeys((*taken.accounts, *ids)):
            standing, state = receiver_in(self.past, account_id)
            self.standing[account_id] = standing
            if isinstance(state, AccountState):
                self.accounts[standing] = state
        self.owners = owners_in(self.decisions(UNLINKED))
        of_leads = {record.event.position for record in self.records}
        for record in self.records:
            position, cause = record.event.position, record.event.cause
            # What an account's event or a publication caused begins a group of its own.
            begins = cause is None or cause not in of_leads or is_restatement(record)
            self.reports[position] = position if cause is None or begins else self.report(cause)

    def standing_account(self, account_id: str | None) -> str | None:
        """Return the company that a report named, or the one that it was merged into."""
        return receiver_in(self.past, account_id)[0] if account_id is not None else None

    def _lead(self, lead_id: str) -> LeadState:
        state = self.past.subject(lead_id)
        assert isinstance(state, LeadState)
        return state

    def _changed(self, lead_id: str) -> LeadState:
        """The state of a lead with the change applied."""
        return self.taken.leads.get(lead_id) or self._lead(lead_id)

    def report(self, position: int) -> int:
        """The position of the report that an event of these leads follows from."""
        return self.reports.get(position, position)

    def decisions(self, type: str) -> list[Event]:
        """The decisions of one type that take something back, including this one."""
        decisions = [record.event for record in self.records if record.event.type == type]
        first = self.taken.first
        is_new = first.type == type and all(
            decision.position != first.position for decision in decisions
        )
        return [*decisions, *([first] if is_new else [])]

    @cached_property
    def absorptions(self) -> Mapping[str, int]:
        """Each lead that forwards → the cause of it, in the order of the absorptions."""
        found: dict[str, tuple[int, int]] = {}
        # If a lead was absorbed by another one because the report behind it was moved, that report
        # is still the cause.
        unlinkings = {decision.position for decision in self.decisions(UNLINKED)}
        for event, _ in self.records:
            if event.type == ABSORBED and event.cause not in unlinkings:
                assert event.cause is not None
                found[event.subject.id] = (event.position, event.cause)
        first = self.taken.first
        if first.type != UNLINKED:
            found |= dict.fromkeys(self.taken.leads, (first.position, first.position))
        return {
            lead_id: cause
            for lead_id, (_, cause) in sorted(found.items(), key=lambda item: item[1][0])
            if self.leads[lead_id].absorbed_by is not None
        }

    def forwarding_to(self, lead_id: str) -> list[str]:
        """The leads that forward to this lead, in the order in which they were absorbed."""
        return [
            other
            for other in self.absorptions
            if other != lead_id and lead_id in self._forwarding(other)
        ]

    @cached_property
    def known_courses(self) -> Mapping[str, KnownCourse]:
        """The stays and outcomes of each lead according to its records."""
        states: dict[str, LeadState] = {}
        known: dict[str, KnownCourse] = {}
        for record in self.records:
            lead_id = record.event.receiver.id
            if lead_id in self.leads:
                state = states.get(lead_id, INITIAL_LEAD)
                if not _BESIDE_STAYS.issuperset(record.event.effects) or record.event.stage_to:
                    state = evolve(state, record.event)
                states[lead_id] = state
                known[lead_id] = self._course_after(
                    known.get(lead_id, KnownCourse()), record, state
                )
        return known

    def _course_after(self, before: KnownCourse, record: Record, state: LeadState) -> KnownCourse:
        event = record.event
        stays = stays_after(before.stays, event, state)
        if event.type == RESTATED:
            return KnownCourse(stays, counted_since(before.counted, event.data))
        if "stays" in event.effects:
            # A person has merged it: from here on its stays count as another's.
            return KnownCourse(stays)
        if FACT in event.data:
            event = named_in(event, self.report)._replace(position=event.position)
        found = counted(event, before.stays, stays, is_derived=not is_report(record))
        if found is None:
            return before._replace(stays=stays)
        return KnownCourse(stays, [*before.counted, found])

    @cached_property
    def known_deadlines(self) -> Mapping[str, DeadlineEntries]:
        """The deadlines of each lead according to its records."""
        known: dict[str, DeadlineEntries] = {}
        for event, _ in self.records:
            lead_id = event.receiver.id
            if lead_id in self.leads:
                known[lead_id] = deadlines_after(known.get(lead_id, ()), event)
        return known

    @cached_property
    def known_belongings(self) -> Mapping[int, Belonging]:
        """What the reports about business of these leads belong to according to the records."""
        known: dict[int, Belonging] = {}
        for event, envelope in self.records:
            lifecycle = self.lifecycles[envelope.lifecycle].lifecycle
            type = lifecycle.events.get(event.type)
            if event.type == RESTATED:
                known |= belongings_restated(event.effects)
            elif event.type == UNLINKED:
                _move_away(known, event)
            elif event.cause is None and type is not None and type.role in ABOUT_BUSINESS:
                known[event.position] = belonging_of(event, lifecycle)
        if self.taken.first.type == UNLINKED:
            _move_away(known, self.taken.first)
        return {
            position: one._replace(account=self.standing_account(one.account))
            for position, one in known.items()
        }

    def known(self, lead_id: str) -> dict[str, LeadState]:
        """A lead and the leads that it forwards to, inside or outside this neighbourhood."""
        return {other: self._changed(other) for other in self._forwarding(lead_id)}

    def _forwarding(self, lead_id: str) -> Iterator[str]:
        return forwarding(lead_id, lambda other: self._changed(other).absorbed_by)


def _move_away(known: dict[int, Belonging], unlinking: Event) -> None:
    """Forget the passes of reports that were moved: they were passes of the lead before."""
    for position in map(int, unlinking.data.get(EVENTS, ())):
        if position in known:
            known[position] = known[position]._replace(pass_number=None)


def is_report(record: Record) -> bool:
    """Whether this was reported from outside and decided.

    It is not derived, not fired by a timer, and not a decision about identity or what counts.
    """
    event = record.event
    is_own = is_firing(record) or is_reassessment(record) or is_restatement(record)
    return begins_group(record) and not is_own and event.type not in OFFERED


def owners_in(unlinkings: Iterable[Event]) -> dict[int, str]:
    """Position of each report that decisions moved → the lead that it belongs to now."""
    return {
        int(position): event.data[OTHER]
        for event in unlinkings
        for position in event.data.get(EVENTS, ())
    }


def linked(lead: LeadState) -> Iterable[str]:
    """The leads whose reports may count for this one, and the lead that its own may count for."""
    return (*lead.absorbs, *lead.parted, *filter(None, (lead.absorbed_by,)))


def _accounts_in(event: Event) -> Iterable[str]:
    reported, joined = reported_account(event), event.effects.get("business_of")
    return [account_id for account_id in (reported, joined) if account_id is not None]
