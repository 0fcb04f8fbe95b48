"""Decisions about identity and about retracted events, carried out by the service itself.

The state machine is not involved, because they are not legal or illegal in any stage. Each results
in its own event, the events that change the forwarding of leads, and the events that follow from
deciding the leads concerned again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from domain.effects import NO_EFFECTS, Effects
from domain.event import Event, Subject
from domain.lead.absorption import absorption, connected, on_both
from domain.lead.evolve import evolve
from domain.lead.identity import are_apart
from domain.lead.numbers import OPPORTUNITY_FIELD, ORDER_FIELD, numbers_of
from domain.lead.state import INITIAL_LEAD, AccountState, LeadState, State
from domain.lifecycle.compiled.table import CompiledLifecycle
from domain.lifecycle.definition import SubjectKind
from domain.lifecycle.service_events import (
    ABSORBED,
    CALENDAR_CHANGED,
    CORRECTED,
    DISMISSED,
    EVENT,
    EVENTS,
    FIELDS,
    KEPT_APART,
    KINDS,
    MERGED,
    OTHER,
    TIME,
    UNLINKED,
    UNMERGED,
    VOIDED,
    is_offered,
)
from domain.signal import Signal
from events.lifecycles.calendar import change_calendar
from events.records import OWN_SOURCE, Record
from events.refusals import Refusal
from events.revision.affected import Taken, is_report, owners_in
from events.revision.merge_accounts import decide_of_accounts
from events.revision.past import HistoryTooLong, Past, receiver_in
from events.revision.redecide import signal_of
from events.revision.restate import restate
from events.signals.fields import mismatch_as_recorded


class Circumstances(NamedTuple):
    """What a decision depends on, in addition to the past."""

    lifecycles: Mapping[int, CompiledLifecycle]
    lifecycle: CompiledLifecycle
    """The lifecycle in force."""
    position: int
    """The position that the decision will take."""
    recorded_at: datetime


class Lead(NamedTuple):
    """A lead that is named, and the one that it forwards to."""

    id: str
    receiver: str
    state: LeadState
    """The state of the receiver."""

    @property
    def subject(self) -> Subject:
        return Subject(SubjectKind.LEAD, self.id)

    @property
    def forwarded_to(self) -> str | None:
        return self.receiver if self.receiver != self.id else None


def subject_named(signal: Signal, past: Past) -> str | Refusal:
    """Return the lead of the event at the named position, if that event can be taken back."""
    return _recorded_of(int(signal.data[EVENT]), past, f"/data/{EVENT}")


def _recorded_of(position: int, past: Past, pointer: str) -> str | Refusal:
    """Return the lead that a report was recorded for, if the report can be taken back."""
    record = past.record(position)
    if record is None:
        return Refusal("event-unknown", "Nothing is recorded at this position.", pointer)
    is_of_lead = record.event.subject.kind is SubjectKind.LEAD
    if not is_of_lead or not is_report(record) or record.envelope.source == OWN_SOURCE:
        return _not_to_be_taken_back(record, pointer)
    return record.event.subject.id


def take_back(
    signal: Signal, lead_id: str, past: Past, by: Circumstances
) -> Sequence[Event] | Refusal:
    """Return the decision and the events that follow from it, or why it cannot be carried out."""
    try:
        return _TakingBack(signal, past, by).carry_out(lead_id)
    except HistoryTooLong as error:
        return Refusal(
            "history-too-long",
            f"{error} Correct its stage, or report what is missing.",
        )


def carry_out_again(
    group: Sequence[Record], past: Past, by: Circumstances
) -> Sequence[Event] | Refusal | None:
    """Return how this code carries out a recorded decision, given the past before it.

    None: the lifecycle does not offer it.
    """
    first = group[0].event
    event_type = by.lifecycle.lifecycle.events.get(first.type)
    if event_type is None or not is_offered(event_type):
        return None
    signal = signal_of(group[0], event_type)._replace(may_administer=True)
    if first.type == CALENDAR_CHANGED:
        return change_calendar(signal, by.lifecycle, position=by.position)
    if first.subject.kind is SubjectKind.ACCOUNT:
        table = by.lifecycle.account
        return decide_of_accounts(signal, first.subject.id, past, table=table, position=by.position)
    if EVENT in event_type.fields:
        named = subject_named(signal, past)
        if named != first.subject.id:
            return named if isinstance(named, Refusal) else []
    return take_back(signal, first.subject.id, past, by)


def lead_named(lead_id: str, past: Past) -> Lead | None:
    """Return a lead with the one that it forwards to; None if no lead has this id."""
    receiver, state = receiver_in(past, lead_id)
    return Lead(lead_id, receiver, state) if isinstance(state, LeadState) else None


@dataclass(slots=True)
class _TakingBack:
    """One decision. A class, because all its steps need the signal and the past."""

    signal: Signal
    past: Past
    by: Circumstances

    def carry_out(self, lead_id: str) -> Sequence[Event] | Refusal:
        lead = lead_named(lead_id, self.past)
        assert lead is not None
        name = self.signal.type.name
        of_one = {
            UNMERGED: self._unmerge,
            VOIDED: self._take_back,
            CORRECTED: self._take_back,
            UNLINKED: self._unlink,
        }
        if name in of_one:
            return of_one[name](lead)
        other = lead_named(self.signal.data[OTHER], self.past)
        if other is None:
            return Refusal("lead-unknown", "No lead has this id.", f"/data/{OTHER}")
        of_two = {MERGED: self._merge, DISMISSED: self._dismiss, KEPT_APART: self._keep_apart}
        return of_two[name](lead, other)

    def _merge(self, lead: Lead, other: Lead) -> Sequence[Event] | Refusal:
        if lead.receiver == other.receiver:
            return [self._first(lead, {"already": True})]
        if self._are_apart(lead, other):
            return _not_mergeable("An earlier decision states that the two are different people.")
        if not (lead.state.known and other.state.known):
            return _not_mergeable(
                "Only leads about whom something personal is known can be merged. A visitor is "
                "absorbed when the person identifies themselves."
            )
        first = self._first(lead, {"absorbs": other.receiver})
        # From here on its stays no longer count as another person's.
        effects: Effects = {"merged": True, "stays": []}
        absorbed = self._absorbed(other.receiver, by=lead.receiver, effects=effects)
        leads = {other.receiver: evolve(other.state, absorbed)}
        taken = Taken(first, leads, concerned=(lead.receiver,))
        return [first, absorbed, *self._restate(taken, after=2)]

    def _absorbed(
        self, lead_id: str, *, by: str, effects: Effects = NO_EFFECTS, after: int = 1
    ) -> Event:
        return absorption(
            Subject(SubjectKind.LEAD, lead_id),
            self._state(lead_id),
            by=by,
            at=self.signal.occurred_at,
            position=self.by.position + after,
            cause=self.by.position,
            effects=effects,
        )

    def _unmerge(self, lead: Lead) -> Sequence[Event]:
        state = self._state(lead.id)
        if state.absorbed_by is None:
            return [self._first(lead, {"already": True})]
        first = self._first(lead, {"absorbed_by": None, "merged": False})
        first = first._replace(forwarded_to=None)
        taken = Taken(first, {lead.id: evolve(state, first)}, concerned=(lead.id, lead.receiver))
        return [first, *self._restate(taken, after=1)]

    def _unlink(self, lead: Lead) -> Sequence[Event] | Refusal:
        """Move reports to another person, whose lead begins now, as if they named that person."""
        lead = lead._replace(id=lead.receiver)
        moved = self._moved(lead)
        if isinstance(moved, Refusal):
            return moved
        other: str = self.signal.data[OTHER]
        first = self._first(lead, {"parted": [other]})
        sources = [lead_id for lead_id in moved if lead_id != lead.id]
        begun = first._replace(
            position=first.position + 1,
            subject=Subject(SubjectKind.LEAD, other),
            data={OTHER: lead.id, KINDS: self.signal.data[KINDS]},
            effects={"parted": [lead.id, *sources]},
            cause=first.position,
        )
        events = [first, begun]
        for source in sources:
            data = {OTHER: other, EVENTS: self.signal.data[EVENTS]}
            events.append(
                begun._replace(
                    position=first.position + len(events),
                    subject=Subject(SubjectKind.LEAD, source),
                    data=data,
                    effects={"parted": [other]},
                )
            )
        for visitor in self._absorbed_with(lead):
            events.append(self._absorbed(visitor, by=other, after=len(events)))
        leads = {lead.id: evolve(lead.state, first), other: evolve(INITIAL_LEAD, begun)}
        for event in events[2:]:
            leads[event.subject.id] = evolve(self._state(event.subject.id), event)
        taken = Taken(first, leads, concerned=(lead.id, other), begun=begun)
        return [*events, *self._restate(taken, after=len(events))]

    def _moved(self, lead: Lead) -> list[str] | Refusal:
        """Return the leads for which the moved reports were recorded, each once."""
        subjects: dict[str, None] = {}
        for place, position in enumerate(map(int, self.signal.data[EVENTS])):
            pointer = f"/data/{EVENTS}/{place}"
            subject_id = _recorded_of(position, self.past, pointer)
            if isinstance(subject_id, Refusal):
                return subject_id
            owner = self._owner(position, subject_id)
            if owner.receiver != lead.receiver:
                return Refusal(
                    "taking-back-not-possible",
                    f"The event at position {position} is not about this lead: name events from "
                    "its history.",
                    pointer,
                    {"found": f"lead/{owner.receiver}"},
                )
            subjects[subject_id] = None
        return list(subjects)

    def _absorbed_with(self, lead: Lead) -> list[str]:
        """Visitors that were absorbed because of one of the moved reports."""
        moved = {int(position) for position in self.signal.data[EVENTS]}
        # An absorbed lead still lists the leads it absorbed before, maybe even its receiver.
        _, *absorbed = connected([lead.id], lambda member: self._state(member).absorbs)
        visitors = [other for other in absorbed if not self._state(other).merged]
        history = (record.event for record in self.past.histories(visitors))
        absorptions = (event for event in history if event.type == ABSORBED)
        return list(
            dict.fromkeys(event.subject.id for event in absorptions if event.cause in moved)
        )

    def _owner(self, position: int, subject_id: str) -> Lead:
        """Return the lead that a report belongs to: where it was last moved, or its subject."""
        owner = subject_id
        if self._state(subject_id).parted:
            history = (record.event for record in self.past.histories([subject_id]))
            unlinkings = (event for event in history if event.type == UNLINKED)
            owner = owners_in(unlinkings).get(position, subject_id)
        lead = lead_named(owner, self.past)
        assert lead is not None
        return lead

    def _state(self, lead_id: str) -> LeadState:
        state = self.past.subject(lead_id)
        assert isinstance(state, LeadState)
        return state

    def _keep_apart(self, lead: Lead, other: Lead) -> Sequence[Event] | Refusal:
        if lead.receiver == other.receiver:
            return _not_mergeable("The two are merged: unmerge them first.")
        if self._are_apart(lead, other):
            return [self._first(lead, {"already": True})]
        return self._on_both(lead, other, "apart")

    def _dismiss(self, lead: Lead, other: Lead) -> Sequence[Event]:
        """Close an open conflict. Identifiers that the two share still name neither."""
        waits = other.receiver in lead.state.conflicts or lead.receiver in other.state.conflicts
        if not waits:
            return [self._first(lead, {"already": True})]
        return self._on_both(lead, other, "dismissed")

    def _on_both(
        self, lead: Lead, other: Lead, effect: Literal["apart", "dismissed"]
    ) -> Sequence[Event]:
        first = self._first(lead, {})
        return on_both(first, other.subject, effect, forwarded_to=other.forwarded_to)

    def _take_back(self, lead: Lead) -> Sequence[Event] | Refusal:
        """Void an event, or count it with corrected content."""
        position = int(self.signal.data[EVENT])
        record = self.past.record(position)
        assert record is not None
        source = record.envelope.source
        if source != self.signal.source and not self.signal.may_administer:
            return Refusal(
                "scope-missing",
                "The event is from another source. Taking it back requires a key with the scope "
                "ledger:admin.",
                f"/data/{EVENT}",
                {"expected": "ledger:admin"},
            )
        is_voided = any(
            record.event.type == VOIDED and int(record.event.data[EVENT]) == position
            for record in self.past.histories([lead.id])
        )
        if is_voided and self.signal.type.name == VOIDED:
            return [self._first(lead, {"already": True})]
        if is_voided:
            return Refusal(
                "taking-back-not-possible",
                "The event is voided and no longer counts. Report it again, as it happened.",
                f"/data/{EVENT}",
            )
        owner = self._owner(position, lead.id)
        effects: Effects = {}
        if self.signal.type.name == CORRECTED:
            refusal = self._check_fields(record)
            if refusal is not None:
                return refusal
            effects = self._numbers_meant(record, owner)
        first = self._first(lead, effects)
        taken = Taken(first, {}, concerned=tuple(dict.fromkeys((lead.receiver, owner.receiver))))
        return [first, *self._restate(taken, after=1)]

    def _check_fields(self, record: Record) -> Refusal | None:
        """Refuse a corrected field that the event cannot have."""
        lifecycle = self.by.lifecycles[record.envelope.lifecycle].lifecycle
        event_type = lifecycle.events[record.event.type]
        for name, value in self.signal.data[FIELDS].items():
            field = event_type.fields.get(name)
            if name == TIME:
                continue
            if field is None:
                expected = f"a field of {event_type.name}: {', '.join(event_type.fields)}"
            elif value is None:
                expected = f"a value, which {event_type.name} needs" if field.required else ""
            else:
                expected = mismatch_as_recorded(field, value) or ""
            if expected:
                return Refusal(
                    "event-invalid",
                    f"The field {name} is not {expected}.",
                    f"/data/{FIELDS}/{name}",
                    {"expected": expected},
                )
        return None

    def _numbers_meant(self, record: Record, lead: Lead) -> Effects:
        """Return which deal and which order the event is about once its numbers are corrected."""
        fields = self.signal.data[FIELDS]
        if {OPPORTUNITY_FIELD, ORDER_FIELD}.isdisjoint(fields):
            return {}
        lifecycle = self.by.lifecycles[record.envelope.lifecycle].lifecycle
        reported = signal_of(record, lifecycle.events[record.event.type])
        account = self.past.subject(lead.state.account) if lead.state.account is not None else None
        assert account is None or isinstance(account, AccountState)
        state = State(lead.state, account)
        corrected = reported._replace(data={**reported.data, **fields})
        return numbers_of(corrected, state, lifecycle.shared_numbers).effects()

    def _first(self, lead: Lead, effects: Effects) -> Event:
        return Event(
            self.by.position,
            self.signal.type.name,
            lead.subject,
            self.signal.occurred_at,
            self.signal.data,
            effects,
            forwarded_to=lead.forwarded_to,
        )

    def _restate(self, taken: Taken, *, after: int) -> list[Event]:
        return restate(
            self.past,
            taken,
            lifecycles=self.by.lifecycles,
            position=self.by.position + after,
            at=self.signal.occurred_at,
        ).events

    def _are_apart(self, lead: Lead, other: Lead) -> bool:
        leads = {lead.receiver: lead.state, other.receiver: other.state}
        return are_apart(lead.receiver, other.receiver, leads)


def _not_to_be_taken_back(record: Record, pointer: str) -> Refusal:
    event = record.event
    if record.envelope.source == OWN_SOURCE:
        why = "was derived by the service: take back the event that it follows from"
    elif event.subject.kind is SubjectKind.LEAD:
        why = "is itself a decision about identity or about what counts: send a new decision"
    else:
        why = f"is about the {event.subject.kind}, and only reports about leads can be taken back"
    return Refusal(
        "taking-back-not-possible",
        f"{event.type} at position {event.position} {why}.",
        pointer,
        {"found": event.type},
    )


def _not_mergeable(why: str) -> Refusal:
    return Refusal("merge-not-possible", why, f"/data/{OTHER}")
