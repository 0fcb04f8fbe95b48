"""Laws of deciding, tested on random histories of the demand funnel."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.event import Event
from domain.lead.evolve import evolve
from domain.lead.state import INITIAL_ACCOUNT, INITIAL_LEAD, LATE, AccountState, LeadState
from domain.lifecycle.compiled.machine import legal_moves, machine_for
from domain.lifecycle.compiled.table import CompiledLifecycle
from domain.lifecycle.definition import UNPLACED, EventKind, SubjectKind
from events import records
from events.batch.memory import LEDGER_SUBJECT_ID, Remembered, newborn
from events.outcomes import Duplicate, Recorded
from events.records import (
    OWN_SOURCE,
    Record,
    begins_group,
    is_firing,
    is_reassessment,
    is_restatement,
)
from events.refusals import Refused
from tests.support.audited import audit_of
from tests.support.histories import LIFECYCLE, Step, batches, decisions, histories, send, tell
from tests.support.ledger_in_memory import LedgerInMemory
from tests.support.stories import demand_funnel, returning_funnel
from tests.support.tier import by_tier

LEGAL = {
    (track.subject, legal.trigger, legal.source, legal.move.to)
    for track in (LIFECYCLE.lead, LIFECYCLE.account)
    for legal in legal_moves(machine_for(track, LIFECYCLE.guards))
    if not legal.move.stays
}
RETURNING = returning_funnel(competitors=("rival.example",))
funnels = st.sampled_from((demand_funnel(competitors=("rival.example",)), RETURNING))
# A history takes some hundred draws, and a law must not fail because the machine is busy.
thorough = settings(
    max_examples=by_tier(push=25, nightly=1_000),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def groups_of(ledger: LedgerInMemory) -> list[list[Record]]:
    """Split the log into reports, firings and reassessments, each with its derived events."""
    groups: list[list[Record]] = []
    for record in ledger.records:
        if begins_group(record):
            groups.append([])
        groups[-1].append(record)
    return groups


def fold(log: Sequence[Record]) -> dict[str, Remembered]:
    """Evolve every subject from the records alone, without the writer's own fold."""
    subjects: dict[str, Remembered] = {}
    for event, _ in log:
        about = event.subject.id or LEDGER_SUBJECT_ID
        receiver = event.receiver.id or LEDGER_SUBJECT_ID
        for subject_id in {about, receiver}:
            before = subjects.get(subject_id, newborn(event.subject.kind))
            version = before.version + (subject_id == about)
            subjects[subject_id] = before._replace(version=version, position=event.position)
        subjects[receiver] = subjects[receiver]._replace(
            state=_evolved(subjects[receiver].state, event)
        )
        account = event.effects.get("business_of")
        if account is not None:
            before = subjects.get(account, newborn(SubjectKind.ACCOUNT))
            unmoved = event._replace(stage_to=None)
            subjects[account] = before._replace(
                position=event.position, state=_evolved(before.state, unmoved)
            )
    return subjects


def _evolved(
    state: LeadState | AccountState | None, event: Event
) -> LeadState | AccountState | None:
    if isinstance(state, LeadState):
        return evolve(state, event)
    return evolve(state, event) if state is not None else None


@given(histories)
@thorough
def test_every_recorded_move_is_one_that_the_machine_allows(history: list[list[Step]]) -> None:
    ledger = tell(history)
    stages: dict[str, str | None] = defaultdict(lambda: None)
    for event, _ in ledger.records:
        receiver = event.receiver
        if event.type == "identity.absorbed":
            assert (event.stage_from, event.stage_to) == (stages[receiver.id], None)
            stages[receiver.id] = None
        elif event.type == "lead.restated":
            assert event.stage_to is None or event.stage_from == stages[receiver.id]
            stages[receiver.id] = event.effects["state"].get("stage")
        elif event.type in ("account.restated", "account.absorbed", "account.merged"):
            stages[receiver.id] = ledger_stage(event, stages[receiver.id])
        elif event.stage_to is not None:
            assert event.stage_from == stages[receiver.id]
            trigger = event.data["type"] if "fact" in event.effects else event.type
            source = event.stage_from or UNPLACED
            assert (receiver.kind, trigger, source, event.stage_to) in LEGAL
            stages[receiver.id] = event.stage_to
        else:
            assert (event.stage_from, event.effective_at, event.pass_number) == (None, None, None)


def ledger_stage(event: Event, before: str | None) -> str | None:
    """Return an account's stage after an event that is decided without the machine."""
    if "state" in event.effects:
        stage: str | None = event.effects["state"].get("stage")
        return stage
    return None if "absorbed_by" in event.effects else event.stage_to or before


@given(histories)
@thorough
def test_positions_versions_and_derived_ids_have_no_gaps(history: list[list[Step]]) -> None:
    ledger = tell(history)
    versions: dict[str, int] = defaultdict(int)
    for expected, (event, envelope) in enumerate(ledger.records, start=1):
        assert event.position == expected
        versions[str(event.subject)] += 1
        assert envelope.subject_version == versions[str(event.subject)]
    for first, *derived in groups_of(ledger):
        is_own = is_firing(first) or is_reassessment(first) or is_restatement(first)
        assert is_own or first.envelope.source == "test"
        for number, record in enumerate(derived, start=1):
            assert (record.event.cause, record.envelope.source, record.envelope.id) == (
                first.event.position,
                OWN_SOURCE,
                f"{first.event.position}.{number}",
            )


@given(histories, funnels)
@thorough
def test_the_writers_state_is_the_fold_of_its_records(
    history: list[list[Step]], compiled: CompiledLifecycle
) -> None:
    ledger = tell(history, compiled=compiled)
    assert ledger.subjects == fold(ledger.records)


@given(histories, funnels)
@thorough
def test_the_person_in_charge_belongs_to_the_department_that_has_the_lead(
    history: list[list[Step]], compiled: CompiledLifecycle
) -> None:
    for remembered in tell(history, compiled=compiled).subjects.values():
        lead = remembered.state
        department = compiled.in_charge.get(getattr(lead, "stage", None) or "")
        if isinstance(lead, LeadState) and department is not None:
            assert lead.owner == lead.owners.get(department)


@given(histories)
@thorough
def test_no_move_of_a_subject_takes_effect_before_its_previous_move(
    history: list[list[Step]],
) -> None:
    last: dict[str, datetime] = {}
    for event, _ in tell(history).records:
        if "state" in event.effects:
            # An event decided again counts from when it happened, not from when it was known.
            entered_at = event.effects["state"].get("entered_at")
            last.pop(event.receiver.id, None)
            if entered_at is not None:
                last[event.receiver.id] = datetime.fromisoformat(entered_at)
        elif event.effective_at is not None:
            before = last.get(event.receiver.id, event.effective_at)
            assert event.effective_at == max(before, event.occurred_at)
            last[event.receiver.id] = event.effective_at


@given(histories, funnels)
@thorough
def test_every_decision_can_be_repeated_from_the_records_alone(
    history: list[list[Step]],
    compiled: CompiledLifecycle,
) -> None:
    ledger = tell(history, compiled=compiled)
    assert audit_of(ledger).subjects == ledger.subjects


@given(histories)
@thorough
def test_a_record_is_read_back_as_it_was_written(history: list[list[Step]]) -> None:
    for entry in tell(history).entries:
        decoded = records.decode(entry.record)
        assert decoded == (entry.event, entry.envelope)
        assert records.encode(*decoded).decode() == entry.record


@given(histories, batches)
@thorough
def test_a_writer_with_a_cache_decides_like_one_that_reads_everything_again(
    history: list[list[Step]], last: list[Step]
) -> None:
    ledger = tell(history)
    events = [step.event(f"last-{place}", ledger) for place, step in enumerate(last)]
    twin = LedgerInMemory(
        ledger.compiled,
        list(ledger.entries),
        keys=dict(ledger.keys),
        subjects=dict(ledger.subjects),
        links=list(ledger.links),
    )
    sender = last[0].sender
    remembering = ledger.send(*events, sender=sender)
    reading = twin.send(*events, sender=sender)
    assert [_without_ids(one) for one in remembering] == [_without_ids(one) for one in reading]


def _without_ids(outcome: Recorded | Duplicate | Refused) -> object:
    match outcome:
        case Recorded():
            derived = [(event.type, event.position, event.moved) for event in outcome.derived]
            return outcome.position, outcome.stage, outcome.moved, outcome.is_already, derived
        case Refused():
            return outcome.refusal
    return outcome


@given(histories)
@thorough
def test_an_event_sent_again_is_a_duplicate_and_changes_nothing(history: list[list[Step]]) -> None:
    ledger = tell(history)
    before = [entry.record for entry in ledger.entries]
    for key, known in list(ledger.keys.items()):
        assert ledger.keys[key] == known
    for number, batch in enumerate(history):
        for outcome in send(ledger, batch, name=f"batch-{number}"):
            if isinstance(outcome, Duplicate):
                assert before[outcome.position - 1]
    recorded = sum(envelope.source == "test" for _, envelope in ledger.records)
    assert recorded <= sum(len(batch) for batch in history)


@given(histories, decisions)
@thorough
def test_a_decision_made_twice_never_moves_twice_to_the_same_stage(
    history: list[list[Step]], decision: Step
) -> None:
    """Unless a rule has moved the lead in between: then the second decision is new."""
    ledger = tell(history)
    event = decision.event("first", ledger)
    (first,) = ledger.send(event, sender=decision.sender)
    (second,) = ledger.send({**event, "id": "second"}, sender=decision.sender)
    if isinstance(first, Recorded) and isinstance(second, Recorded):
        was_moved_on = any(
            derived.moved for derived in first.derived if derived.subject == first.subject
        )
        assert (
            was_moved_on
            or second.moved is None
            or first.moved is None
            or second.moved.stage_to != first.moved.stage_to
        )
    if isinstance(first, Refused):
        assert isinstance(second, Refused)


@given(histories, batches)
@thorough
def test_a_strict_batch_is_recorded_completely_or_not_at_all(
    history: list[list[Step]], last: list[Step]
) -> None:
    ledger = tell(history)
    before = (len(ledger.entries), dict(ledger.subjects), dict(ledger.pointers))
    outcomes = send(ledger, last, name="strict", is_strict=True)
    if any(isinstance(outcome, Refused) for outcome in outcomes):
        assert all(isinstance(outcome, Refused) for outcome in outcomes)
        assert (len(ledger.entries), ledger.subjects, ledger.pointers) == before
    else:
        assert all(isinstance(outcome, Recorded) for outcome in outcomes)
    assert ledger.subjects == fold(ledger.records)


@given(histories, st.booleans())
@thorough
def test_the_writers_cache_matches_the_tables(
    history: list[list[Step]],
    is_strict: bool,  # noqa: FBT001 - Hypothesis draws it
) -> None:
    ledger = tell(history, is_strict=is_strict)
    for subject_id, remembered in ledger.memory.subjects.items():
        assert remembered == ledger.subjects.get(subject_id)
    for identifier, target in ledger.memory.pointers.items():
        assert target == ledger.pointers.get(identifier)
        if identifier.is_strong:
            reported = dict.fromkeys(one for known, one, _ in ledger.links if known == identifier)
            assert ledger.memory.others.get(identifier, ()) == tuple(reported)[1:]


@given(histories)
@thorough
def test_a_fact_is_never_refused_because_of_the_stage(history: list[list[Step]]) -> None:
    for refused in tell(history).refused:
        if refused.refusal.reason == "move-not-allowed":
            assert refused.type is not None
            assert LIFECYCLE.events[refused.type].kind is EventKind.DECISION


@given(histories)
@thorough
def test_evolving_never_depends_on_anything_but_the_event(history: list[list[Step]]) -> None:
    ledger = tell(history)
    for event, _ in ledger.records:
        if event.subject.kind is not SubjectKind.ACCOUNT:
            lead: LeadState = evolve(INITIAL_LEAD, event)
            again: LeadState = evolve(INITIAL_LEAD, event)
            assert lead == again
        elif LATE not in event.effects:
            account: AccountState = evolve(INITIAL_ACCOUNT, event)
            assert account.stage == ledger_stage(event, None)
