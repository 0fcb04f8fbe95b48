"""Named periods and dates, in the calendar of a company."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from service.reading.figures.periods import PERIODS, Calendar, period_named

TOKYO = Calendar(ZoneInfo("Asia/Tokyo"), fiscal_year_begins=4)
ON_THE_20TH = TOKYO._replace(closing_day=20)


def days(name: str, today: str, calendar: Calendar = TOKYO) -> tuple[str, str]:
    """Return the first day of a period and the first day after it."""
    period = period_named(name, date.fromisoformat(today), calendar)
    return period.first.isoformat(), period.beyond.isoformat()


@pytest.mark.parametrize(
    ("name", "today", "expected"),
    [
        ("this_week", "2026-11-22", ("2026-11-16", "2026-11-23")),
        ("this_week", "2026-11-23", ("2026-11-23", "2026-11-30")),
        ("last_week", "2026-01-01", ("2025-12-22", "2025-12-29")),
        ("this_month", "2026-12-31", ("2026-12-01", "2027-01-01")),
        ("last_month", "2026-03-31", ("2026-02-01", "2026-03-01")),
        ("this_quarter", "2026-03-31", ("2026-01-01", "2026-04-01")),
        ("last_quarter", "2026-04-01", ("2026-01-01", "2026-04-01")),
        ("this_half", "2026-09-30", ("2026-04-01", "2026-10-01")),
        ("last_half", "2026-09-30", ("2025-10-01", "2026-04-01")),
        ("this_fiscal_year", "2026-03-31", ("2025-04-01", "2026-04-01")),
        ("last_fiscal_year", "2026-04-01", ("2025-04-01", "2026-04-01")),
        ("fiscal_year_to_date", "2026-05-05", ("2026-04-01", "2026-05-06")),
    ],
)
def test_a_period_is_named_by_the_fiscal_calendar(
    name: str, today: str, expected: tuple[str, str]
) -> None:
    assert days(name, today) == expected


def test_months_that_close_on_the_20th_begin_on_the_21st() -> None:
    assert days("this_month", "2026-11-20", ON_THE_20TH) == ("2026-10-21", "2026-11-21")
    assert days("this_month", "2026-11-21", ON_THE_20TH) == ("2026-11-21", "2026-12-21")
    assert days("last_month", "2026-01-05", ON_THE_20TH) == ("2025-11-21", "2025-12-21")
    assert days("this_fiscal_year", "2026-03-21", ON_THE_20TH) == ("2026-03-21", "2027-03-21")


@pytest.mark.parametrize("name", [name for name in PERIODS if name.startswith("this_")])
@pytest.mark.parametrize("calendar", [TOKYO, ON_THE_20TH, TOKYO._replace(fiscal_year_begins=1)])
def test_a_period_holds_its_day_and_follows_the_last_one(name: str, calendar: Calendar) -> None:
    for month in range(1, 13):
        for day in (1, 15, 20, 21, 28):
            today = date(2026, month, day)
            this = period_named(name, today, calendar)
            last = period_named(name.replace("this", "last"), today, calendar)
            assert this.first <= today < this.beyond
            assert last.beyond == this.first


def test_a_day_lasts_from_midnight_to_midnight_where_the_ledger_is() -> None:
    day = date(2026, 11, 22)
    assert TOKYO.begins(day) == datetime(2026, 11, 21, 15, tzinfo=UTC)
    assert TOKYO.ends(day) == datetime(2026, 11, 22, 15, tzinfo=UTC)
