"""Calendars as data: when a team is at work.

A text names a country whose public holidays are observed. The dates are expanded when the lifecycle
is published (`events.lifecycles.expansion`), so that nothing here depends on the years that a
library knows.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from domain.lifecycle.words import Words

DAY_MINUTES, HOUR_MINUTES = 1_440, 60
HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")


class Hours(NamedTuple):
    """From one minute of the day to another, exclusive, in the lifecycle's time zone."""

    opens: int
    closes: int
    """At most 1,440: midnight."""

    @property
    def text(self) -> str:
        """Write the hours as a lifecycle does."""
        begin, end = divmod(self.opens, HOUR_MINUTES), divmod(self.closes, HOUR_MINUTES)
        return f"{begin[0]:02}:{begin[1]:02}-{end[0]:02}:{end[1]:02}"


def hours_in(text: str) -> Hours | None:
    """Read opening hours, such as 09:00-18:00; None if malformed or closing before opening."""
    found = HOURS.fullmatch(text)
    if found is None:
        return None
    begin_hour, begin_minute, end_hour, end_minute = map(int, found.groups())
    opens = begin_hour * HOUR_MINUTES + begin_minute
    closes = end_hour * HOUR_MINUTES + end_minute
    return Hours(opens, closes) if opens < closes <= DAY_MINUTES else None


@dataclass(frozen=True, slots=True)
class Closure:
    """Non-working days in addition to the holidays, every year or once."""

    words: Words
    first: str
    """MM-DD for every year, YYYY-MM-DD for once."""
    last: str

    def covers(self, day: date) -> bool:
        """Whether it includes the day; a closure over the new year wraps round."""
        written = day.isoformat()[-len(self.first) :]
        if self.first <= self.last:
            return self.first <= written <= self.last
        return written >= self.first or written <= self.last


@dataclass(frozen=True, slots=True)
class Calendar:
    name: str
    words: Words
    week: tuple[tuple[Hours, ...], ...]
    """Opening hours of the seven days from Monday; empty means closed."""
    holidays: str | None = None
    """ISO 3166 code of the country whose public holidays are observed."""
    closures: tuple[Closure, ...] = ()


class CalendarChange(NamedTuple):
    """A change made after the lifecycle was published; both days are included."""

    first: str
    """YYYY-MM-DD."""
    last: str
    closed: bool
    """False: holidays and closures in the period are working days."""
    hours: Hours | None = None
    """Working hours; None: the hours of the weekday."""


class Period(NamedTuple):
    """A period of working time: whole business days, or minutes of business hours."""

    business_days: int = 0
    business_minutes: int = 0


class Offsets(NamedTuple):
    """The UTC offsets of one zone, independent of any time zone database."""

    first_s: int = 0
    """Seconds ahead of UTC before the first change."""
    changes: tuple[tuple[str, int], ...] = ()
    """Start (RFC 3339, UTC), and seconds ahead of UTC from then on."""


@dataclass(frozen=True, slots=True)
class Expansion:
    """External data that a lifecycle refers to: holidays by country, the offsets of its zone.

    It is part of `lifecycle.published`, next to the text. A lifecycle that was published without
    one observes no holidays and uses UTC.
    """

    offsets: Offsets = field(default_factory=Offsets)
    holidays: Mapping[str, frozenset[date]] = field(default_factory=dict)
    """Country → its public holidays, over the years that the publication states."""
    changes: Mapping[str, tuple[CalendarChange, ...]] = field(default_factory=dict)
    """Calendar → later changes; of two for the same day the later one counts."""
