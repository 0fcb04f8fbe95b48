"""Laws of order: every projection says the same, in whichever order things are reported."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.lead.deadlines import DeadlineEntry, without_positions
from domain.lifecycle.compiled.table import CompiledLifecycle
from domain.lifecycle.definition import EventKind, EventType
from events.outcomes import Recorded
from projections.deadlines.fold import Deadlines
from projections.deadlines.fold import fold as fold_deadlines
from tests.support.corrected_histories import LIFECYCLES
from tests.support.ledger_in_memory import RECEIVED_AT, LedgerInMemory
from tests.support.permuted import PEOPLE, Fact, fact, names_in, permutations, reported, types_of
from tests.support.tier import by_tier

law = settings(
    max_examples=by_tier(push=60, nightly=1_000),
    derandomize=by_tier(push=True, nightly=False),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
LONGEST = 12
Permuted = tuple[str, Sequence[Fact], Sequence[Fact]]


class Night(NamedTuple):
    """What happened to a few people. Their decisions are reported at night, all the rest before."""

    name: str
    happened: Sequence[Fact]
    """By time. Every decision among it is legal at its time."""
    by_day: Sequence[Fact]
    at_night: Sequence[Fact]


@st.composite
def nights(draw: st.DrawFn) -> Night:
    name = draw(st.sampled_from(sorted(LIFECYCLES)))
    compiled, few = LIFECYCLES[name], PEOPLE[:2]
    drawn = draw(
        st.lists(
            st.builds(
                lambda one, whom: _of(one, whom),
                fact(_about_deadlines(compiled)),
                st.sampled_from(few),
            ),
            min_size=4,
            max_size=LONGEST,
            unique_by=lambda one: one.minute,
        )
    )
    happened = legal(name, sorted(drawn, key=lambda one: one.minute))
    events = compiled.lifecycle.events
    by_day = [one for one in happened if events[one.type].kind is EventKind.FACT]
    at_night = [one for one in happened if events[one.type].kind is not EventKind.FACT]
    return Night(name, happened, draw(st.permutations(by_day)), at_night)


def _of(one: Fact, whom: str) -> Fact:
    return one._replace(whom=whom) if "@" in one.whom else one


def _about_deadlines(compiled: CompiledLifecycle) -> list[EventType]:
    """Return the types that can be reported; those that begin or end deadlines come up often."""
    deadlines = compiled.lifecycle.pace.deadlines.values()
    entered = {deadline.entering for deadline in deadlines}
    begin = {move.on for move in compiled.lifecycle.lead.moves if move.to in entered}
    concern = begin | {type for one in deadlines for type in (*one.on, *one.met_by)}
    types = types_of(compiled, decisions=True)
    return types + 12 * [one for one in types if one.name in concern]


def legal(name: str, facts: Sequence[Fact]) -> list[Fact]:
    """Return those of some facts and decisions that are recorded when they are reported in order."""
    ledger = LedgerInMemory(LIFECYCLES[name])
    ledger.at = RECEIVED_AT
    items = tuple(ledger.read(one.event(), sender=one.sender) for one in facts)
    outcomes = ledger.submit_items(items)
    return [one for one, found in zip(facts, outcomes, strict=True) if isinstance(found, Recorded)]


@given(permutations(longest=LONGEST), st.integers(1, LONGEST))
@law
def test_deadlines_follow_the_time_at_which_things_happened(permuted: Permuted, batch: int) -> None:
    name, in_order, in_any_order = permuted

    assert deadlines_of(reported(name, in_any_order, batch=batch)) == deadlines_of(
        reported(name, in_order)
    )


@given(nights())
@law
def test_a_decision_reported_at_night_counts_from_when_it_was_made(night: Night) -> None:
    assert deadlines_of(told_at_night(night)) == deadlines_of(reported(night.name, night.happened))


def told_at_night(night: Night) -> LedgerInMemory:
    """Report the facts, let everything happen that is due, and only then report the decisions."""
    ledger = reported(night.name, night.by_day)
    assert ledger.at is not None
    ledger.at += timedelta(hours=1)
    for one in night.at_night:
        (outcome,) = ledger.submit_items((ledger.read(one.event(), sender=one.sender),))
        assert isinstance(outcome, Recorded), outcome
    ledger.let_happen()
    return ledger


def deadlines_of(ledger: LedgerInMemory) -> list[Any]:
    """Return the deadlines that count, each with the reports that started and ended it."""
    names, causes = names_in(ledger)
    deadlines = Deadlines()
    for event, _ in ledger.records:
        fold_deadlines(deadlines, event)
    return sorted(
        repr((names[lead_id], without_positions((row.entry,)), _causes(row.entry, causes)))
        for lead_id, rows in deadlines.leads.items()
        for row in rows
    )


def _causes(entry: DeadlineEntry, causes: Mapping[int, str]) -> list[str | None]:
    """Return the reports that started, breached and settled a deadline."""
    return [causes.get(one or 0) for one in (entry.started, entry.breached, entry.settled)]
