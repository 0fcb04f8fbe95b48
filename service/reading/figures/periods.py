"""Dates and named periods, in the time zone and the fiscal calendar of the lifecycle."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from domain.lifecycle.definition import Lifecycle

DAY: Final = timedelta(days=1)
MONTHS_OF_A_YEAR: Final = 12
MONTHS_OF_A_HALF: Final = 6
MONTHS_OF_A_QUARTER: Final = 3
CLOSING_DAY_MAX: Final = 28
"""Every month has this day."""


class Calendar(NamedTuple):
    """How a company divides time."""

    zone: ZoneInfo
    fiscal_year_begins: int
    """The month, 1 to 12."""
    closing_day: int | None = None
    """The day on which a month ends; None: its last."""

    def begins(self, day: date) -> datetime:
        """Return the moment at which a day begins."""
        return datetime(day.year, day.month, day.day, tzinfo=self.zone).astimezone(UTC)

    def ends(self, day: date) -> datetime:
        """Return the moment at which a day is over."""
        return self.begins(day + DAY)

    def year_before(self, moment: datetime) -> datetime:
        """Return the same local time a year earlier; the last of February for the 29th."""
        local = moment.astimezone(self.zone)
        try:
            before = local.replace(year=local.year - 1)
        except ValueError:
            before = local.replace(year=local.year - 1, day=local.day - 1)
        return before.astimezone(UTC)

    def month_of(self, day: date) -> int:
        """Return the month that a day belongs to, counted from the year 0."""
        month = day.year * MONTHS_OF_A_YEAR + day.month - 1
        return month + (self.closing_day is not None and day.day > self.closing_day)

    def first_day(self, month: int) -> date:
        """Return the first day of a month."""
        if self.closing_day is None:
            return date(month // MONTHS_OF_A_YEAR, month % MONTHS_OF_A_YEAR + 1, 1)
        closed = month - 1
        year, number = divmod(closed, MONTHS_OF_A_YEAR)
        return date(year, number + 1, self.closing_day) + DAY


class Period(NamedTuple):
    """From the beginning of one day until before the beginning of another."""

    first: date
    beyond: date


def calendar_of(
    lifecycle: Lifecycle, closing_day: int | None = None, zone: ZoneInfo | None = None
) -> Calendar:
    """Return the calendar of a lifecycle, in its own time zone or another one."""
    zone = zone or ZoneInfo(lifecycle.time_zone)
    return Calendar(zone, lifecycle.pace.fiscal_year_begins, closing_day)


def period_named(name: str, today: date, calendar: Calendar) -> Period:
    """Return the period of this name that is meant on a day."""
    return PERIODS[name](today, calendar)


def _weeks(ago: int) -> Callable[[date, Calendar], Period]:
    def period(today: date, _: Calendar) -> Period:
        monday = today - DAY * (today.weekday() + 7 * ago)
        return Period(monday, monday + DAY * 7)

    return period


def _months(length: int, ago: int) -> Callable[[date, Calendar], Period]:
    """Return the period of several months, counted from the fiscal year, in which a day falls."""

    def period(today: date, calendar: Calendar) -> Period:
        month = calendar.month_of(today)
        since_begin = (month - (calendar.fiscal_year_begins - 1)) % MONTHS_OF_A_YEAR
        first = month - since_begin % length - length * ago
        return Period(calendar.first_day(first), calendar.first_day(first + length))

    return period


def _year_to_date(today: date, calendar: Calendar) -> Period:
    return Period(_months(MONTHS_OF_A_YEAR, 0)(today, calendar).first, today + DAY)


PERIODS: Final[Mapping[str, Callable[[date, Calendar], Period]]] = {
    "this_week": _weeks(0),
    "last_week": _weeks(1),
    "this_month": _months(1, 0),
    "last_month": _months(1, 1),
    "this_quarter": _months(MONTHS_OF_A_QUARTER, 0),
    "last_quarter": _months(MONTHS_OF_A_QUARTER, 1),
    "this_half": _months(MONTHS_OF_A_HALF, 0),
    "last_half": _months(MONTHS_OF_A_HALF, 1),
    "this_fiscal_year": _months(MONTHS_OF_A_YEAR, 0),
    "last_fiscal_year": _months(MONTHS_OF_A_YEAR, 1),
    "fiscal_year_to_date": _year_to_date,
}
"""Weeks begin on Monday; quarters and halves are those of the fiscal year."""
