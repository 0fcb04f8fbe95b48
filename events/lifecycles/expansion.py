"""What a lifecycle names and others know, written out when it is published.

Which days are holidays and how a zone's clock differs from UTC is told by libraries that change
with the years. What is published must decide the same for ever, so the answers go into the record,
for a stated span of years. The one module that asks them.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import holidays

from domain.lifecycle.definition import Lifecycle

YEARS_BEFORE, YEARS_AFTER = 20, 20
"""Histories are imported from so far back; a lifecycle that old has long had a successor. Beyond
them weekends and closures still count, holidays do not, and offsets stay as they were last."""

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


def known_countries() -> frozenset[str]:
    """Name the countries whose holidays can be kept."""
    return frozenset(holidays.list_supported_countries(include_aliases=False))


def expand(lifecycle: Lifecycle, at: datetime) -> dict[str, Any]:
    """Return what `lifecycle.published` holds beside the text of a lifecycle published at `at`.

    The text has been checked against the zones and countries that are known here.
    """
    years = range(at.year - YEARS_BEFORE, at.year + YEARS_AFTER + 1)
    countries = {
        calendar.holidays
        for calendar in lifecycle.pace.calendars.values()
        if calendar.holidays is not None
    }
    expanded: dict[str, Any] = {"offsets": _offsets(lifecycle.time_zone, years)}
    if countries:
        expanded["calendars"] = {
            "years": [years[0], years[-1]],
            "holidays": {country: _holidays(country, years) for country in sorted(countries)},
        }
    return expanded


def _holidays(country: str, years: range) -> list[str]:
    found: Mapping[date, str] = holidays.country_holidays(country, years=years)
    return sorted(day.isoformat() for day in found if day.year in years)


def _offsets(time_zone: str, years: range) -> dict[str, Any]:
    zone = ZoneInfo(time_zone)
    begin = datetime(years[0], 1, 1, tzinfo=UTC)
    end = datetime(years[-1] + 1, 1, 1, tzinfo=UTC)
    changes = [[_told(moment), _ahead(zone, moment)] for moment in _changes(zone, begin, end)]
    return {"zone": time_zone, "first_s": _ahead(zone, begin), "changes": changes}


def _changes(zone: ZoneInfo, begin: datetime, end: datetime) -> Iterator[datetime]:
    """Find the first moment of each new offset: day by day, then to the second."""
    day = begin
    while day < end:
        if _ahead(zone, day) != _ahead(zone, day + _DAY):
            before, after = day, day + _DAY
            while after - before > _SECOND:
                middle = before + (after - before) // 2
                middle = middle.replace(microsecond=0)
                if _ahead(zone, middle) == _ahead(zone, day):
                    before = middle
                else:
                    after = middle
            yield after
        day += _DAY


def _ahead(zone: ZoneInfo, moment: datetime) -> int:
    offset = moment.astimezone(zone).utcoffset()
    assert offset is not None
    return int(offset.total_seconds())


def _told(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
