"""Business time, on the calendar of the demand funnel."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.lifecycle.calendars import Calendar, Hours, Offsets, Period
from domain.lifecycle.compiled.business_time import BusinessTime, Clock, clock_of
from domain.lifecycle.definition import Words
from domain.lifecycle.published import expansion_of
from domain.lifecycle.text.load import load
from domain.limits import DAYS_SEARCHED_MAX
from events.lifecycles.expansion import expand
from tests.support.small_lifecycle import SMALL
from tests.support.stories import demand_funnel, jst, published

OFFICE = demand_funnel().calendars["office"]
TWO_DAYS = Period(business_days=2)


@pytest.mark.parametrize(
    ("moment", "due"),
    [
        ("2026-04-01T10:00", "2026-04-03T18:00"),  # a Wednesday
        ("2026-04-01T03:00", "2026-04-03T18:00"),  # before opening it is still that day
        ("2026-04-01T23:59", "2026-04-03T18:00"),
        ("2026-04-03T10:00", "2026-04-07T18:00"),  # over the week-end
        ("2026-04-04T10:00", "2026-04-07T18:00"),  # a Saturday
        ("2026-11-20T10:00", "2026-11-25T18:00"),  # Monday is 勤労感謝の日
        ("2026-05-01T10:00", "2026-05-08T18:00"),  # the Golden Week, a substitute holiday in it
        ("2026-12-28T10:00", "2027-01-05T18:00"),  # over the New Year closure
        ("2026-08-12T10:00", "2026-08-18T18:00"),  # お盆
        ("2026-09-18T17:00", "2026-09-25T18:00"),  # a citizens' holiday between two others
    ],
)
def test_the_second_business_day_closes_a_deadline(moment: str, due: str) -> None:
    assert OFFICE.due(jst(moment), TWO_DAYS) == jst(due)


@pytest.mark.parametrize(
    ("moment", "hours", "due"),
    [
        ("2026-04-01T10:00", 4, "2026-04-01T14:00"),
        ("2026-04-01T10:00", 8, "2026-04-01T18:00"),
        ("2026-04-01T10:00", 9, "2026-04-02T10:00"),
        ("2026-04-01T03:00", 1, "2026-04-01T10:00"),
        ("2026-04-03T17:30", 1, "2026-04-06T09:30"),
        ("2026-12-28T18:00", 1, "2027-01-04T10:00"),
    ],
)
def test_hours_run_only_while_the_office_is_open(moment: str, hours: int, due: str) -> None:
    assert OFFICE.due(jst(moment), Period(business_minutes=60 * hours)) == jst(due)


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-04-01T09:00", True),
        ("2026-04-01T08:59", False),
        ("2026-04-01T17:59", True),
        ("2026-04-01T18:00", False),
        ("2026-04-04T12:00", False),
        ("2026-11-23T12:00", False),
        ("2026-12-31T12:00", False),
        ("2027-01-03T12:00", False),
    ],
)
def test_the_office_is_open_in_its_hours_on_its_days(moment: str, is_open: bool) -> None:  # noqa: FBT001
    assert OFFICE.is_open(jst(moment)) is is_open


def test_a_duration_counts_business_hours_alone() -> None:
    assert OFFICE.duration(jst("2026-04-03T17:00"), jst("2026-04-06T10:00")) == timedelta(hours=2)
    assert OFFICE.duration(jst("2026-04-04T00:00"), jst("2026-04-05T23:59")) == timedelta()
    assert OFFICE.duration(jst("2026-04-06T10:00"), jst("2026-04-03T17:00")) == timedelta()


def test_a_day_of_several_hours_is_closed_between_them() -> None:
    week = ((Hours(540, 720), Hours(780, 1_080)), (), (), (), (), (), ())
    mondays = BusinessTime(clock_of(Offsets()), Calendar("mondays", Words({}), week), frozenset())
    lunch = datetime(2026, 4, 6, 12, 30, tzinfo=UTC)
    assert not mondays.is_open(lunch)
    assert mondays.after_minutes(lunch, 30) == datetime(2026, 4, 6, 13, 30, tzinfo=UTC)
    assert mondays.close_of_day(lunch, 2) == datetime(2026, 4, 20, 18, tzinfo=UTC)


def test_a_calendar_that_never_opens_gives_a_moment_far_ahead() -> None:
    closed = BusinessTime(
        clock_of(Offsets()), Calendar("closed", Words({}), ((),) * 7), frozenset()
    )
    moment = datetime(2026, 4, 6, tzinfo=UTC)
    far = moment + timedelta(days=DAYS_SEARCHED_MAX)
    assert closed.close_of_day(moment, 1) == closed.after_minutes(moment, 1) == far


ZONES = ("Asia/Tokyo", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC")


def _clock(zone: str) -> Clock:
    text = SMALL.replace("time_zone: Asia/Tokyo", f"time_zone: {zone}")
    expanded = expand(load(text), datetime(2026, 11, 25, tzinfo=UTC))
    return clock_of(expansion_of(expanded).offsets)


@pytest.mark.parametrize("name", ZONES)
def test_a_clock_shows_what_the_zone_shows_without_knowing_it(name: str) -> None:
    clock, zone = _clock(name), ZoneInfo(name)
    moment = datetime(2006, 1, 1, tzinfo=UTC)
    while moment.year < 2040:
        assert clock.shows(moment) == moment.astimezone(zone).replace(tzinfo=None), moment
        moment += timedelta(hours=7, minutes=11)


@pytest.mark.parametrize("name", ZONES)
def test_what_a_clock_shows_is_a_moment_again(name: str) -> None:
    clock, zone = _clock(name), ZoneInfo(name)
    shown = datetime(2026, 1, 1)  # noqa: DTZ001 - what the clock on the wall shows
    while shown.year < 2028:
        expected = shown.replace(tzinfo=zone).astimezone(UTC)
        assert clock.moment(shown) == expected, shown
        shown += timedelta(minutes=47)


def test_impossible_days_are_replaced_by_the_nearest_possible() -> None:
    clock = _clock("Asia/Tokyo")
    assert clock.begin_of(date.min) == datetime(1969, 12, 31, 15, tzinfo=UTC)
    assert clock.begin_of(date.max) == datetime(2200, 12, 30, 15, tzinfo=UTC)


def test_what_was_published_without_expansions_counts_in_utc_and_keeps_no_holidays() -> None:
    expansion = expansion_of({"text": SMALL, "version": 1})
    assert (expansion.offsets, expansion.holidays) == (Offsets(), {})


def test_what_is_published_states_the_years_of_its_holidays() -> None:
    lifecycle = demand_funnel().lifecycle
    expanded = expand(lifecycle, datetime(2026, 11, 25, tzinfo=UTC))
    assert expanded["calendars"]["years"] == [2006, 2046]
    assert expanded["offsets"] == {"zone": "Asia/Tokyo", "first_s": 32_400, "changes": []}
    days = expanded["calendars"]["holidays"]["JP"]
    assert "2026-11-23" in days
    assert "2026-11-24" not in days
    assert published(lifecycle.text).calendars == demand_funnel().calendars
