"""The days and months of a time zone, looked up once for the many events in the same one."""

from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import NamedTuple


class Month(NamedTuple):
    """A month of some zone's calendar: from `begins` until before `ends`."""

    name: str
    """YYYY-MM."""
    begins: datetime
    ends: datetime


class Day(NamedTuple):
    """A day of some zone's calendar: from `begins` until before `ends`."""

    date: date
    begins: datetime
    ends: datetime


NO_DAY = Day(date.max, datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC))
NO_MONTH = Month("", datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC))


def day_around(moment: datetime, zone: tzinfo) -> Day:
    """Return the day of a moment in the calendar of that zone."""
    day = moment.astimezone(zone).date()
    begins, ends = (
        datetime(one.year, one.month, one.day, tzinfo=zone).astimezone(UTC)
        for one in (day, day + timedelta(days=1))
    )
    return Day(day, begins, ends)


def month_around(moment: datetime, zone: tzinfo) -> Month:
    """Return the month of a moment in the calendar of that zone."""
    local = moment.astimezone(zone)
    year, month = local.year, local.month
    begins = datetime(year, month, 1, tzinfo=zone)
    ends = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=zone)
    return Month(f"{year:04}-{month:02}", begins.astimezone(UTC), ends.astimezone(UTC))
