"""Decide again what the ledger decided, using only its records.

A record holds everything the decision was based on: the declared data, what was new about the
person, what was linked or absorbed, the department that reported. Each reported event can therefore
be passed to `decide` again, under the lifecycle version that it names, and must give the recorded
result.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial

from domain.deciding.decide import Decided, NotAllowed, Party, decide, record_late
from domain.deciding.reassess import reassess
from domain.deciding.redecide import state_then
from domain.deciding.timers import fire, first_due
from domain.event import Event
from domain.lead.absorption import follow_forwarding
from domain.lead.identity import Resolution
from domain.lead.state import INITIAL_ACCOUNT, INITIAL_LEAD, LATE, AccountState, LeadState, State
from domain.lifecycle.compiled.table import CompiledLifecycle
from domain.lifecycle.definition import EventType, SubjectKind
from domain.lifecycle.service_events import ABSORBED, ACCOUNT_CONFLICTED, CONFLICTED, LINKED
from domain.signal import Identifier, Signal
from events.batch.memory import Remembered, absorbed_by, newborn
from events.limits import PENDING_WAIT_PER_EVENT, SETTLED_AT_ONCE_EVENTS_MAX
from events.records import Record
from events.refusals import Refusal

Subjects = Mapping[str, Remembered]
DecidesAgain = Callable[
    [CompiledLifecycle, Subjects, Sequence[Record]], "Sequence[Event] | NotAllowed | Refusal | None"
]


def decide_again(
    compiled: CompiledLifecycle, subjects: Subjects, group: Sequence[Record]
) -> Sequence[Event] | NotAllowed | None:
    """Return what this code decides for a reported event, given the subjects before it.

    `group` is the event and those derived from it. None: its type is not in the lifecycle.
    """
    first = group[0].event
    event_type = compiled.lifecycle.events.get(first.type)
    if event_type is None:
        return None
    derived = [record.event for record in group[1:]]
    party = _party(first, derived, subjects)
    signal = signal_of(group[0], event_type)
    receiver = party.lead.receiver if party.lead is not None else None
    state = state_then(_state(receiver, party.account, subjects), compiled, first.occurred_at)
    return _events_of(decide(compiled, state, signal, party, position=first.position))


def _events_of(decided: Decided | NotAllowed) -> Sequence[Event] | NotAllowed:
    return decided.events if isinstance(decided, Decided) else decided


def pending_until(version: int, recorded_at: datetime, *, may_wait: bool) -> datetime | None:
    """Return when a lead with this many events is decided again; None for at once.

    With few events it waits only if there is a reason: it was decided again often in one batch, or
    could not be decided.
    """
    if version <= SETTLED_AT_ONCE_EVENTS_MAX and not may_wait:
        return None
    return recorded_at + version * PENDING_WAIT_PER_EVENT


def record_late_again(
    compiled: CompiledLifecycle, subjects: Subjects, group: Sequence[Record]
) -> Sequence[Event] | NotAllowed | None:
    """Return what this code records of a late report, given the subjects before it."""
    first = group[0].event
    event_type = compiled.lifecycle.events.get(first.type)
    if event_type is None:
        return None
    signal, party = reported_late(group, event_type, subjects)
    receiver = party.lead.receiver if party.lead is not None else None
    state = _state(receiver, party.account, subjects)
    until = None
    if receiver is not None:
        known = subjects.get(receiver, newborn(SubjectKind.LEAD))
        recorded_at = datetime.fromisoformat(group[0].envelope.recorded_time)
        may_wait = "pending_until" in first.effects
        until = pending_until(known.version, recorded_at, may_wait=may_wait)
    decided = record_late(
        compiled, state, signal, party, position=first.position, pending_until=until
    )
    if until is None and receiver is not None and LATE not in first.effects:
        # It carries effects, which are judged when everything is decided again.
        return [decided[0]._replace(effects=first.effects), *decided[1:]]
    return decided


def reported_late(
    group: Sequence[Record], event_type: EventType, subjects: Subjects
) -> tuple[Signal, Party]:
    """Return the late report from which a group was made, and whom it concerned."""
    first = group[0].event
    party = _party(first, [record.event for record in group[1:]], subjects)
    if party.lead is not None:
        lead = _lead(party.lead.receiver, subjects)
        own = (
            follow_forwarding(lead.account, partial(_absorbed_by, subjects))
            if lead.account
            else None
        )
        party = party._replace(account=reported_account(first) or own)
    return signal_of(group[0], event_type), party


def _absorbed_by(subjects: Subjects, subject_id: str) -> str | None:
    return absorbed_by(subjects.get(subject_id))


def signal_of(record: Record, event_type: EventType) -> Signal:
    """Return the report from which a record was made, with everything that deciding depends on."""
    first, envelope = record
    effects = first.effects
    repeats = effects.get("repeats", {})
    return Signal(
        source=envelope.source,
        id=envelope.id,
        type=event_type,
        subject=first.subject.kind,
        occurred_at=first.occurred_at,
        claimed_at=envelope.claimed_at,
        key_id=envelope.key_id or "",
        department=envelope.department,
        data=first.data,
        names_account=repeats.get("outright", False),
        recorded_by_name=repeats.get("by_name", False),
        attributes={**effects.get("attributes", {}), **repeats.get("attributes", {})},
        holds_personal_data="known" in effects or "known" in repeats,
        cause=first.cause,
    )


def reported_account(first: Event) -> str | None:
    """Return the account that a report named, whether the lead joined it or not."""
    effects = first.effects
    account: str | None = effects.get("account") or effects.get("repeats", {}).get("account")
    return account


def fire_again(
    compiled: CompiledLifecycle, subjects: Subjects, group: Sequence[Record]
) -> Sequence[Event] | NotAllowed | None:
    """Return what this code decides for the timer that fired here, given the subjects before it.

    None: no timer of this lead was due by the time that the firing was recorded.
    """
    first, envelope = group[0]
    lead_id = first.subject.id
    lead = _lead(lead_id, subjects)
    if not lead.timers:
        return None
    state, due_at = _state(lead_id, lead.account, subjects), first_due(lead).due_at
    fired = fire(
        compiled,
        state_then(state, compiled, due_at, is_before=True),
        lead_id=lead_id,
        id=envelope.id,
        source=envelope.source,
        upto=datetime.fromisoformat(envelope.recorded_time),
        position=first.position,
    )
    return _events_of(fired) if fired is not None else None


def reassess_again(
    compiled: CompiledLifecycle, subjects: Subjects, group: Sequence[Record]
) -> Sequence[Event] | NotAllowed | None:
    """Return what this code decides for a reassessed lead, given the subjects before it."""
    first, envelope = group[0]
    lead_id = first.subject.id
    assert first.cause is not None
    state = _state(lead_id, _lead(lead_id, subjects).account, subjects)
    return reassess(
        compiled,
        state_then(state, compiled, first.occurred_at),
        lead_id=lead_id,
        id=envelope.id,
        source=envelope.source,
        cause=first.cause,
        occurred_at=first.occurred_at,
        position=first.position,
    ).events


def _party(first: Event, derived: Sequence[Event], subjects: Subjects) -> Party:
    linked = {
        event.subject.kind: tuple(event.data["kinds"]) for event in derived if event.type == LINKED
    }
    account_links = linked.get(SubjectKind.ACCOUNT, ())
    namesakes = tuple(
        other
        for event in derived
        if event.type == ACCOUNT_CONFLICTED
        for other in event.data["with"]
    )
    if first.subject.kind is SubjectKind.ACCOUNT:
        return Party(None, first.subject.id, account_links, account_conflicts=namesakes)
    if first.subject.kind is SubjectKind.LEDGER:
        return Party(None, None)
    receiver = first.receiver.id
    resolution = Resolution(
        subject=first.subject.id,
        receiver=receiver,
        is_new=receiver not in subjects or _lead(receiver, subjects).void,
        links=tuple(Identifier(kind, b"") for kind in linked.get(SubjectKind.LEAD, ())),
        absorbs=tuple(
            (event.subject.id, _lead(event.subject.id, subjects))
            for event in derived
            if event.type == ABSORBED
        ),
        conflicts=tuple(
            other for event in derived if event.type == CONFLICTED for other in event.data["with"]
        ),
        shares=tuple(
            Identifier(kind, b"")
            for event in derived
            if event.type == CONFLICTED
            for kind in event.data.get("shared", ())
        ),
        merged_person=next(
            (
                event.data["by"]
                for event in derived
                if event.type == ABSORBED and event.data["by"] != receiver
            ),
            None,
        ),
    )
    lead = _lead(receiver, subjects)
    account = first.effects.get("account", lead.account)
    return Party(resolution, account, account_links, reported_account(first), namesakes)


def _state(lead_id: str | None, account_id: str | None, subjects: Subjects) -> State:
    lead = _lead(lead_id, subjects) if lead_id is not None else INITIAL_LEAD
    if account_id is None:
        return State(lead, None)
    remembered = subjects.get(account_id)
    account = remembered.state if remembered is not None else INITIAL_ACCOUNT
    assert isinstance(account, AccountState)
    return State(lead, account)


def _lead(lead_id: str, subjects: Subjects) -> LeadState:
    state = subjects.get(lead_id, newborn(SubjectKind.LEAD)).state
    assert isinstance(state, LeadState)
    return state
