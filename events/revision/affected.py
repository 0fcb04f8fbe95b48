"""The leads that are decided again together, and the accounts beside them, by their records.

Those whom a decision concerns are taken with everybody who forwards or forwarded to them: what one
of them told may count for another from now on. So may what their colleagues have bought: what a
company is to us follows from the deals and orders of all of them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from domain.event import Event
from domain.lead.evolve import evolve
from domain.lead.state import INITIAL_LEAD, AccountState, LeadState
from domain.lead.stays import NO_STAYS, Stays, stays_after
from domain.lifecycle.compiled.table import CompiledLifecycle
from domain.lifecycle.service_events import ABSORBED, EVENTS, OTHER, UNLINKED
from events.records import Record, is_reassessment
from events.revision.past import Past
from events.revision.redecide import told_account


class Taken(NamedTuple):
    """What is taken back, and whom it concerns."""

    first: Event
    """The decision that takes back."""
    leads: Mapping[str, LeadState]
    """The leads whose forwarding it changes, after the change."""
    concerned: tuple[str, ...]
    """Leads that are restated in any case, in this order."""
    begun: Event | None = None
    """The first event of one of them, where it begins with this decision."""

    @property
    def events(self) -> list[Event]:
        """The decision, and what begins with it."""
        return [self.first, *([] if self.begun is None else [self.begun])]


@dataclass(slots=True)
class Neighbourhood:
    """A class, because the records are read once and every answer needs them."""

    past: Past
    taken: Taken
    lifecycles: Mapping[int, CompiledLifecycle]
    leads: dict[str, LeadState] = field(default_factory=dict)
    """With the change made."""
    records: list[Record] = field(default_factory=list)
    accounts: list[str] = field(default_factory=list)
    account_records: list[Record] = field(default_factory=list)
    reports: dict[int, int] = field(default_factory=dict)
    """Position of each event → that of the report which it follows from."""
    owners: dict[int, str] = field(default_factory=dict)
    """For reports that were taken off whoever they had been recorded of: whose they are."""

    def __post_init__(self) -> None:
        self._gather([*self.taken.leads, *self.taken.concerned])
        self._read_accounts()
        # A colleague may by now be somebody of another company, whose people then count as well.
        while others := [one for one in self._colleagues() if one not in self.leads]:
            self._gather(others)
            self._read_accounts()
        self.account_records = self.past.histories(self.accounts)
        self.owners = owners_in(self.decisions(UNLINKED))
        told = {record.event.position for record in self.account_records}
        for record in self.records:
            position, cause = record.event.position, record.event.cause
            begins = cause is None or (is_reassessment(record) and cause not in told)
            self.reports[position] = position if cause is None or begins else self.report(cause)

    def _gather(self, waiting: list[str]) -> None:
        while waiting:
            lead_id = waiting.pop(0)
            if lead_id in self.leads:
                continue
            state = self.taken.leads.get(lead_id) or self._lead(lead_id)
            self.leads[lead_id] = state
            waiting += (*state.absorbs, *state.parted)
            if state.absorbed_by is not None:
                waiting.append(state.absorbed_by)

    def _read_accounts(self) -> None:
        self.records = self.past.histories(list(self.leads))
        told = (record.event for record in self.records)
        ids = {one: None for event in told for one in _accounts_in(event)}
        ids |= {state.account: None for state in self.leads.values() if state.account}
        self.accounts = list(ids)

    def _colleagues(self) -> list[str]:
        """Who else was judged by what these accounts have bought, or has a part in that."""
        members = {one: None for account in self.accounts for one in self.past.members(account)}
        return [one for one in sorted(members) if _is_judged_by_business(self._lead(one))]

    def _lead(self, lead_id: str) -> LeadState:
        state = self.past.subject(lead_id)
        assert isinstance(state, LeadState)
        return state

    def report(self, position: int) -> int:
        """Where the report stands that an event of these leads follows from."""
        return self.reports.get(position, position)

    def has_business(self, position: int, account_id: str) -> bool:
        """Whether the lead that a record is about, whoever it is by now, has business there.

        It may have some elsewhere: with a company that it was taken to be of while it was merged
        with somebody, or of which it is since.
        """
        record, account = self.past.record(position), self.past.subject(account_id)
        assert record is not None
        assert isinstance(account, AccountState)
        there = {*account.opportunities, *account.orders}
        lead_id = self.owners.get(position, record.event.subject.id)
        leads = self.known(lead_id).values()
        return any(not there.isdisjoint((*one.opportunities, *one.orders)) for one in leads)

    def leads_before(self) -> Iterator[LeadState]:
        """These leads as they stood when the decision was taken."""
        begun = self.taken.begun
        return (self._lead(one) for one in self.leads if begun is None or one != begun.subject.id)

    def decisions(self, type: str) -> list[Event]:
        """The decisions of one type that take something back, this one included."""
        decisions = [one.event for one in self.records if one.event.type == type]
        return [*decisions, *([self.taken.first] if self.taken.first.type == type else [])]

    def absorptions(self) -> dict[str, int]:
        """For each lead that forwards, the cause of it; in the order of the absorptions."""
        found: dict[str, tuple[int, int]] = {}
        # Who is absorbed by another one, because the report that told of it was moved, still is so
        # by that report.
        unlinkings = {one.position for one in self.decisions(UNLINKED)}
        for event, _ in self.records:
            if event.type == ABSORBED and event.cause not in unlinkings:
                assert event.cause is not None
                found[event.subject.id] = (event.position, event.cause)
        first = self.taken.first
        if first.type != UNLINKED:
            found |= dict.fromkeys(self.taken.leads, (first.position, first.position))
        return {
            lead_id: cause
            for lead_id, (_, cause) in sorted(found.items(), key=lambda one: one[1][0])
            if self.leads[lead_id].absorbed_by is not None
        }

    def forwarding_to(self, lead_id: str) -> list[str]:
        """Those who come to this lead, in the order in which they were absorbed."""
        return [
            one for one in self.absorptions() if one != lead_id and self._comes_to(one, lead_id)
        ]

    def _comes_to(self, lead_id: str, other: str) -> bool:
        while (absorbed_by := self.leads[lead_id].absorbed_by) is not None:
            if absorbed_by == other:
                return True
            lead_id = absorbed_by
        return False

    def known_stays(self, lead_id: str) -> Stays:
        """The stays of a lead as its records tell them."""
        state, stays = INITIAL_LEAD, NO_STAYS
        for event, _ in self.records:
            if event.receiver.id == lead_id:
                state = evolve(state, event)
                stays = stays_after(stays, event, state)
        return stays

    def known(self, lead_id: str) -> dict[str, LeadState]:
        """A lead and those that it forwards to, wherever they are."""
        known: dict[str, LeadState] = {}
        following: str | None = lead_id
        while following is not None and following not in known:
            state = self.leads.get(following) or self._lead(following)
            known[following] = state
            following = state.absorbed_by
        return known


def owners_in(unlinkings: Iterable[Event]) -> dict[int, str]:
    """For each report that decisions moved: the lead whose it has been since the last of them."""
    return {
        int(position): event.data[OTHER]
        for event in unlinkings
        for position in event.data.get(EVENTS, ())
    }


def _has_business(lead: LeadState) -> bool:
    return bool(lead.opportunities or lead.orders)


def _is_judged_by_business(lead: LeadState) -> bool:
    """Whether it has some, or a further pass: what that is about depends on what was bought."""
    return _has_business(lead) or lead.pass_number > 1


def _accounts_in(event: Event) -> Iterable[str]:
    told, joined = told_account(event), event.effects.get("business_of")
    return [one for one in (told, joined) if one is not None]
