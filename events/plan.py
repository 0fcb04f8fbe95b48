"""The plan of one batch: every item decided in order, on the memory of the writer alone.

Nothing here waits or writes. A plan is a picture of what the batch would do while the head stands
where the memory says; the ledger writes it, or throws it away and plans again.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from domain.decide import RULES, NotAllowed, Party, decide
from domain.events import Event
from domain.identity import Resolution, resolve
from domain.lifecycle.definition import EventKind, SubjectKind
from domain.roles import ORDER_ROLES
from domain.signals import Identifier, Signal
from domain.state import AccountState, LeadState, State
from events import answers, records
from events.entries import Entry, Known, Link
from events.ids import new_id
from events.memory import LEDGER_SUBJECT_ID, Memory, Remembered, after, newborn
from events.outcomes import Duplicate, Outcome, Recorded
from events.refusals import Refusal, Refused
from events.submissions import Item, Submission

SALT_BYTES = 32


@dataclass(slots=True)
class Plan:
    """A class, because items of one batch see what the items before them did."""

    memory: Memory
    known: Mapping[tuple[str, str], Known]
    """Keys of the batch that the ledger already has, as far as they were looked up."""
    recorded_at: datetime
    entries: list[Entry] = field(default_factory=list)
    subjects: dict[str, Remembered] = field(default_factory=dict)
    pointers: dict[Identifier, str] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    own_keys: dict[tuple[str, str], Known] = field(default_factory=dict)
    asks_for_keys: bool = False
    """Whether something was refused for what the memory says. Nothing of it would be written, so
    only a look-up can tell whether it is an event already; then it is a duplicate, whatever the
    state has become since."""
    _recorded_time: str = ""
    _spare: str = ""

    def __post_init__(self) -> None:
        self._recorded_time = records.rfc3339(self.recorded_at)

    @property
    def position(self) -> int:
        """Where the ledger ends with what is planned so far."""
        return self.memory.position + len(self.entries)

    @property
    def is_empty(self) -> bool:
        return not self.entries and not self.refused

    def submit(self, submission: Submission) -> list[Outcome]:
        """Decide every item; of a strict submission all are recorded or none."""
        if not submission.is_strict:
            return [self._take(item) for item in submission.items]
        mark = self._mark()
        outcomes = [self._take(item) for item in submission.items]
        if any(isinstance(outcome, Refused) for outcome in outcomes):
            self._return_to(mark)
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

    def _mark(self) -> "_Mark":
        return _Mark(
            list(self.entries),
            dict(self.subjects),
            dict(self.pointers),
            list(self.links),
            list(self.refused),
            dict(self.own_keys),
        )

    def _return_to(self, mark: "_Mark") -> None:
        self.entries, self.subjects, self.pointers = mark.entries, mark.subjects, mark.pointers
        self.links, self.refused, self.own_keys = mark.links, mark.refused, mark.own_keys

    def _take(self, item: Item | Refused) -> Outcome:
        if isinstance(item, Refused):
            return self._refuse(item)
        signal = item.signal
        key = (signal.source, signal.id)
        known = self.known.get(key) or self.own_keys.get(key)
        if known is not None:
            if known.fingerprint == signal.fingerprint:
                return Duplicate(known.position, known.leaf)
            return self._refuse(answers.refused(item, answers.reused(known.position)))
        outcome = self._decide(signal)
        if isinstance(outcome, Refusal):
            self.asks_for_keys = True
            return self._refuse(answers.refused(item, outcome))
        first = self.entries[outcome.position - self.memory.position - 1]
        self.own_keys[key] = Known(outcome.position, first.leaf, signal.fingerprint)
        return outcome

    def _refuse(self, item: Refused) -> Refused:
        if item.is_kept:
            self.refused.append(item)
        return item

    def _decide(self, signal: Signal) -> Recorded | Refusal:
        if self._leads_to_nobody(signal):
            signal = signal._replace(subject=SubjectKind.LEDGER)
        account = self._account_of(signal)
        lead: Resolution | None = None
        if signal.subject is SubjectKind.LEAD:
            lead = resolve(
                signal,
                pointers=(pointers := self._pointers(signal)),
                leads=self._leads(signal, pointers),
                trust=self.memory.compiled.lifecycle.identifier_trust,
                new_id=self._spare_id(),
            )
            if lead is None:
                return answers.lead_unknown()
            account = self._account_beside(signal, lead, account)
        is_decided = signal.type.kind is not EventKind.FACT
        if account.is_missing or (
            signal.subject is SubjectKind.ACCOUNT and account.is_new and is_decided
        ):
            return answers.account_unknown()
        party = Party(lead, account.id, tuple(one.kind for one in account.links))
        decided = decide(
            self.memory.compiled,
            self._state(lead, account.id),
            signal,
            party,
            position=self.position + 1,
        )
        if isinstance(decided, NotAllowed):
            return answers.not_allowed(decided)
        return self._write(signal, party, account, decided)

    def _leads_to_nobody(self, signal: Signal) -> bool:
        """Whether it is an order by its own or its deal's id alone, which no lead has (rule 12)."""
        return (
            signal.type.role in ORDER_ROLES
            and signal.subject is SubjectKind.LEAD
            and signal.lead_id is None
            and not signal.identifiers
            and not self._pointers(signal)
        )

    def subject(self, subject_id: str) -> Remembered | None:
        """Return a subject as the items before this one left it."""
        return self.subjects.get(subject_id) or self.memory.subjects[subject_id]

    def pointer(self, identifier: Identifier) -> str | None:
        return self.pointers.get(identifier) or self.memory.pointers[identifier]

    def _spare_id(self) -> str:
        """Return an id for a lead that may be new; most are not, and ids are not free to make."""
        if not self._spare:
            self._spare = new_id()
        return self._spare

    def _pointers(self, signal: Signal) -> dict[Identifier, str]:
        return {
            identifier: target
            for identifier in (*signal.identifiers, *signal.references)
            if (target := self.pointer(identifier)) is not None
        }

    def _leads(self, signal: Signal, pointers: Mapping[Identifier, str]) -> dict[str, LeadState]:
        """The leads that a signal names, and those that they forward to."""
        leads: dict[str, LeadState] = {}
        waiting = [*pointers.values(), *([signal.lead_id] if signal.lead_id is not None else [])]
        while waiting:
            lead_id = waiting.pop()
            remembered = self.subject(lead_id)
            state = remembered.state if remembered is not None else None
            if lead_id not in leads and isinstance(state, LeadState):
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
            named = self.subject(signal.account_id)
            exists = named is not None and named.kind is SubjectKind.ACCOUNT
            return _Account(signal.account_id if exists else None, is_missing=not exists)
        if not signal.account_identifiers:
            return _Account(None)
        pointed = [self.pointer(one) for one in signal.account_identifiers]
        found = next((one for one in pointed if one is not None), None)
        links = tuple(
            identifier
            for identifier, target in zip(signal.account_identifiers, pointed, strict=True)
            if target is None
        )
        return _Account(found or new_id(), links, is_new=found is None)

    def _account_beside(self, signal: Signal, lead: Resolution, told: "_Account") -> "_Account":
        """A lead stays with its account unless another one is named outright."""
        if told.is_missing or signal.names_account or lead.is_new:
            return told
        remembered = self.subject(lead.receiver)
        assert remembered is not None
        assert isinstance(remembered.state, LeadState)
        own = remembered.state.account
        return _Account(own) if own is not None else told

    def _state(self, lead: Resolution | None, account_id: str | None) -> State:
        lead_state, account_state = State().lead, None
        if lead is not None and not lead.is_new:
            remembered = self.subject(lead.receiver)
            assert remembered is not None
            assert isinstance(remembered.state, LeadState)
            lead_state = remembered.state
        if account_id is not None:
            remembered = self.subjects.get(account_id) or self.memory.subjects.get(account_id)
            account = (remembered or newborn(SubjectKind.ACCOUNT)).state
            assert isinstance(account, AccountState)
            account_state = account
        return State(lead_state, account_state)

    def _write(
        self, signal: Signal, party: Party, account: "_Account", decided: Sequence[Event]
    ) -> Recorded:
        for number, event in enumerate(decided):
            self._enter(signal, event, number)
        position = decided[0].position
        if party.lead is not None:
            if party.lead.is_new:
                self._spare = ""
            self._link((*party.lead.links, *self._unpointed(signal)), party.lead.subject, position)
        if account.id is not None:
            self._link(account.links, account.id, position)
        return answers.recorded(
            decided, self.entries[-len(decided)].leaf, self._stage_after(decided[0])
        )

    def _unpointed(self, signal: Signal) -> tuple[Identifier, ...]:
        return tuple(one for one in signal.references if self.pointer(one) is None)

    def _link(self, identifiers: Sequence[Identifier], subject_id: str, position: int) -> None:
        for identifier in identifiers:
            self.pointers[identifier] = subject_id
            self.links.append(Link(identifier, subject_id, position))

    def _stage_after(self, event: Event) -> str | None:
        receiver = event.receiver
        if receiver.kind is SubjectKind.LEDGER:
            return None
        state = self.subjects[receiver.id].state
        return state.stage if state is not None else None

    def _enter(self, signal: Signal, event: Event, number: int) -> None:
        """Enter the signal's event (number 0), or one that follows from it."""
        if number > 0:
            self.enter_own(event, id=f"{event.cause}.{number}")
            return
        salt = os.urandom(SALT_BYTES) if signal.personal is not None else b""
        envelope = records.Envelope(
            source=signal.source,
            id=signal.id,
            subject_version=self._see(event),
            recorded_time=self._recorded_time,
            claimed_at=signal.claimed_at,
            key_id=signal.key_id,
            actor=signal.actor,
            department=signal.department,
            lifecycle=self.memory.lifecycle_version,
            rules=RULES,
            personal_digest=(
                records.personal_digest(salt, signal.personal)
                if signal.personal is not None
                else None
            ),
        )
        self._add(event, envelope, signal.fingerprint, salt, signal.personal)

    def enter_own(self, event: Event, *, id: str, lifecycle: int | None = None) -> None:
        """Enter an event that the service itself writes."""
        envelope = records.Envelope(
            source=records.OWN_SOURCE,
            id=id,
            subject_version=self._see(event),
            recorded_time=self._recorded_time,
            claimed_at=None,
            key_id=None,
            actor=records.OWN_SOURCE,
            department=None,
            lifecycle=self.memory.lifecycle_version if lifecycle is None else lifecycle,
            rules=RULES,
            personal_digest=None,
        )
        self._add(event, envelope, None, b"", None)

    def _add(
        self,
        event: Event,
        envelope: records.Envelope,
        fingerprint: bytes | None,
        salt: bytes,
        personal: bytes | None,
    ) -> None:
        record = records.encode(event, envelope)
        leaf = records.leaf_of(record)
        subject_id = event.subject.id or LEDGER_SUBJECT_ID
        # As text at once: it is stored as text, and the encoder's bytes hold a whole page each.
        text = record.decode()
        self.entries.append(
            Entry(event, envelope, subject_id, text, leaf, fingerprint, salt, personal)
        )

    def _see(self, event: Event) -> int:
        """Let the subject, and whoever it forwards to, see the event. Returns its version."""
        if event.forwarded_to is not None:
            self._see_as(event.forwarded_to, event)
        return self._see_as(event.subject.id or LEDGER_SUBJECT_ID, event)

    def _see_as(self, subject_id: str, event: Event) -> int:
        before = self.subjects.get(subject_id) or self.memory.subjects.get(subject_id)
        seen = after(before or newborn(event.subject.kind), event, subject_id)
        self.subjects[subject_id] = seen
        return seen.version

    def commit(self) -> None:
        """Let the memory stand where the ledger now stands."""
        self.memory.position = self.position
        self.memory.recorded_at = self.recorded_at
        self.memory.subjects.update(self.subjects)
        self.memory.pointers.update(self.pointers)
        self.memory.forget_oldest()


class _Mark(NamedTuple):
    """What a plan holds before a strict submission, to return to."""

    entries: list[Entry]
    subjects: dict[str, Remembered]
    pointers: dict[Identifier, str]
    links: list[Link]
    refused: list[Refused]
    own_keys: dict[tuple[str, str], Known]


class _Account(NamedTuple):
    id: str | None
    links: tuple[Identifier, ...] = ()
    is_new: bool = False
    is_missing: bool = False
    """Named by an id that no account has."""
