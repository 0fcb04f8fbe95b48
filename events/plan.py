"""The plan of one batch: every item decided in order, on the memory of the writer alone.

Nothing here waits or writes. A plan is a picture of what the batch would do while the head stands
where the memory says; the ledger writes it, or throws it away and plans again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from domain.decide import NotAllowed, Party, decide
from domain.events import Event
from domain.identity import Resolution, resolve
from domain.lifecycle.compiled import Compiled
from domain.lifecycle.definition import EventKind, Role, SubjectKind
from domain.lifecycle.service_events import (
    ACCOUNT_MERGED,
    CALENDAR_CHANGED,
    EVENT,
    OTHER,
    is_offered,
)
from domain.roles import COMPETITION, ORDER_ROLES
from domain.signals import Identifier, Signal
from domain.state import AccountState, LeadState, State
from domain.timers import FIRED_MAX, firing
from events import answers
from events.account_merging import merge_accounts
from events.calendar_changing import change_calendar, changes_of, with_changes
from events.digests import FingerprintUnknown
from events.draft import Draft
from events.entries import Known
from events.ids import new_id
from events.memory import Memory
from events.outcomes import Duplicate, Outcome, Recorded
from events.past import Recollection
from events.planned_past import PlannedPast
from events.publishing import PUBLISHED, asks_who_stands_where, compiled_from, objection, parsed
from events.records import OWN_SOURCE, firing_id
from events.refusals import Refusal, Refused
from events.sameness import is_same
from events.submissions import Item, Submission, key_of
from events.taking_back import Circumstances, lead_named, subject_named, take_back
from events.upkeep import bring_over, members_of, occupied_by, reassess_lead


@dataclass(slots=True)
class Plan:
    """A class, because items of one batch see what the items before them did."""

    memory: Memory
    known: Mapping[tuple[str, str], Known]
    """Keys of the batch that the ledger already has, as far as they were looked up."""
    recorded_at: datetime
    recollection: Recollection = field(default_factory=Recollection)
    """What has been read of the past, for items that take something back."""
    draft: Draft = field(init=False)
    refused: list[Refused] = field(default_factory=list)
    own_keys: dict[tuple[str, str], Known] = field(default_factory=dict)
    asks_for_keys: bool = False
    """Whether something was refused. Nothing of it would be written, so only a look-up can tell
    whether it is an event already; then it is a duplicate, whatever the state, the lifecycle or
    the key have become since."""
    _spare: str = ""

    def __post_init__(self) -> None:
        self.draft = Draft(self.memory, self.recorded_at)

    @property
    def position(self) -> int:
        """Where the ledger ends with what is planned so far."""
        return self.draft.position

    @property
    def is_empty(self) -> bool:
        return not self.draft.entries and not self.refused

    def submit(self, submission: Submission) -> list[Outcome]:
        """Decide every item; of a strict submission all are recorded or none."""
        for lead_id in submission.woken:
            self._bring_up_to_date(lead_id)
        if not submission.is_strict:
            return [self._take(item) for item in submission.items]
        mark, refused, own_keys = self.draft.mark(), list(self.refused), dict(self.own_keys)
        outcomes = [self._take(item) for item in submission.items]
        if any(isinstance(outcome, Refused) for outcome in outcomes):
            self.draft.return_to(mark)
            self.refused, self.own_keys = refused, own_keys
            self.asks_for_keys = True
            outcomes = [
                self._hold_back(item, outcome)
                for item, outcome in zip(submission.items, outcomes, strict=True)
            ]
        return outcomes

    def _hold_back(self, item: Item | Refused, outcome: Outcome) -> Outcome:
        """Answer for an item of a strict submission of which nothing is recorded now."""
        if isinstance(outcome, Refused):
            return self._refuse(outcome)
        if isinstance(outcome, Duplicate) and outcome.position <= self.memory.position:
            return outcome
        return answers.held_back(item)

    def _take(self, item: Item | Refused) -> Outcome:
        if isinstance(item, Refused):
            return self._turn_down(item)
        signal = item.signal
        key = (signal.source, signal.id)
        known = self.known.get(key) or self.own_keys.get(key)
        if known is not None:
            return self._compare(known, item)
        outcome = self._decide_now(signal)
        if isinstance(outcome, Refusal):
            self.asks_for_keys = True
            return self._refuse(answers.refused(item, outcome))
        first = self.draft.entry_at(outcome.position)
        self.own_keys[key] = Known(outcome.position, first.leaf, signal.fingerprint)
        return outcome

    def _turn_down(self, item: Refused) -> Outcome:
        """Refuse what could not be read, unless it was recorded when it still could be."""
        key = key_of(item)
        if key is None:
            return self._refuse(item)
        known = self.known.get(key) or self.own_keys.get(key)
        if known is not None and known.fingerprint == item.fingerprint:
            return Duplicate(known.position, known.leaf)
        self.asks_for_keys = True
        return self._refuse(item)

    def _compare(self, known: Known, item: Item) -> Duplicate | Refused:
        """Answer for a key that is taken: by the same event, or by another one."""
        try:
            is_the_same = is_same(known, item)
        except FingerprintUnknown:
            return self._refuse(answers.refused(item, answers.not_comparable(known.position)))
        if is_the_same:
            return Duplicate(known.position, known.leaf)
        return self._refuse(answers.refused(item, answers.reused(known.position)))

    def _refuse(self, item: Refused) -> Refused:
        if item.is_kept:
            self.refused.append(item)
        return item

    def _decide_now(self, signal: Signal) -> Recorded | Refusal:
        """Decide what may have been read when another lifecycle was in force."""
        if signal.type.name == PUBLISHED:
            return self._publish(signal)
        event_type = self.draft.compiled.lifecycle.events.get(signal.type.name)
        if event_type is None:
            return answers.type_unknown(signal.type.name, self.draft.compiled.lifecycle)
        if event_type is not signal.type:
            signal = signal._replace(type=event_type)
        return self._decide(signal)

    def _publish(self, signal: Signal) -> Recorded | Refusal:
        """Put another lifecycle in force, from its position on, in this very batch."""
        in_force, published = self.draft.compiled, self.draft.lifecycles
        asks = asks_who_stands_where(signal.data, published)
        occupied = occupied_by(self.draft) if asks else {}
        refusal = objection(signal.data, published, occupied)
        if refusal is not None:
            return refusal
        kept = {
            name: changes
            for name, changes in changes_of(in_force.publication).items()
            if name in parsed(signal.data["text"]).pace.calendars
        }
        data = {**with_changes(signal.data, kept), "version": in_force.version + 1}
        signal = signal._replace(data=data)
        party = Party(None, None)
        decided = decide(in_force, State(), signal, party, position=self.position + 1)
        assert not isinstance(decided, NotAllowed)
        recorded = self._write(signal, party, _Account(None), decided, in_force.version)
        self.draft.published.append(compiled_from(decided[0]))
        return recorded

    def _decide(self, signal: Signal) -> Recorded | Refusal:
        if is_offered(signal.type):
            return self._carry_out(signal)
        company = self._company_of_order(signal)
        if company is not None:
            signal = signal._replace(subject=SubjectKind.ACCOUNT, account_id=company)
        if self._leads_to_nobody(signal):
            signal = signal._replace(subject=SubjectKind.LEDGER)
        account = self._account_of(signal)
        lead: Resolution | None = None
        told_id: str | None = None
        if signal.subject is SubjectKind.LEAD:
            lead = self._lead_of(signal)
            if lead is None:
                return answers.lead_unknown()
            told, account = account, self._account_beside(signal, lead, account)
            # An account that the lead does not join is not made, so nobody can be told of it.
            told_id = told.id if told == account or not told.is_new else None
            if self._state(lead, None).lead.void:
                lead = lead._replace(is_new=True)
        is_decided = signal.type.kind is not EventKind.FACT
        if account.is_missing or (
            signal.subject is SubjectKind.ACCOUNT
            and account.is_new
            and is_decided
            and signal.type.role is not Role.LISTS_COMPETITOR
        ):
            return answers.account_unknown()
        party = Party(lead, account.id, tuple(one.kind for one in account.links), told_id)
        state = self._state(lead, account.id)
        compiled = self._lifecycle_for(lead, state.lead)
        decided = decide(compiled, state, signal, party, position=self.position + 1)
        if isinstance(decided, NotAllowed):
            return answers.not_allowed(decided)
        recorded = self._write(signal, party, account, decided, compiled.version)
        if signal.type.role in COMPETITION and decided[0].effects:
            self._judge_members(decided[0])
        return recorded

    def _judge_members(self, listed: Event) -> None:
        """Judge the leads of a company again that has become a competitor, or is none any more."""
        for lead_id in members_of(self.draft, listed.subject.id):
            self._bring_up_to_date(lead_id)
            reassess_lead(self.draft, lead_id, self.draft.compiled, cause=listed.position)

    def _company_of_order(self, signal: Signal) -> str | None:
        """Find the account that an order is of, where the order names nobody but itself."""
        if signal.type.role not in ORDER_ROLES or signal.subject is not SubjectKind.LEAD:
            return None
        if signal.lead_id is not None or signal.identifiers or self._pointers(signal):
            return None
        pointed = (self.draft.pointer(one) for one in signal.references)
        return next((target for target in pointed if target is not None), None)

    def _carry_out(self, signal: Signal) -> Recorded | Refusal:
        """Decide what no machine is asked about: who is who, and what counts no longer."""
        past = PlannedPast(self.draft, self.recollection)
        decided: Sequence[Event] | Refusal
        if signal.type.name == CALENDAR_CHANGED:
            decided = change_calendar(signal, self.draft.compiled, position=self.position + 1)
        elif signal.type.name == ACCOUNT_MERGED:
            account = self._account_of(signal)
            if account.is_missing or account.is_new or account.id is None:
                return answers.account_unknown()
            decided = merge_accounts(
                signal,
                account.id,
                past,
                table=self.draft.compiled.account,
                position=self.position + 1,
            )
        else:
            lead_id = self._lead_taken_back(signal, past)
            if isinstance(lead_id, Refusal):
                return lead_id
            circumstances = Circumstances(
                self.draft.lifecycles, self.draft.compiled, self.position + 1, self.recorded_at
            )
            decided = take_back(signal, lead_id, past, circumstances)
        if isinstance(decided, Refusal):
            return decided
        self.draft.enter(signal, decided, lifecycle=self.draft.compiled.version)
        self.draft.published += [compiled_from(one) for one in decided if one.type == PUBLISHED]
        leaf = self.draft.entry_at(decided[0].position).leaf
        return answers.recorded(decided, leaf, self._stage_after(decided[0]))

    def _lead_taken_back(self, signal: Signal, past: PlannedPast) -> str | Refusal:
        """Find whom a decision is about, after what was due for those concerned has happened."""
        if EVENT in signal.type.fields:
            named = subject_named(signal, past)
        else:
            lead = self._lead_of(signal)
            named = lead.subject if lead is not None and not lead.is_new else answers.lead_unknown()
        if isinstance(named, Refusal):
            return named
        for lead_id in (named, signal.data.get(OTHER)):
            concerned = lead_named(lead_id, past) if lead_id is not None else None
            if concerned is not None and concerned.state.timers:
                self._bring_up_to_date(concerned.receiver)
        return named

    def _leads_to_nobody(self, signal: Signal) -> bool:
        """Whether it is an order by its own or its deal's id alone, which no lead has (rule 12)."""
        return (
            signal.type.role in ORDER_ROLES
            and signal.subject is SubjectKind.LEAD
            and signal.lead_id is None
            and not signal.identifiers
            and not self._pointers(signal)
        )

    def _lead_of(self, signal: Signal) -> Resolution | None:
        """Find whom a signal is about, after what was due for everybody it names has happened."""
        pointers = self._pointers(signal)
        for lead_id, state in self._leads(signal, pointers).items():
            if state.timers or state.lifecycle != self.draft.compiled.version:
                self._bring_up_to_date(lead_id)
        return resolve(
            signal,
            pointers=pointers,
            leads=self._leads(signal, pointers),
            trust=self.draft.compiled.lifecycle.identifier_trust,
            new_id=self._spare_id(),
        )

    def _bring_up_to_date(self, lead_id: str) -> None:
        """Let what was due happen under a lead's own lifecycle, then bring it over to ours."""
        self._fire_due(lead_id)
        bring_over(self.draft, lead_id)

    def _fire_due(self, lead_id: str) -> None:
        """Let what is due for a lead happen, in due order, each thing as a report of its own."""
        for _ in range(FIRED_MAX):
            remembered = self.draft.subject(lead_id)
            state = remembered.state if remembered is not None else None
            if remembered is None or not isinstance(state, LeadState) or not state.timers:
                return
            compiled = self.draft.lifecycle(state.lifecycle)
            signal = firing(
                compiled,
                state,
                lead_id=lead_id,
                id=firing_id(lead_id, remembered.version + 1),
                source=OWN_SOURCE,
                upto=self.recorded_at,
            )
            if signal is None:
                return
            self._record_own(signal, compiled)
        raise AssertionError(f"the timers of lead {lead_id} arm each other without end")

    def _record_own(self, signal: Signal, compiled: Compiled) -> None:
        """Record what the service itself reports of a lead. That is never refused."""
        assert signal.lead_id is not None
        lead = self.draft.lead(signal.lead_id)
        assert lead is not None
        resolution = Resolution(signal.lead_id, signal.lead_id)
        party = Party(resolution, lead.account)
        state = self._state(resolution, lead.account)
        decided = decide(compiled, state, signal, party, position=self.position + 1)
        assert not isinstance(decided, NotAllowed), f"{signal.type.name}: {decided}"
        self.draft.enter(signal, decided, lifecycle=compiled.version)

    def _lifecycle_for(self, lead: Resolution | None, state: LeadState) -> Compiled:
        """Return the lifecycle that decides: a lead's own version, else the one in force."""
        if lead is None or lead.is_new:
            return self.draft.compiled
        return self.draft.lifecycle(state.lifecycle)

    def _spare_id(self) -> str:
        """Return an id for a lead that may be new; most are not, and ids are not free to make."""
        if not self._spare:
            self._spare = new_id()
        return self._spare

    def _pointers(self, signal: Signal) -> dict[Identifier, str]:
        return {
            identifier: target
            for identifier in (*signal.identifiers, *signal.references)
            if (target := self.draft.pointer(identifier)) is not None
            and self.draft.lead(target) is not None
        }

    def _leads(self, signal: Signal, pointers: Mapping[Identifier, str]) -> dict[str, LeadState]:
        """The leads that a signal names, and those that they forward to."""
        leads: dict[str, LeadState] = {}
        waiting = [*pointers.values(), *([signal.lead_id] if signal.lead_id is not None else [])]
        while waiting:
            lead_id = waiting.pop()
            state = self.draft.lead(lead_id)
            if lead_id not in leads and state is not None:
                leads[lead_id] = state
                if state.absorbed_by is not None:
                    waiting.append(state.absorbed_by)
        return leads

    def _account_of(self, signal: Signal) -> "_Account":
        """Find the account that the signal names, or make one.

        What is about the ledger is about no account, even if it names one.
        """
        if signal.subject is SubjectKind.LEDGER:
            return _Account(None)
        if signal.account_id is not None:
            named = self.draft.subject(signal.account_id)
            exists = named is not None and named.kind is SubjectKind.ACCOUNT
            if not exists:
                return _Account(None, is_missing=True)
            return _Account(self._standing_for(signal.account_id))
        if not signal.account_identifiers:
            return _Account(None)
        pointed = [self.draft.pointer(one) for one in signal.account_identifiers]
        found = next((one for one in pointed if one is not None), None)
        links = tuple(
            identifier
            for identifier, target in zip(signal.account_identifiers, pointed, strict=True)
            if target is None
        )
        if found is None:
            return _Account(new_id(), links, is_new=True)
        return _Account(self._standing_for(found), links)

    def _account_beside(self, signal: Signal, lead: Resolution, told: "_Account") -> "_Account":
        """A lead stays with its account unless another one is named outright."""
        if told.is_missing or signal.names_account or lead.is_new:
            return told
        state = self.draft.lead(lead.receiver)
        assert state is not None
        return _Account(self._standing_for(state.account)) if state.account is not None else told

    def _standing_for(self, account_id: str) -> str:
        """Follow forwarding to the account that stands for this one."""
        while (known := self.draft.subject(account_id)) is not None:
            assert isinstance(known.state, AccountState)
            if known.state.absorbed_by is None:
                break
            account_id = known.state.absorbed_by
        return account_id

    def _state(self, lead: Resolution | None, account_id: str | None) -> State:
        lead_state, account_state = State().lead, None
        if lead is not None:
            known = self.draft.newest(lead.receiver, SubjectKind.LEAD).state
            assert isinstance(known, LeadState)
            lead_state = known
        if account_id is not None:
            account = self.draft.newest(account_id, SubjectKind.ACCOUNT).state
            assert isinstance(account, AccountState)
            account_state = account
        return State(lead_state, account_state)

    def _write(
        self,
        signal: Signal,
        party: Party,
        account: "_Account",
        decided: Sequence[Event],
        lifecycle: int,
    ) -> Recorded:
        self.draft.enter(signal, decided, lifecycle=lifecycle)
        first = decided[0]
        if party.lead is not None:
            if party.lead.is_new:
                self._spare = ""
            links = (*party.lead.links, *self._unpointed(signal))
            self.draft.link(links, party.lead.subject, first.position)
        if account.id is not None:
            links = account.links if party.lead else (*account.links, *self._unpointed(signal))
            self.draft.link(links, account.id, first.position)
        leaf = self.draft.entry_at(first.position).leaf
        return answers.recorded(decided, leaf, self._stage_after(first))

    def _unpointed(self, signal: Signal) -> tuple[Identifier, ...]:
        return tuple(one for one in signal.references if self.draft.pointer(one) is None)

    def _stage_after(self, event: Event) -> str | None:
        receiver = event.receiver
        if receiver.kind is SubjectKind.LEDGER:
            return None
        state = self.draft.subjects[receiver.id].state
        return state.stage if state is not None else None

    def commit(self) -> None:
        """Let the memory stand where the ledger now stands."""
        self.draft.commit()


class _Account(NamedTuple):
    id: str | None
    links: tuple[Identifier, ...] = ()
    is_new: bool = False
    is_missing: bool = False
    """Named by an id that no account has."""
