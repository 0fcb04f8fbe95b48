"""Laws of order: every projection says the same, in whichever order things are reported."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.lifecycle.compiled.table import CompiledLifecycle
from domain.lifecycle.definition import EventKind, EventType
from domain.rules.deals import ABOUT_BUSINESS
from events.outcomes import Recorded
from tests.support.audited import audit_of
from tests.support.corrected_histories import LIFECYCLES
from tests.support.ledger_in_memory import RECEIVED_AT, LedgerInMemory
from tests.support.permuted import PEOPLE, Fact, fact, permutations, reported, types_of
from tests.support.projected import EVERY_PROJECTION
from tests.support.tier import by_tier

law = settings(
    max_examples=by_tier(push=50, nightly=1_000),
    derandomize=by_tier(push=True, nightly=False),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
LONGEST = 12
OFTEN = 8


class Night(NamedTuple):
    """What happened to two people. Their decisions are reported at night, everything else before.

    Then every decision that was legal at its time is still legal when it arrives.
    """

    name: str
    happened: Sequence[Fact]
    """By time; without decisions that are not legal at their time."""
    by_day: Sequence[Fact]
    """In any order."""
    at_night: Sequence[Fact]


@st.composite
def nights(draw: st.DrawFn) -> Night:
    name = draw(st.sampled_from(sorted(LIFECYCLES)))
    compiled = LIFECYCLES[name]
    facts = fact(_often_about_outcomes(compiled), PEOPLE[:2])
    drawn = draw(st.lists(facts, min_size=4, max_size=LONGEST, unique_by=lambda fact: fact.minute))
    happened = legal(name, sorted(drawn, key=lambda fact: fact.minute))
    events = compiled.lifecycle.events
    by_day = [one for one in happened if events[one.type].kind is EventKind.FACT]
    at_night = [one for one in happened if events[one.type].kind is not EventKind.FACT]
    return Night(name, happened, draw(st.permutations(by_day)), at_night)


def _often_about_outcomes(compiled: CompiledLifecycle) -> list[EventType]:
    """Return the types that can be reported; those of deadlines and of business come up often."""
    deadlines = compiled.lifecycle.pace.deadlines.values()
    entered = {deadline.entering for deadline in deadlines}
    begin = {move.on for move in compiled.lifecycle.lead.moves if move.to in entered}
    concern = begin | {type for one in deadlines for type in (*one.on, *one.met_by)}
    types = types_of(compiled, decisions=True)
    often = [one for one in types if one.name in concern or one.role in ABOUT_BUSINESS]
    return types + OFTEN * often


def legal(name: str, facts: Sequence[Fact]) -> list[Fact]:
    """Return those of some facts and decisions that are recorded if they are reported in order."""
    ledger = LedgerInMemory(LIFECYCLES[name])
    ledger.at = RECEIVED_AT
    items = tuple(ledger.read(one.event(), sender=one.sender) for one in facts)
    outcomes = ledger.submit_items(items)
    return [one for one, found in zip(facts, outcomes, strict=True) if isinstance(found, Recorded)]


def reported_at_night(night: Night) -> LedgerInMemory:
    """Report the facts, let everything happen that is due, and only then report the decisions."""
    ledger = reported(night.name, night.by_day)
    assert ledger.at is not None
    ledger.at += timedelta(hours=1)
    for one in night.at_night:
        (outcome,) = ledger.submit_items((ledger.read(one.event(), sender=one.sender),))
        assert isinstance(outcome, Recorded), outcome
    ledger.let_happen()
    return ledger


def said_by_every_projection(ledger: LedgerInMemory) -> dict[str, Any]:
    return {name: says(ledger) for name, says in EVERY_PROJECTION.items()}


@given(permutations(longest=LONGEST), st.integers(1, LONGEST))
@law
def test_projections_follow_the_time_at_which_things_happened(
    permuted: tuple[str, Sequence[Fact], Sequence[Fact]], batch: int
) -> None:
    name, in_order, in_any_order = permuted

    assert said_by_every_projection(
        reported(name, in_any_order, batch=batch)
    ) == said_by_every_projection(reported(name, in_order))


@given(nights())
@law
def test_a_decision_reported_at_night_counts_from_when_it_was_made(night: Night) -> None:
    ledger = reported_at_night(night)

    assert said_by_every_projection(ledger) == said_by_every_projection(
        reported(night.name, night.happened)
    )
    # Verifying the records alone gives the same restatements.
    assert audit_of(ledger).subjects == ledger.subjects
