"""The leads that are decided again together, and the accounts beside them, by their records.

Those whom a decision concerns are taken with everybody who forwards or forwarded to them: what one
of them told may count for another from now on.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from domain.events import Event
from domain.evolve import evolve
from domain.lifecycle.compiled import Compiled
from domain.lifecycle.service_events import ABSORBED
from domain.state import INITIAL_LEAD, LeadState
from domain.stays import NO_STAYS, Stays, stays_after
from events.past import Past
from events.records import Record
from events.redeciding import told_account


class Taken(NamedTuple):
    """What is taken back, and whom it concerns."""

    first: Event
    """The decision that takes back."""
    leads: Mapping[str, LeadState]
    """The leads whose forwarding it changes, after the change."""
    concerned: tuple[str, ...]
    """Leads that are restated in any case, in this order."""


@dataclass(slots=True)
class Neighbourhood:
    """A class, because the records are read once and every answer needs them."""

    past: Past
    taken: Taken
    lifecycles: Mapping[int, Compiled]
    leads: dict[str, LeadState] = field(default_factory=dict)
    """Those concerned and everybody who forwards or forwarded to them, with the change made."""
    records: list[Record] = field(default_factory=list)
    accounts: list[str] = field(default_factory=list)
    account_records: list[Record] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._gather()
        self.records = self.past.histories(list(self.leads))
        told = (record.event for record in self.records)
        ids = {one: None for event in told for one in _accounts_in(event)}
        ids |= {state.account: None for state in self.leads.values() if state.account}
        self.accounts = list(ids)
        self.account_records = self.past.histories(self.accounts)

    def _gather(self) -> None:
        waiting = [*self.taken.leads, *self.taken.concerned]
        while waiting:
            lead_id = waiting.pop(0)
            if lead_id in self.leads:
                continue
            state = self.taken.leads.get(lead_id) or self.past.subject(lead_id)
            assert isinstance(state, LeadState)
            self.leads[lead_id] = state
            waiting += state.absorbs
            if state.absorbed_by is not None:
                waiting.append(state.absorbed_by)

    def decisions(self, type: str) -> list[Event]:
        """The decisions of one type that take something back, this one included."""
        decisions = [one.event for one in self.records if one.event.type == type]
        return [*decisions, *([self.taken.first] if self.taken.first.type == type else [])]

    def absorptions(self) -> dict[str, int]:
        """For each lead that forwards, the cause of it; in the order of the absorptions."""
        found: dict[str, tuple[int, int]] = {}
        for event, _ in self.records:
            if event.type == ABSORBED:
                assert event.cause is not None
                found[event.subject.id] = (event.position, event.cause)
        first = self.taken.first.position
        found |= dict.fromkeys(self.taken.leads, (first, first))
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
            state = self.leads.get(following) or self.past.subject(following)
            assert isinstance(state, LeadState)
            known[following] = state
            following = state.absorbed_by
        return known


def _accounts_in(event: Event) -> Iterable[str]:
    told, joined = told_account(event), event.effects.get("business_of")
    return [one for one in (told, joined) if one is not None]
