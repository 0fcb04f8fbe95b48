"""Timers: which one fires first, and as which event."""

from datetime import datetime

import pytest

from domain.deciding import timers
from domain.deciding.timers import firing, next_due
from domain.effects import Firing
from domain.lead.state import LeadState, Timer
from domain.lifecycle.compiled.table import CompiledLifecycle
from tests.support.stories import LEAD, day, demand_funnel


def _as_reconsidered(_: CompiledLifecycle, __: LeadState, name: str, timer: Timer) -> Firing:
    return Firing("lead.reconsidered", {"due": timer.due_at.isoformat(), "name": name})


@pytest.fixture(autouse=True)
def kind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timers, "KINDS", {"tea": _as_reconsidered})


def fired(state: LeadState, *, upto: datetime) -> tuple[str | None, int | None] | None:
    signal = firing(
        demand_funnel(), state, lead_id=LEAD, id="timer.1", source="leadledger", upto=upto
    )
    if signal is None:
        return None
    assert signal.occurred_at == state.timers[signal.timer or ""].due_at
    return signal.timer, signal.cause


def test_nothing_fires_before_it_is_due() -> None:
    state = LeadState(timers={"tea.green": Timer(day(2), 7)})
    assert next_due(state) == day(2)
    assert fired(state, upto=day(1.999)) is None
    assert fired(state, upto=day(2)) == ("tea.green", 7)


def test_what_is_due_first_fires_first_however_it_was_armed() -> None:
    state = LeadState(timers={"tea.green": Timer(day(2), 3), "tea.black": Timer(day(1), 9)})
    assert next_due(state) == day(1)
    assert fired(state, upto=day(3)) == ("tea.black", 9)


def test_of_two_due_at_one_moment_the_one_armed_first_fires_first() -> None:
    state = LeadState(timers={"tea.black": Timer(day(1), 9), "tea.green": Timer(day(1), 3)})
    assert fired(state, upto=day(1)) == ("tea.green", 3)


def test_a_lead_without_timers_is_never_due() -> None:
    assert next_due(LeadState()) is None
    assert fired(LeadState(), upto=day(9_999)) is None
