"""The leads that are decided again together, and their accounts, from their records.

The leads that a decision concerns are taken together with every lead that forwards or forwarded to
them, because a report of one may now count for another. Their colleagues' purchases may also count
differently: a company's status follows from the deals and orders of all its leads.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from domain.event import Event
from domain.lead.absorption import connected, forwarding
from domain.lead.evolve import evolve
from domain.lead.state import INITIAL_LEAD, AccountState, LeadState
from domain.lead.stays import NO_STAYS, Stays, stays_after
from domain.lifecycle.compiled.table import CompiledLifecycle
from domain.lifecycle.service_events import ABSORBED, EVENTS, OTHER, UNLINKED
from events.records import Record, is_reassessment
from events.revision.past import Past
from events.revision.redecide import reported_account


class Taken(NamedTuple):
    """What is taken back, and the leads that it concerns."""

    first: Event
    """The decision that takes something back."""
    leads: Mapping[str, LeadState]
    """The leads whose forwarding it changes, in their state after the change."""
    concerned: tuple[str, ...]
    """Leads that are always restated, in this order."""
    begun: Event | None = None
    """The first event of one of them, if that lead begins with this decision."""

    @property
    def events(self) -> list[Event]:
        """The decision, and the first event of a lead that begins with it."""
        return [self.first, *([] if self.begun is None else [self.begun])]


@dataclass(slots=True)
class Neighbourhood:
    """A class, because the records are read once and every answer needs them."""

    past: Past
    taken: Taken
    lifecycles: Mapping[int, CompiledLifecycle]
    leads: dict[str, LeadState] = field(default_factory=dict)
    """Their states with the change applied."""
    records: list[Record] = field(default_factory=list)
    accounts: list[str] = field(default_factory=list)
    account_records: list[Record] = field(default_factory=list)
    reports: dict[int, int] = field(default_factory=dict)
    """Position of each event → position of the report that it follows from."""
    owners: dict[int, str] = field(default_factory=dict)
    """Position of each report that was moved from the lead it was recorded for → its lead now."""

    def __post_init__(self) -> None:
        self._gather([*self.taken.leads, *self.taken.concerned])
        self._read_accounts()
        # A colleague may now belong to another company, whose leads then count as well.
        while others := [lead_id for lead_id in self._colleagues() if lead_id not in self.leads]:
            self._gather(others)
            self._read_accounts()
        self.account_records = self.past.histories(self.accounts)
        self.owners = owners_in(self.decisions(UNLINKED))
        of_accounts = {record.event.position for record in self.account_records}
        for record in self.records:
            position, cause = record.event.position, record.event.cause
            begins = cause is None or (is_reassessment(record) and cause not in of_accounts)
            self.reports[position] = position if cause is None or begins else self.report(cause)

    def _gather(self, lead_ids: Iterable[str]) -> None:
        for lead_id in connected(lead_ids, lambda other: _linked(self._changed(other))):
            self.leads[lead_id] = self._changed(lead_id)

    def _read_accounts(self) -> None:
        self.records = self.past.histories(list(self.leads))
        events = (record.event for record in self.records)
        ids = {account_id: None for event in events for account_id in _accounts_in(event)}
        ids |= {state.account: None for state in self.leads.values() if state.account}
        self.accounts = list(ids)

    def _colleagues(self) -> list[str]:
        """The other leads that were judged by these accounts' purchases, or that made them."""
        members = {lead_id for account in self.accounts for lead_id in self.past.members(account)}
        return [
            lead_id for lead_id in sorted(members) if _is_judged_by_business(self._lead(lead_id))
        ]

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

    def has_business(self, position: int, account_id: str) -> bool:
        """Whether the current lead of a record, or a lead that it forwards to, has business there.

        It may have business elsewhere: with a company that it was assigned to while it was merged
        with another lead, or with one that it has joined since.
        """
        record, account = self.past.record(position), self.past.subject(account_id)
        assert record is not None
        assert isinstance(account, AccountState)
        there = {*account.opportunities, *account.orders}
        lead_id = self.owners.get(position, record.event.subject.id)
        leads = self.known(lead_id).values()
        return any(not there.isdisjoint((*lead.opportunities, *lead.orders)) for lead in leads)

    def leads_before(self) -> Iterator[LeadState]:
        """These leads in their states at the time of the decision."""
        begun = self.taken.begun
        new_id = begun.subject.id if begun is not None else None
        return (self._lead(lead_id) for lead_id in self.leads if lead_id != new_id)

    def decisions(self, type: str) -> list[Event]:
        """The decisions of one type that take something back, including this one."""
        decisions = [record.event for record in self.records if record.event.type == type]
        return [*decisions, *([self.taken.first] if self.taken.first.type == type else [])]

    def absorptions(self) -> dict[str, int]:
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
            for other in self.absorptions()
            if other != lead_id and lead_id in self._forwarding(other)
        ]

    def known_stays(self, lead_id: str) -> Stays:
        """The stays of a lead according to its records."""
        state, stays = INITIAL_LEAD, NO_STAYS
        for event, _ in self.records:
            if event.receiver.id == lead_id:
                state = evolve(state, event)
                stays = stays_after(stays, event, state)
        return stays

    def known(self, lead_id: str) -> dict[str, LeadState]:
        """A lead and the leads that it forwards to, inside or outside this neighbourhood."""
        return {other: self._changed(other) for other in self._forwarding(lead_id)}

    def _forwarding(self, lead_id: str) -> Iterator[str]:
        return forwarding(lead_id, lambda other: self._changed(other).absorbed_by)


def owners_in(unlinkings: Iterable[Event]) -> dict[int, str]:
    """Position of each report that decisions moved → the lead that it belongs to now."""
    return {
        int(position): event.data[OTHER]
        for event in unlinkings
        for position in event.data.get(EVENTS, ())
    }


def _linked(lead: LeadState) -> Iterable[str]:
    """The leads whose reports may count for this one, and the lead that its own may count for."""
    return (*lead.absorbs, *lead.parted, *filter(None, (lead.absorbed_by,)))


def _has_business(lead: LeadState) -> bool:
    return bool(lead.opportunities or lead.orders)


def _is_judged_by_business(lead: LeadState) -> bool:
    """Whether it has business, or a further pass: what that pass is about depends on purchases."""
    return _has_business(lead) or lead.pass_number > 1


def _accounts_in(event: Event) -> Iterable[str]:
    reported, joined = reported_account(event), event.effects.get("business_of")
    return [account_id for account_id in (reported, joined) if account_id is not None]
