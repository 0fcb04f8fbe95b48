"""Calendars as data: when a team is at work, and when it is not.

A text names a country whose public holidays are kept; which days those are is expanded when the
lifecycle is published (`events.lifecycles.expansion`), so that nothing here depends on the years
that a library knows.
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
    """From one minute of the day until before another, by the clock of the lifecycle's zone."""

    opens: int
    closes: int
    """At most 1,440: midnight."""

    @property
    def text(self) -> str:
        """Write them as a lifecycle does."""
        begin, end = divmod(self.opens, HOUR_MINUTES), divmod(self.closes, HOUR_MINUTES)
        return f"{begin[0]:02}:{begin[1]:02}-{end[0]:02}:{end[1]:02}"


def hours_in(text: str) -> Hours | None:
    """Read opening hours, such as 09:00-18:00; None if they are not hours, or close first."""
    found = HOURS.fullmatch(text)
    if found is None:
        return None
    begin_hour, begin_minute, end_hour, end_minute = map(int, found.groups())
    opens = begin_hour * HOUR_MINUTES + begin_minute
    closes = end_hour * HOUR_MINUTES + end_minute
    return Hours(opens, closes) if opens < closes <= DAY_MINUTES else None


@dataclass(frozen=True, slots=True)
class Closure:
    """Days on which nobody works beside the holidays: every year, or once."""

    words: Words
    first: str
    """MM-DD for every year, YYYY-MM-DD for once."""
    last: str

    def covers(self, day: date) -> bool:
        """Say whether the day lies within; a closure over the new year wraps round."""
        told = day.isoformat()[-len(self.first) :]
        if self.first <= self.last:
            return self.first <= told <= self.last
        return told >= self.first or told <= self.last


@dataclass(frozen=True, slots=True)
class Calendar:
    name: str
    words: Words
    week: tuple[tuple[Hours, ...], ...]
    """Opening hours of the seven days from Monday; empty is closed."""
    holidays: str | None = None
    """The country whose public holidays are kept, as ISO 3166 writes it."""
    closures: tuple[Closure, ...] = ()


class CalendarChange(NamedTuple):
    """Days decided upon after the lifecycle was published, both included."""

    first: str
    """YYYY-MM-DD."""
    last: str
    closed: bool
    """False: holidays and closures are worked."""
    hours: Hours | None = None
    """When they are worked; None: in the hours of the day of the week."""


class Period(NamedTuple):
    """A stretch of working time: whole business days, or minutes of business hours."""

    business_days: int = 0
    business_minutes: int = 0


class Offsets(NamedTuple):
    """What the clock of one zone shows beside UTC, without any database of zones."""

    first_s: int = 0
    """Seconds ahead of UTC before the first change."""
    changes: tuple[tuple[str, int], ...] = ()
    """From when (RFC 3339, UTC), and then how many seconds ahead."""


@dataclass(frozen=True, slots=True)
class Expansion:
    """What a lifecycle names and others know: holidays by country, the offsets of its zone.

    It stands beside the text in `lifecycle.published`. A lifecycle that was published without one
    keeps no holidays, and its clock shows UTC.
    """

    offsets: Offsets = field(default_factory=Offsets)
    holidays: Mapping[str, frozenset[date]] = field(default_factory=dict)
    """Country → its public holidays, over the years that the publication states."""
    changes: Mapping[str, tuple[CalendarChange, ...]] = field(default_factory=dict)
    """Calendar → what was decided upon since; of two about one day the later counts."""
