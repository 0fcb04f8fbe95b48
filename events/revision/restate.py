"""What counts for leads after an earlier event is known or taken back: one `lead.restated` each.

The leads concerned and all leads that forward to them are decided again together, from their
records, and compared with what is recorded. If this changes the course of their company, it is
restated as well, and so are its other leads that would have been decided differently.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import zip_longest
from typing import Any, NamedTuple

from domain.deciding.redecide import (
    Course,
    Outcome,
    Outcomes,
    company_named_by,
    decide_all_again,
    named_by,
)
from domain.effects import Effects
from domain.event import Event, Subject
from domain.lead import deadlines as deadline_text
from domain.lead import state_json
from domain.lead import stays as stay_text
from domain.lead.deadlines import without_positions
from domain.lead.identity import are_apart, receiver_of
from domain.lead.state import INITIAL_LEAD, AccountState, LeadState, Occurrence
from domain.lead.stays import Stays, are_same, differences
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
    OFFERED,
    OTHER,
    RESTATED,
    TAKEN,
    UNLINKED,
)
from domain.rules.business import Belonging, content_of
from domain.signal import ANONYMOUS_ID, REFERENCES
from events.records import Record
from events.revision.affected import KnownCourse, Neighbourhood, Taken
from events.revision.past import Past
from events.revision.reports import decide_neighbourhood_again, kept_of


class Restated(NamedTuple):
    """What counts from now on, and the leads and companies that were decided again."""

    events: list[Event]
    around: Neighbourhood
    outcomes: Outcomes

    @property
    def subjects(self) -> Collection[str]:
        return {*self.around.leads, *self.around.accounts}


def restate(
    past: Past,
    taken: Taken,
    *,
    lifecycles: Mapping[int, CompiledLifecycle],
    position: int,
    at: datetime,
    upto: datetime | None = None,
) -> Restated:
    """Return the events that state what counts from now on; the first takes `position`.

    If the course of a company changes, its leads with later events are decided again as well, until
    nothing changes any more. `at` is the time of the events.
    """
    while True:
        around = Neighbourhood(past, taken, lifecycles)
        outcomes = decide_neighbourhood_again(around, upto=upto)
        accounts = _accounts_after(around, outcomes)
        others = _judged_by(around, accounts)
        if not others:
            break
        taken = taken._replace(also=(*taken.also, *others))
    found: list[Event] = []
    for lead_id in _restated(around, outcomes):
        outcome = outcomes.leads.get(lead_id, Outcome(INITIAL_LEAD))
        found.append(_of_lead(around, lead_id, outcome))
    for account_id, course in accounts.items():
        found.append(_of_account(around, account_id, course))
    events = [
        event._replace(position=position + number, occurred_at=at)
        for number, event in enumerate(found)
    ]
    return Restated(events, around, outcomes)


def _accounts_after(around: Neighbourhood, outcomes: Outcomes) -> dict[str, Course]:
    """Return the companies whose course changes."""
    changed: dict[str, Course] = {}
    for account_id, now in around.accounts.items():
        course = outcomes.accounts.get(account_id, Course())
        # Its identity is kept: merges and unlinkings are not decided again.
        after = course.state._replace(
            absorbed_by=now.absorbed_by,
            absorbs=now.absorbs,
            apart=now.apart,
            conflicts=now.conflicts,
        )
        if after != company_named_by(now, around.report):
            changed[account_id] = course._replace(state=after)
    return changed


def _judged_by(around: Neighbourhood, accounts: Mapping[str, Course]) -> list[str]:
    """Return other leads of these companies that had events after the course first changes.

    If a company is a competitor at other times, all of its leads were judged at other times. A lead
    that belongs to another company now may have brought something to this one.
    """
    others: dict[str, None] = {}
    for account_id, (after, _, _) in accounts.items():
        now = company_named_by(around.accounts[account_id], around.report)
        since = _first_difference(now.timeline, after.timeline)
        if since is None:
            continue
        concerns_all = _listings(now.timeline) != _listings(after.timeline)
        brought = {entry.lead for entry in now.timeline if entry.occurred_at >= since}
        for lead_id in sorted({*around.past.members(account_id), *filter(None, brought)}):
            state = around.past.subject(lead_id)
            if lead_id in around.leads or not isinstance(state, LeadState):
                continue
            # What is of the same time may come later in the ledger.
            is_later = state.latest_at is not None and state.latest_at >= since
            if is_later or concerns_all:
                others[lead_id] = None
    return list(others)


def _listings(timeline: Sequence[Occurrence]) -> list[Occurrence]:
    return [entry for entry in timeline if "competitor" in entry.effects]


def _first_difference(before: Sequence[Occurrence], after: Sequence[Occurrence]) -> datetime | None:
    """Return the time of the first entry that is in only one of two timelines."""
    for earlier, later in zip_longest(before, after):
        if earlier != later:
            return min(entry.occurred_at for entry in (earlier, later) if entry is not None)
    return None


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
        and (
            (taken.first.type in OFFERED and lead_id == taken.first.subject.id)
            or not is_as_before(around, lead_id, outcome, around.leads[lead_id])
        )
    ]
    return [*taken.concerned, *others]


def _of_lead(around: Neighbourhood, lead_id: str, outcome: Outcome) -> Event:
    before, after = around.leads[lead_id], _state_after(around, lead_id, outcome)
    data = {
        **differences(around.known_courses.get(lead_id, KnownCourse()).counted, outcome.counted),
        "awaiting": [str(position) for position in outcome.refused],
    }
    first, subject = around.taken.first, Subject(SubjectKind.LEAD, lead_id)
    effects: Effects = {
        **_effects(after, outcome.stays),
        **deadline_text.content_of(outcome.deadlines),
        **content_of(_belonging_otherwise(around, outcome)),
    }
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


def _of_account(around: Neighbourhood, account_id: str, course: Course) -> Event:
    now, first = around.accounts[account_id], around.taken.first
    known = decide_all_again(
        kept_of(account_id, now, around.lifecycles),
        lifecycles=around.lifecycles,
        merged_into={},
        upto={},
    )
    before = known.accounts.get(account_id, Course()).counted
    after, stays, counted = course
    data = differences(before, counted)
    subject, effects = Subject(SubjectKind.ACCOUNT, account_id), _effects(after, stays)
    event = Event(
        0, ACCOUNT_RESTATED, subject, first.occurred_at, data, effects, cause=first.position
    )
    return _with_one_move(event, now, after)


def _effects(state: LeadState | AccountState, stays: Stays) -> Effects:
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


def is_as_before(around: Neighbourhood, lead_id: str, outcome: Outcome, lead: LeadState) -> bool:
    """Whether the same counts for a lead, comparing events by the reports they follow from.

    `lead` is its present state.
    """
    known_course = around.known_courses.get(lead_id, KnownCourse())
    if _without_positions(known_course.stays) != _without_positions(outcome.stays):
        return False
    if not are_same(known_course.counted, outcome.counted):
        return False
    known = around.known_deadlines.get(lead_id, ())
    if without_positions(known) != without_positions(outcome.deadlines):
        return False
    if _belonging_otherwise(around, outcome):
        return False
    state = _state_after(around, lead_id, outcome)
    return named_by(lead, around.report) == named_by(state, around.report)


def _belonging_otherwise(around: Neighbourhood, outcome: Outcome) -> dict[int, Belonging]:
    """Return what reports belong to, as far as it differs from what is recorded."""
    return {
        position: one
        for position, one in outcome.belongings.items()
        if around.known_belongings.get(position) != one
    }


def _without_positions(recorded: Stays) -> Any:
    stays, left, *rest = recorded
    return [stay_text.without_positions(stay) for stay in stays], left and left.at, rest


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
