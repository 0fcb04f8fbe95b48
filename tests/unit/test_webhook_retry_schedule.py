"""Retries are spaced increasingly apart, for about a day, and never all at once."""

import pytest

from service.limits import DAY_S
from service.webhooks.retry_schedule import RetrySchedule


def test_the_pauses_grow_to_a_day_in_all() -> None:
    schedule = RetrySchedule()
    attempts = range(1, schedule.attempts_max)
    pauses = [schedule.pause_s(attempt, chance=0.5) for attempt in attempts]
    assert pauses[:4] == [5, 20, 80, 320]
    assert pauses == sorted(pauses)
    assert DAY_S <= sum(pauses) <= 1.25 * DAY_S
    assert [schedule.is_over(attempt) for attempt in (1, 10, 11, 12)] == [False, False, True, True]


def test_chance_spreads_a_pause_by_a_fifth() -> None:
    schedule = RetrySchedule()
    assert schedule.pause_s(1, chance=0.0) == pytest.approx(4.0)
    assert schedule.pause_s(1, chance=1.0) == pytest.approx(6.0)


def test_a_receivers_wish_is_heard_within_bounds() -> None:
    schedule = RetrySchedule()
    assert schedule.pause_s(1, chance=0.5, asked_s=60) == 60
    assert schedule.pause_s(4, chance=0.5, asked_s=60) == 320
    assert schedule.pause_s(1, chance=0.5, asked_s=1e9) == schedule.longest_s
