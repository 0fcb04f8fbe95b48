"""Laws of order: the funnel follows the time at which things happened, whatever arrives first."""

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.support.audited import audit_of
from tests.support.ledger_in_memory import LedgerInMemory
from tests.support.permuted import (
    PEOPLE,
    Fact,
    permutations,
    reported,
    reported_together,
    what_is_known,
)
from tests.support.tier import by_tier

law = settings(
    max_examples=by_tier(push=40, nightly=1_500),
    derandomize=by_tier(push=True, nightly=False),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@given(permutations(longest=by_tier(push=25, nightly=60)), st.sampled_from((1, 4, 100)))
@law
def test_facts_lead_to_the_same_funnel_in_whatever_order_they_are_reported(
    permutation: tuple[str, list[Fact], list[Fact]], batch: int
) -> None:
    name, in_order, as_reported = permutation

    ledger = reported(name, as_reported, batch=batch)

    assert not ledger.refused
    assert what_is_known(ledger) == what_is_known(reported(name, in_order))
    assert audit_of(ledger).subjects == ledger.subjects


@given(permutations(longest=by_tier(push=40, nightly=80), decisions=True))
@law
def test_decisions_that_are_legal_at_their_time_do_so_as_well(
    permutation: tuple[str, list[Fact], list[Fact]],
) -> None:
    name, in_order, as_reported = permutation
    # Decisions that are refused in the order of time are never made.
    made = recorded_ids(reported(name, in_order))
    in_order = [fact for fact in in_order if fact.id in made]

    ledger = reported(name, [fact for fact in as_reported if fact.id in made])

    assume(not ledger.refused)
    assert what_is_known(ledger) == what_is_known(reported(name, in_order))
    assert audit_of(ledger).subjects == ledger.subjects


@given(permutations(longest=by_tier(push=25, nightly=60)))
@law
def test_facts_in_the_order_of_time_are_never_decided_again(
    permutation: tuple[str, list[Fact], list[Fact]],
) -> None:
    name, in_order, _ = permutation

    ledger = reported(name, in_order, batch=100)

    assert types_in(ledger).isdisjoint({"lead.restated", "account.restated"})


@given(
    permutations(longest=by_tier(push=40, nightly=80), decisions=True, people=PEOPLE[:2]),
    st.lists(st.lists(st.tuples(st.integers(1, 4), st.booleans()), min_size=1), min_size=1),
)
@law
def test_whatever_arrives_together_verifies(
    permutation: tuple[str, list[Fact], list[Fact]], batches: list[list[tuple[int, bool]]]
) -> None:
    """Several senders in one transaction, some of whom want all or nothing."""
    name, _, as_reported = permutation

    ledger = reported_together(name, as_reported, batches)

    assert audit_of(ledger).subjects == ledger.subjects


def recorded_ids(ledger: LedgerInMemory) -> set[str]:
    return {entry.envelope.id for entry in ledger.entries}


def types_in(ledger: LedgerInMemory) -> set[str]:
    return {event.type for event, _ in ledger.records}
