"""External data that a lifecycle refers to, written out when it is published.

Holidays and time zone offsets come from libraries that change over the years. A published lifecycle
must always decide the same, so the data goes into the record, for a stated span of years. This is
the only module that uses those libraries.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import holidays

from domain.lifecycle.definition import Lifecycle

YEARS_BEFORE, YEARS_AFTER = 20, 20
"""Histories are imported from at most this far back, and a lifecycle this old has long had a
successor. Outside the span, weekends and closures still count, holidays do not, and the offset
stays the nearest one known."""

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


def known_countries() -> frozenset[str]:
    """Return the countries whose holidays are known."""
    return frozenset(holidays.list_supported_countries(include_aliases=False))


def expand(lifecycle: Lifecycle, at: datetime) -> dict[str, Any]:
    """Return what `lifecycle.published` holds in addition to the text, for a publication at `at`.

    The text has already been checked against the zones and countries that are known here.
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
    changes = [[_written(moment), _ahead(zone, moment)] for moment in _changes(zone, begin, end)]
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


def _written(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
