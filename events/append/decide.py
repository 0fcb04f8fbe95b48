"""Decide one signal on the draft of a batch, and enter the result.

The lifecycle of the signal's lead decides nearly every signal, with two exceptions. A new lifecycle
takes effect from its own position. Decisions about identity, retracted events and free days are
carried out by the service itself (`is_offered`).

A late report is entered without an outcome and leaves its subject unsettled. `settle_one` decides
the subject again, when another report needs it or the batch ends (`Plan.settle`).
"""

from collections.abc import Mapping, Sequence

from domain.case import Evolved
from domain.deciding.decide import NotAllowed, Party, decide, record_late
from domain.deciding.redecide import state_then, version_then
from domain.effects import Effects
from domain.event import NOTHING, Event
from domain.lead.state import State
from domain.lifecycle.compiled.table import CompiledLifecycle
from domain.lifecycle.conditions import lists_with
from domain.lifecycle.definition import EventKind, Lifecycle, SubjectKind
from domain.lifecycle.service_events import (
    BY_PERIOD,
    CALENDAR_CHANGED,
    EVENT,
    EVENTS,
    OTHER,
    PUBLISHED,
    UNLINKED,
    is_offered,
)
from domain.lifecycle.text.vocabulary import COMPANY_DOMAIN
from domain.rules.deals import COMPETITION
from domain.signal import Signal
from domain.times import format_utc
from events import refusal_texts
from events.append.declared_periods import objection as objection_to_declared
from events.append.resolve import (
    Concerned,
    Pointed,
    account_of,
    completed_unlinking,
    concerned_by,
    lead_of,
    pointed_by,
    redirected,
)
from events.batch.draft import Draft
from events.batch.entries import Link
from events.batch.upkeep import (
    bring_all_up_to_date,
    bring_up_to_date,
    is_later,
    is_too_late,
    members_of,
    occupied_by,
    reassess_lead,
    was_judged_since,
)
from events.lifecycles.calendar import change_calendar, changes_of, with_changes
from events.lifecycles.publish import asks_who_stands_where, compiled_from, objection, parsed
from events.limits import DECLARED_MAX, SETTLEMENTS_MAX
from events.outcomes import Recorded, outcome_of
from events.records import restatement_id
from events.refusals import Refusal
from events.revision.decisions import Circumstances, lead_named, subject_named, take_back
from events.revision.merge_accounts import decide_of_accounts
from events.revision.past import Recollection
from events.revision.planned_past import PlannedPast
from events.revision.prepared import prepared_for
from events.revision.redecide import pending_until
from events.revision.settle import objection_to, settle


def decide_signal(draft: Draft, signal: Signal, recollection: Recollection) -> Recorded | Refusal:
    """Decide a signal by the current rules; others may have been in force when it was parsed."""
    if signal.type.name == PUBLISHED:
        return _publish(draft, signal)
    event_type = draft.compiled.lifecycle.events.get(signal.type.name)
    if event_type is None:
        return refusal_texts.type_unknown(signal.type.name, draft.compiled.lifecycle)
    if event_type is not signal.type:
        signal = signal._replace(type=event_type)
    if event_type.name in BY_PERIOD:
        refusal = _objection_to_period(draft, signal, recollection)
        if refusal is not None:
            return refusal
    past = PlannedPast(draft, recollection)
    if is_offered(event_type):
        return _carry_out(draft, signal, past)
    return _decide(draft, signal, past)


def _objection_to_period(
    draft: Draft, signal: Signal, recollection: Recollection
) -> Refusal | None:
    """Compare what is for a period with all that was recorded before, including in this batch."""
    declared = recollection.declared_by(signal.type.name)
    if len(declared) >= DECLARED_MAX:
        return refusal_texts.too_much_declared(signal.type.name)
    in_batch = (entry.event.data for entry in draft.entries if entry.event.type == signal.type.name)
    earlier = (*declared, *in_batch)
    return objection_to_declared(signal, draft.compiled, earlier, position=draft.position)


def _publish(draft: Draft, signal: Signal) -> Recorded | Refusal:
    """Put another lifecycle in force from its position on, within this batch."""
    in_force, published = draft.compiled, draft.lifecycles
    asks = asks_who_stands_where(signal.data, published)
    occupied = occupied_by(draft) if asks else {}
    refusal = objection(signal.data, published, occupied)
    if refusal is not None:
        return refusal
    kept = {
        name: changes
        for name, changes in changes_of(in_force.publication).items()
        if name in parsed(signal.data["text"]).pace.calendars
    }
    data = {**with_changes(signal.data, kept), "version": in_force.version + 1}
    # A lifecycle is in force from when it is recorded.
    signal = signal._replace(data=data, occurred_at=draft.recorded_at)
    no_party = Party(None, None)
    decided = decide(in_force, State(), signal, no_party, position=draft.position + 1)
    assert not isinstance(decided, NotAllowed)
    recorded = _enter(draft, Concerned(signal, no_party), decided.events, in_force)
    draft.published.append(compiled_from(decided.events[0]))
    return recorded


def _decide(draft: Draft, signal: Signal, past: PlannedPast) -> Recorded | Refusal:
    signal = redirected(draft, signal)
    pointed = _up_to_date(draft, signal, pointed_by(draft, signal))
    concerned = concerned_by(draft, signal, pointed)
    if isinstance(concerned, Refusal):
        return concerned
    is_late, is_decision = _is_late(concerned), signal.type.kind is EventKind.DECISION
    if is_late and not is_decision:
        return _record_late(draft, concerned, past)
    waiting = _waiting(draft, concerned.party, is_decision=is_decision)
    if any(draft.settlements[subject_id] >= SETTLEMENTS_MAX for subject_id in waiting):
        return _record_late(draft, concerned, past, has_to_wait=True)
    if waiting:
        for subject_id in waiting:
            settle_one(draft, subject_id, past, may_carry=False)
        return _decide(draft, signal, past)
    return (_record_late if is_late else _decide_in_order)(draft, concerned, past)


def _up_to_date(draft: Draft, signal: Signal, pointed: Pointed) -> Pointed:
    """Bring the leads that a signal names up to its time, unless something happened after it."""
    at = signal.occurred_at
    if signal.subject is not SubjectKind.LEAD:
        return pointed
    if any(is_later(lead, at) for lead in pointed.leads.values()):
        return pointed
    was_behind = bring_all_up_to_date(draft, pointed.leads, upto=at)
    return pointed_by(draft, signal) if was_behind else pointed


def _is_late(concerned: Concerned) -> bool:
    """Whether something happened after it to the lead that a signal is about, or to the company.

    A report about a lead is decided in order even if something has happened to its company since,
    unless it changes the company, or the leads of the company have been judged again since.
    """
    signal, lead, state = concerned.signal, concerned.party.lead, concerned.state
    if signal.subject is SubjectKind.LEDGER:
        return False
    if lead is not None and lead.is_new and signal.type.kind is EventKind.DECISION:
        return False  # nobody has reported this lead, at any time
    if lead is None:
        return is_later(state.account, signal.occurred_at)
    at = signal.occurred_at
    concerned_leads = (state.lead, *(visitor for _, visitor in lead.absorbs))
    return was_judged_since(state.account, at) or any(
        is_later(lead, at) for lead in concerned_leads
    )


def _waiting(draft: Draft, party: Party, *, is_decision: bool) -> list[str]:
    """Return the parties to be decided again before a report about them, because of late reports.

    A fact about a lead does not wait for its company, which is decided again at the batch's end
    with all of its leads that have later events.
    """
    if not draft.unsettled:
        return []
    lead = party.lead
    ids = [] if lead is None else [lead.receiver, *(visitor for visitor, _ in lead.absorbs)]
    if party.account is not None and (lead is None or is_decision):
        ids.append(party.account)
    return [subject_id for subject_id in ids if subject_id in draft.unsettled]


def settle_one(draft: Draft, subject_id: str, past: PlannedPast, *, may_carry: bool = True) -> None:
    """Record what counts for a lead or a company, now that late reports about it are known."""
    if subject_id not in draft.unsettled:
        return
    settled = prepared_for(subject_id, past)
    if settled is None:
        settled = settle(
            subject_id,
            draft.unsettled,
            past,
            draft.lifecycles,
            position=draft.position + 1,
            recorded_at=draft.recorded_at,
            may_carry=may_carry,
        )
    draft.settled([subject_id, *settled.subjects])
    draft.settlements[subject_id] += 1
    for event in settled.carried.values():
        draft.carry(event)
    if settled.events:
        subject = settled.events[0].subject
        version = draft.newest(subject.id, subject.kind).version + 1
        draft.enter_group(
            settled.events,
            id=restatement_id(subject.id, version),
            lifecycle=draft.compiled.version,
        )


def postpone(draft: Draft, subject_id: str) -> None:
    """Leave it to a later batch to decide a lead again, because it cannot be done in this one."""
    for position in draft.unsettled[subject_id].positions:
        until = draft.may_wait.get(position)
        if until is None or position <= draft.memory.position:
            continue
        event = draft.entry_at(position).event
        if event.receiver.id == subject_id:
            waiting: Effects = {**event.effects, "pending_until": format_utc(until)}
            draft.carry(event._replace(effects=waiting))


def _record_late(
    draft: Draft, concerned: Concerned, past: PlannedPast, *, has_to_wait: bool = False
) -> Recorded | Refusal:
    """Record a late report without an outcome; a decision only if it was legal at its time."""
    party, state = concerned.party, concerned.state
    compiled, position = _compiled_for(draft, concerned, is_late=True), draft.position + 1
    signal = _under(concerned.signal, compiled.lifecycle)
    lead = party.lead
    until = None
    if lead is not None:
        version = draft.newest(lead.receiver, SubjectKind.LEAD).version
        if lead.receiver not in draft.unsettled and not draft.takes_on(version):
            has_to_wait = True
        until = pending_until(version, draft.recorded_at, may_wait=has_to_wait)
        draft.may_wait[position] = pending_until(version, draft.recorded_at, may_wait=True)
    if signal.type.kind is EventKind.DECISION:
        refused = _refused_then(draft, signal, party, compiled, past, is_pending=until is not None)
        if refused is not None:
            return refused
    decided = record_late(compiled, state, signal, party, position=position, pending_until=until)
    recorded = _enter(draft, concerned, decided, compiled)._replace(is_late=True)
    if until is not None:
        return recorded._replace(is_pending=True)
    receiver = lead.receiver if lead is not None else party.account
    assert receiver is not None
    draft.unsettle(receiver, position)
    for visitor, _ in lead.absorbs if lead is not None else ():
        draft.unsettle(visitor, position)
    return recorded


def _refused_then(
    draft: Draft,
    signal: Signal,
    party: Party,
    compiled: CompiledLifecycle,
    past: PlannedPast,
    *,
    is_pending: bool,
) -> Refusal | None:
    """Refuse a late decision that was not legal at its time.

    A lead with a long history is judged by the course last recorded.
    """
    position = draft.position + 1
    if is_pending:
        assert party.lead is not None
        state = draft.state(party.lead.receiver, party.account)
        decided = decide(compiled, state, signal, party, position=position)
        return refusal_texts.not_allowed(decided) if isinstance(decided, NotAllowed) else None
    account = party.account
    if account is not None and not draft.newest(account, SubjectKind.ACCOUNT).version:
        account = None  # it begins with this report, so nothing is known of it
    found = objection_to(
        signal, party, past, draft.lifecycles, compiled, position=position, company=account
    )
    if found is None:
        return None
    return refusal_texts.not_allowed_then(found.refused, signal.occurred_at, found.first_at)


def _compiled_for(
    draft: Draft, concerned: Concerned, *, is_late: bool = False
) -> CompiledLifecycle:
    """Return the version of the lead at the time of a report; for a new lead, the one in force."""
    signal, lead, in_force = concerned.signal, concerned.party.lead, draft.compiled
    state = concerned.state.lead
    if lead is None or lead.is_new:
        return in_force
    if not is_late and state.lifecycle == in_force.version:
        return in_force
    return version_then(draft.lifecycles, state, signal.occurred_at, signal.type.name)


def _decide_in_order(draft: Draft, concerned: Concerned, past: PlannedPast) -> Recorded | Refusal:
    signal, party, state = concerned.signal, concerned.party, concerned.state
    at, account = signal.occurred_at, party.account
    members = _judged_with(draft, signal, account)
    if members:
        state = draft.state(None, account)
    compiled = _compiled_for(draft, concerned)
    then = state_then(state, compiled, at)
    signal = _under(signal, compiled.lifecycle)
    decided = decide(compiled, then, signal, party, position=draft.position + 1)
    if isinstance(decided, NotAllowed):
        return refusal_texts.not_allowed(decided)
    if is_too_late(draft, account, decided.events):
        return _record_late(draft, concerned, past)
    recorded = _enter(draft, concerned, decided.events, compiled, decided.states)
    if account is None:
        return recorded
    before, after = state.account, draft.account(account)
    assert before is not None
    if after.timeline != before.timeline:
        _unsettle_later(draft, account, decided.events[0], past)
    judged = members if after.competitor != before.competitor else ()
    for lead_id in judged:
        if lead_id not in draft.unsettled:
            cause = decided.events[0].position
            reassess_lead(draft, lead_id, draft.compiled, cause=cause, at=at)
    return recorded


def _judged_with(draft: Draft, signal: Signal, account_id: str | None) -> Sequence[str]:
    """Return the leads that are judged again if their company becomes a competitor, or stops being.

    Their timers that are due before that fire under its previous status.
    """
    if signal.type.role not in COMPETITION or account_id is None:
        return ()
    members = members_of(draft, account_id)
    for lead_id in members:
        if not is_later(draft.lead(lead_id), signal.occurred_at):
            bring_up_to_date(draft, lead_id, upto=signal.occurred_at)
    return members


def _unsettle_later(draft: Draft, account_id: str, event: Event, past: PlannedPast) -> None:
    """Have the leads decided again to which something happened after their company changed."""
    for lead_id in past.members(account_id):
        if is_later(draft.lead(lead_id), event.occurred_at):
            draft.takes_on(draft.newest(lead_id, SubjectKind.LEAD).version)
            draft.unsettle(lead_id, event.position)


def _under(signal: Signal, lifecycle: Lifecycle) -> Signal:
    """Replace a signal's type by the lifecycle's own, and a domain by the word lists it is in."""
    if signal.subject is not SubjectKind.LEDGER:
        declared = lifecycle.events[signal.type.name]
        if declared is not signal.type:
            signal = signal._replace(type=declared)
    if signal.mail_domain is None:
        return signal
    lists = lists_with(signal.mail_domain, lifecycle.value_lists)
    return signal._replace(attributes={**signal.attributes, COMPANY_DOMAIN: lists})


def _carry_out(draft: Draft, signal: Signal, past: PlannedPast) -> Recorded | Refusal:
    """Decide what the state machine does not: identity, retracted events, free days."""
    in_force = draft.compiled
    if signal.type.name == UNLINKED:
        return _unlink(draft, signal, past)
    decided: Sequence[Event] | Refusal
    if signal.type.name == CALENDAR_CHANGED:
        # It is in force from when it is recorded.
        signal = signal._replace(occurred_at=draft.recorded_at)
        decided = change_calendar(signal, in_force, position=draft.position + 1)
    elif signal.type.subject is SubjectKind.ACCOUNT:
        decided = _decide_of_accounts(draft, signal, past)
    else:
        decided = _take_back(draft, signal, past)
    if isinstance(decided, Refusal):
        return decided
    draft.enter(signal, decided, lifecycle=in_force.version)
    draft.published += [compiled_from(event) for event in decided if event.type == PUBLISHED]
    return _answer(draft, decided, signal)


def _decide_of_accounts(
    draft: Draft, signal: Signal, past: PlannedPast
) -> Sequence[Event] | Refusal:
    account = account_of(draft, signal)
    if account.is_missing or account.is_new or account.id is None:
        return refusal_texts.account_unknown()
    table, position = draft.compiled.account, draft.position + 1
    return decide_of_accounts(signal, account.id, past, table=table, position=position)


def _take_back(draft: Draft, signal: Signal, past: PlannedPast) -> Sequence[Event] | Refusal:
    if EVENT not in signal.type.fields:
        leads = pointed_by(draft, signal).leads
        bring_all_up_to_date(draft, leads, upto=draft.recorded_at)
    lead_id = _lead_taken_back(draft, signal, past)
    if isinstance(lead_id, Refusal):
        return lead_id
    _bring_both_up_to_date(draft, signal, lead_id, past)
    return take_back(signal, lead_id, past, _circumstances(draft))


def _circumstances(draft: Draft) -> Circumstances:
    return Circumstances(draft.lifecycles, draft.compiled, draft.position + 1, draft.recorded_at)


def _unlink(draft: Draft, signal: Signal, past: PlannedPast) -> Recorded | Refusal:
    """Move another person's reports, and the identifiers that name that person, to a new lead."""
    lead_id = _lead_taken_back(draft, signal, past)
    if isinstance(lead_id, Refusal):
        return lead_id
    _bring_both_up_to_date(draft, signal, lead_id, past)
    positions = map(int, signal.data[EVENTS])
    business = [reference for position in positions for reference in past.references(position)]
    completed = completed_unlinking(draft, signal, lead_id, business)
    if isinstance(completed, Refusal):
        return completed
    decided = take_back(completed, lead_id, past, _circumstances(draft))
    if isinstance(decided, Refusal):
        return decided
    position, other = decided[0].position, completed.data[OTHER]
    links = [Link(key, other, position, is_moved=True) for key in completed.identifiers]
    draft.enter(completed, decided, lifecycle=draft.compiled.version, links=links)
    return _answer(draft, decided, completed)


def _lead_taken_back(draft: Draft, signal: Signal, past: PlannedPast) -> str | Refusal:
    """Find the lead that a decision is about: by an event, by its id, or by any identifier."""
    if EVENT in signal.type.fields:
        return subject_named(signal, past)
    if signal.type.name == UNLINKED:
        known = lead_named(signal.lead_id, past) if signal.lead_id is not None else None
        return refusal_texts.lead_unknown() if known is None else known.id
    lead = lead_of(draft, signal, pointed_by(draft, signal))
    if isinstance(lead, Refusal):
        return lead
    return refusal_texts.lead_unknown() if lead.is_new else lead.subject


def _bring_both_up_to_date(draft: Draft, signal: Signal, lead_id: str, past: PlannedPast) -> None:
    """Fire the due timers of the one or two leads that a decision is about."""
    for concerned_id in (lead_id, signal.data.get(OTHER)):
        concerned = lead_named(concerned_id, past) if concerned_id is not None else None
        if concerned is not None and concerned.state.timers:
            bring_up_to_date(draft, concerned.receiver, upto=draft.recorded_at)


def _enter(
    draft: Draft,
    concerned: Concerned,
    decided: Sequence[Event],
    compiled: CompiledLifecycle,
    states: Mapping[str, Evolved] = NOTHING,
) -> Recorded:
    """Enter what was decided, and point its identifiers to the subject that it is about."""
    signal, party, account_links, _ = concerned
    position = decided[0].position
    references = tuple(key for key in signal.references if draft.pointer(key) is None)
    links: list[Link] = []
    if party.lead is not None:
        subject = party.lead.subject
        links += [Link(key, subject, position) for key in (*party.lead.links, *references)]
        references = ()
    if party.account is not None:
        links += [Link(key, party.account, position) for key in (*account_links, *references)]
    draft.enter(signal, decided, lifecycle=compiled.version, links=links, states=states)
    return _answer(draft, decided, signal)


def _answer(draft: Draft, decided: Sequence[Event], signal: Signal) -> Recorded:
    first = decided[0]
    receiver = first.receiver
    stage = None
    if receiver.kind is not SubjectKind.LEDGER:
        state = draft.subjects[receiver.id].state
        stage = state.stage if state is not None else None
    return outcome_of(decided, draft.entry_at(first.position).leaf, stage, signal)
