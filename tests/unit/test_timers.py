"""Timers: which one fires first, and as which event."""

from datetime import datetime

from domain.deciding.timers import firing, first_due, next_due
from domain.lead.state import LeadState, Timer
from tests.support.stories import LEAD, day, demand_funnel


def fired(state: LeadState, *, upto: datetime) -> tuple[str | None, int | None] | None:
    signal = firing(
        demand_funnel(), state, lead_id=LEAD, id="timer.1", source="leadledger", upto=upto
    )
    if signal is None:
        return None
    assert signal.occurred_at == state.timers[signal.timer or ""].due_at
    return signal.timer, signal.cause


def test_nothing_fires_before_it_is_due() -> None:
    state = LeadState(timers={"deadline.call": Timer(day(2), 7)})
    assert next_due(state) == day(2)
    assert fired(state, upto=day(1.999)) is None
    assert fired(state, upto=day(2)) == ("deadline.call", 7)


def test_what_is_due_first_fires_first_however_it_was_armed() -> None:
    state = LeadState(
        timers={"deadline.call": Timer(day(2), 3), "deadline.visit": Timer(day(1), 9)}
    )
    assert next_due(state) == day(1)
    assert fired(state, upto=day(3)) == ("deadline.visit", 9)


def test_two_due_at_one_moment_fire_in_the_order_of_their_names() -> None:
    """Which was armed first depends on the order of reporting."""
    state = LeadState(
        timers={"deadline.visit": Timer(day(1), 3), "deadline.call": Timer(day(1), 9)}
    )
    assert first_due(state) == Timer(day(1), 9)
    assert fired(state, upto=day(1)) == ("deadline.call", 9)


def test_a_lead_without_timers_is_never_due() -> None:
    assert next_due(LeadState()) is None
    assert fired(LeadState(), upto=day(9_999)) is None
