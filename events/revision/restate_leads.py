"""What counts for leads after something is taken back: one `lead.restated` for each.

The leads concerned and all leads that forward to them are decided again together, from their
records, and compared with what is recorded. A lead's account is taken from the records of others;
if the lead's own share in it has changed, it is restated too.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from domain.deciding.redecide import Outcome, Outcomes, named_by
from domain.event import Event, Subject
from domain.lead import state_json
from domain.lead import stays as stay_text
from domain.lead.identity import are_apart, receiver_of
from domain.lead.state import INITIAL_ACCOUNT, INITIAL_LEAD, AccountState, LeadState
from domain.lead.stays import NO_STAYS, Stays, differences
from domain.lifecycle.compiled.table import CompiledLifecycle
from domain.lifecycle.definition import MoveKind, SubjectKind
from domain.lifecycle.service_events import (
    ACCOUNT_RESTATED,
    CONFLICTED,
    DISMISSED,
    EVENTS,
    KEPT_APART,
    KINDS,
    LINKED,
    OTHER,
    RESTATED,
    TAKEN,
    UNLINKED,
)
from domain.signal import ANONYMOUS_ID, REFERENCES
from events.records import Record
from events.revision.affected import Neighbourhood, Taken
from events.revision.past import Past
from events.revision.reports import decide_neighbourhood_again
from events.revision.restate_accounts import account_after, become_customer, share_of


def restate(
    past: Past,
    taken: Taken,
    *,
    lifecycles: Mapping[int, CompiledLifecycle],
    lifecycle: CompiledLifecycle,
    position: int,
    recorded_at: datetime,
) -> list[Event]:
    """Return the events that state what counts from now on; the first takes `position`."""
    around = Neighbourhood(past, taken, lifecycles)
    outcomes = decide_neighbourhood_again(around, upto=recorded_at)
    events: list[Event] = []
    for lead_id in _restated(around, outcomes):
        outcome = outcomes.leads.get(lead_id, Outcome(INITIAL_LEAD))
        event = _of_lead(around, lead_id, outcome)
        events.append(event._replace(position=position + len(events)))
    for account_id in around.accounts:
        found = _of_account(around, account_id, outcomes, lifecycle)
        if found is not None:
            events.append(found._replace(position=position + len(events)))
    return events


def _restated(around: Neighbourhood, outcomes: Outcomes) -> list[str]:
    """The leads to restate: those concerned, those that lost a report, those whose outcome differs.

    A lead may have lost a report that concerns another lead, which has absorbed it since.
    """
    taken = around.taken
    others = [
        lead_id
        for lead_id, outcome in outcomes.leads.items()
        if lead_id not in taken.concerned
        and not around.leads[lead_id].merged
        and (lead_id == taken.first.subject.id or not _is_as_before(around, lead_id, outcome))
    ]
    return [*taken.concerned, *others]


def _of_lead(around: Neighbourhood, lead_id: str, outcome: Outcome) -> Event:
    before, after = around.leads[lead_id], _state_after(around, lead_id, outcome)
    no_longer, now = differences(around.known_stays(lead_id), outcome.stays)
    data = {
        "no_longer_counts": no_longer,
        "counts_now": now,
        "awaiting": [str(position) for position in outcome.refused],
    }
    first, subject = around.taken.first, Subject(SubjectKind.LEAD, lead_id)
    effects = _effects(after, outcome.stays)
    event = Event(0, RESTATED, subject, first.occurred_at, data, effects, cause=first.position)
    return _with_one_move(event, before, after)


def _state_after(around: Neighbourhood, lead_id: str, outcome: Outcome) -> LeadState:
    """Add to the decided state what is not decided again: identity."""
    state, now = outcome.state, around.leads[lead_id]
    forwarding = around.forwarding_to(lead_id)
    own = {lead_id, *forwarding}
    apart = _named_in(around.records, own, KEPT_APART, lambda data: [data[OTHER]])
    state = state._replace(
        absorbed_by=now.absorbed_by,
        merged=now.merged,
        stage=state.stage if now.absorbed_by is None else None,
        absorbs=tuple(forwarding),
        apart=tuple(apart),
        parted=now.parted,
        holds=_held(around, own),
        awaiting=outcome.refused,
        void=not outcome.stays.stays,
        lifecycle=max(state.lifecycle, now.lifecycle),
    )
    conflicts = dict.fromkeys(
        receiver_of(other, around.known(other)) for other in _in_conflict(around.records, own)
    )
    known: dict[str, LeadState] = {}
    for other in conflicts:
        known |= around.known(other)
    known[lead_id] = state
    return state._replace(
        conflicts=tuple(
            other
            for other in conflicts
            if other not in own and not are_apart(lead_id, other, known)
        )
    )


def _of_account(
    around: Neighbourhood, account_id: str, outcomes: Outcomes, lifecycle: CompiledLifecycle
) -> Event | None:
    """Return the restatement of an account of these leads; None if nothing changes for it."""
    now = around.past.subject(account_id)
    if not isinstance(now, AccountState) or now.absorbed_by is not None:
        return None
    recorded = (record.event for record in around.account_records)
    share = share_of(account_id, recorded, around.leads_before())
    again, stays = outcomes.accounts.get(account_id, (INITIAL_ACCOUNT, NO_STAYS))
    changed = account_after(now, share, again, stays)
    if changed is None:
        return None
    first = around.taken.first
    after, stays = become_customer(*changed, lifecycle, first)
    no_longer, counts = differences(share.stays, stays)
    data = {"no_longer_counts": no_longer, "counts_now": counts}
    subject, effects = Subject(SubjectKind.ACCOUNT, account_id), _effects(after, stays)
    event = Event(
        0, ACCOUNT_RESTATED, subject, first.occurred_at, data, effects, cause=first.position
    )
    return _with_one_move(event, now, after)


def _effects(state: LeadState | AccountState, stays: Stays) -> Mapping[str, Any]:
    return {"state": state_json.content_of(state), **stay_text.content_of(stays)}


def _with_one_move(
    event: Event, before: LeadState | AccountState, after: LeadState | AccountState
) -> Event:
    """Add to the event the move that it makes, if its subject changes stage."""
    if after.stage == before.stage or after.stage is None:
        return event
    return event._replace(
        stage_from=before.stage,
        stage_to=after.stage,
        effective_at=after.entered_at,
        pass_number=after.pass_number,
        effects={**event.effects, "move": {"kind": str(MoveKind.RESTATED)}},
    )


def _is_as_before(around: Neighbourhood, lead_id: str, outcome: Outcome) -> bool:
    """Whether the same counts for a lead, comparing events by the reports they follow from."""
    before, after = around.known_stays(lead_id), outcome.stays
    if _without_positions(before) != _without_positions(after):
        return False
    state = _state_after(around, lead_id, outcome)
    return named_by(around.leads[lead_id], around.report) == named_by(state, around.report)


def _without_positions(recorded: Stays) -> Any:
    stays, left = recorded
    return [stay._replace(position=0) for stay in stays], left and left.at


def _in_conflict(records: Iterable[Record], subject_ids: set[str]) -> dict[str, None]:
    """Return the leads that conflict with some subjects, unless the conflict was dismissed."""
    waiting: dict[str, None] = {}
    for event in (record.event for record in records):
        if event.subject.id not in subject_ids:
            continue
        if event.type == CONFLICTED:
            waiting |= dict.fromkeys(event.data["with"])
        elif event.type == DISMISSED:
            waiting.pop(event.data[OTHER], None)
    return waiting


def _held(around: Neighbourhood, subject_ids: set[str]) -> tuple[str, ...]:
    """Return the kinds of strong identifiers that name some subjects: linked, not removed since."""
    held: Counter[str] = Counter()
    for event in (*(record.event for record in around.records), *around.taken.events):
        if event.subject.id in subject_ids and event.type == LINKED:
            held.update(event.data[KINDS])
        elif event.subject.id in subject_ids and event.type == UNLINKED:
            held.update(event.data[KINDS] if EVENTS not in event.data else ())
            held.subtract(event.data.get(TAKEN, ()))
    names = {kind for kind, count in held.items() if count > 0}
    return tuple(sorted(names - {ANONYMOUS_ID, *REFERENCES}))


def _named_in(
    records: Iterable[Record],
    subject_ids: set[str],
    type: str,
    others: Callable[[Mapping[str, Any]], Sequence[str]],
) -> dict[str, None]:
    """Return the leads named by events of a type about some subjects, each once, in order."""
    events = [record.event for record in records]
    return {
        other: None
        for event in events
        if event.type == type and event.subject.id in subject_ids
        for other in others(event.data)
    }
