"""Laws of taking back: what counts afterwards equals a ledger that never received it."""

from datetime import datetime
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from events.revision.affected import Neighbourhood, Taken
from events.revision.past import FoldedPast
from events.revision.reports import neighbourhood_then
from tests.support.audited import audit_of, companies_of
from tests.support.corrected_histories import PEOPLE, Action, corrected_histories
from tests.support.histories import long_histories, tell_of_many_rules
from tests.support.stories import day
from tests.support.taken_back import (
    TracedLedger,
    are_comparable,
    state_at,
    state_in,
    traced_ledger,
    twin_of,
    what_counts,
    words_of,
)
from tests.support.tier import by_tier

law = settings(
    max_examples=by_tier(push=25, nightly=1_000),
    derandomize=by_tier(push=True, nightly=False),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@given(corrected_histories())
@law
def test_what_counts_equals_a_ledger_that_never_received_the_rest(
    history: tuple[str, list[Action]],
) -> None:
    traced = traced_ledger(*history)
    twin = twin_of(traced)

    assume(are_comparable(traced, twin))
    assert what_counts(traced) == what_counts(twin)
    # Verifying the records alone gives what the writer decided and what it has cached.
    assert audit_of(traced.ledger).subjects == traced.ledger.subjects


@given(corrected_histories(longest=40), st.integers(0, 32))
@law
def test_what_is_taken_back_was_not_true_at_any_moment(
    history: tuple[str, list[Action]], on: int
) -> None:
    traced = traced_ledger(*history)
    twin = twin_of(traced)

    assume(are_comparable(traced, twin))
    for person in (*PEOPLE, *traced.parted):
        if person not in traced.merged:
            state_here = state_by_what_counts(traced, person, day(on))
            state_there = state_by_what_counts(twin, person, day(on))
            assert _unlinked(state_here) == _unlinked(state_there)


@given(long_histories(longest=by_tier(push=60, nightly=150)))
@law
def test_every_history_is_recorded_or_refused_and_verifies(history: Any) -> None:
    """Without any restriction on whom or what is taken back, or under which rules."""
    ledger = tell_of_many_rules(history)

    assert audit_of(ledger).subjects == ledger.subjects


def state_by_what_counts(
    traced: TracedLedger, person: str, moment: datetime
) -> dict[str, Any] | None:
    """Return a person's state at a moment, decided again if something was taken back."""
    ledger, lead_id = traced.ledger, traced.lead(person)
    if lead_id is None:
        return None
    restated = [
        event
        for event, _ in ledger.records
        if event.type == "lead.restated" and event.subject.id == lead_id
    ]
    if not restated:
        return state_at(traced, person, moment)
    recollection = ledger.past(len(ledger.records) + 1)
    past = FoldedPast(ledger.subjects, recollection, companies_of(ledger.subjects))
    around = Neighbourhood(past, Taken(restated[-1], {}, (lead_id,)), ledger.memory.lifecycles)
    state = neighbourhood_then(around, moment=moment).get(lead_id)
    return state_in(state, words_of(traced)) or None if state is not None else None


def _unlinked(shown: dict[str, Any] | None) -> dict[str, Any] | None:
    """Leave out what is never decided again: identifiers stay linked, whatever is taken back."""
    return shown and {name: value for name, value in shown.items() if name != "holds"}
