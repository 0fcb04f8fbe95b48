"""Business time: opening hours, business days, local time.

Pure: holidays and offsets were expanded when the lifecycle was published. Total: a calendar that
never opens gives a moment far ahead, never an error, because a timer has to be set.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from domain.lifecycle.calendars import (
    Calendar,
    CalendarChange,
    Expansion,
    Hours,
    Offsets,
    Period,
)
from domain.limits import DAYS_SEARCHED_MAX

ONE_DAY = timedelta(days=1)
DAY_MIN, DAY_MAX = date(1970, 1, 1), date(2200, 12, 31)
"""Days outside these bounds are mistakes, and are replaced by the nearest bound."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Local time in one zone. A class, because its changes are prepared for searching."""

    first_offset: timedelta
    changed_at: tuple[datetime, ...]
    offsets: tuple[timedelta, ...]

    def shows(self, moment: datetime) -> datetime:
        """Return the local time at a moment, as a time without a zone."""
        return moment.replace(tzinfo=None) + self._offset(moment)

    def moment(self, shown: datetime) -> datetime:
        """Return the moment of a local time.

        If the clock is turned back, the first occurrence. If the time is skipped because the clock
        is turned forward, the moment at which the clock would have shown it without the change.
        """
        as_utc = shown.replace(tzinfo=UTC)
        before = self._offset(as_utc - ONE_DAY)
        if self._offset(as_utc - before) == before:
            return as_utc - before
        after = self._offset(as_utc + ONE_DAY)
        later = as_utc - after
        return later if self._offset(later) == after else as_utc - before

    def day(self, moment: datetime) -> date:
        return (moment + self._offset(moment)).date()

    def begin_of(self, day: date) -> datetime:
        """Return when a day begins."""
        return self.moment(datetime.combine(min(max(day, DAY_MIN), DAY_MAX), time()))

    def _offset(self, moment: datetime) -> timedelta:
        place = bisect_right(self.changed_at, moment)
        return self.offsets[place - 1] if place else self.first_offset


@dataclass(frozen=True, slots=True)
class BusinessTime:
    """One calendar, with everything that it refers to expanded."""

    clock: Clock
    calendar: Calendar
    holidays: frozenset[date]
    changes: tuple[CalendarChange, ...] = ()

    def hours_on(self, day: date) -> tuple[Hours, ...]:
        """Return the opening hours of a day; none on a holiday or while closed."""
        change = self._change_of(day)
        if change is not None and change.hours is not None:
            return (change.hours,)
        is_closed = change.closed if change is not None else self._keeps_closed(day)
        return () if is_closed else self.calendar.week[day.weekday()]

    def _change_of(self, day: date) -> CalendarChange | None:
        written = day.isoformat()
        changes = (
            change for change in reversed(self.changes) if change.first <= written <= change.last
        )
        return next(changes, None)

    def _keeps_closed(self, day: date) -> bool:
        return day in self.holidays or any(
            closure.covers(day) for closure in self.calendar.closures
        )

    def is_business_day(self, day: date) -> bool:
        return bool(self.hours_on(day))

    def is_open(self, moment: datetime) -> bool:
        """Whether the team is at work; at the minute of closing it no longer is."""
        return any(
            opens <= moment < closes for opens, closes in self._open_on(self.clock.day(moment))
        )

    def due(self, moment: datetime, period: Period) -> datetime:
        """Return when a period of working time that begins at a moment ends."""
        if period.business_days:
            return self.close_of_day(moment, period.business_days)
        return self.after_minutes(moment, period.business_minutes)

    def close_of_day(self, moment: datetime, number: int) -> datetime:
        """Return the close of the n-th business day after a moment.

        The day of the moment itself is never counted, whatever the hour: with two days, what comes
        in on Monday is due by the close of Wednesday, the second business day after it.
        """
        day = self.clock.day(moment)
        for _ in range(DAYS_SEARCHED_MAX):
            day += ONE_DAY
            hours = self.hours_on(day)
            number -= bool(hours)
            if number <= 0:
                return self._at(day, hours[-1].closes)
        return self.clock.begin_of(day)

    def after_minutes(self, moment: datetime, minutes: int) -> datetime:
        """Return when `minutes` of business hours have passed since a moment."""
        left, day = timedelta(minutes=minutes), self.clock.day(moment)
        for _ in range(DAYS_SEARCHED_MAX):
            for opens, closes in self._open_on(day):
                begins = max(opens, moment)
                if closes - begins >= left:
                    return begins + left
                left -= max(closes - begins, timedelta())
            day += ONE_DAY
        return self.clock.begin_of(day)

    def duration(self, begin: datetime, end: datetime) -> timedelta:
        """Return how much of the time between two moments lies within business hours."""
        total, day, last = timedelta(), self.clock.day(begin), self.clock.day(end)
        while day <= last:
            for opens, closes in self._open_on(day):
                total += max(min(closes, end) - max(opens, begin), timedelta())
            day += ONE_DAY
        return total

    def _open_on(self, day: date) -> list[tuple[datetime, datetime]]:
        return [
            (self._at(day, hours.opens), self._at(day, hours.closes))
            for hours in self.hours_on(day)
        ]

    def _at(self, day: date, minute: int) -> datetime:
        return self.clock.moment(datetime.combine(day, time()) + timedelta(minutes=minute))


def clock_of(offsets: Offsets) -> Clock:
    """Prepare the offsets of a zone for look-ups."""
    return Clock(
        timedelta(seconds=offsets.first_s),
        tuple(datetime.fromisoformat(since) for since, _ in offsets.changes),
        tuple(timedelta(seconds=seconds) for _, seconds in offsets.changes),
    )


def business_times(
    calendars: Mapping[str, Calendar], expansion: Expansion, clock: Clock
) -> Mapping[str, BusinessTime]:
    """Join each calendar with the holidays that it observes."""
    return dict(_joined(calendars, expansion, clock))


def _joined(
    calendars: Mapping[str, Calendar], expansion: Expansion, clock: Clock
) -> Iterator[tuple[str, BusinessTime]]:
    for name, calendar in calendars.items():
        holidays = expansion.holidays.get(calendar.holidays or "", frozenset())
        yield name, BusinessTime(clock, calendar, holidays, expansion.changes.get(name, ()))
