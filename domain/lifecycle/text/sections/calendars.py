"""The text of calendars and of periods of working time.

calendars:
  office:
    label: {ja: 営業時間, en: office hours}
    hours: {monday: ['09:00-12:00', '13:00-18:00'], tuesday: ['09:00-18:00']}
    holidays: JP
    closures:
      - {label: {ja: 年末年始, en: New Year}, from: '12-29', to: '01-03'}
      - {label: {ja: 創立記念日, en: founding day}, on: '2026-05-11'}

within: {business_days: 2}      the close of the second business day
within: {business_hours: 4}     four hours of opening time
"""

import re
from collections.abc import Collection, Container, Mapping
from datetime import date, timedelta

from domain.lifecycle.calendars import (
    HOUR_MINUTES,
    HOURS,
    Calendar,
    Closure,
    Hours,
    Period,
    hours_in,
)
from domain.lifecycle.text.place import Place
from domain.lifecycle.text.words import WORD_KEYS, Placed, check_code, read_words
from domain.limits import CLOSED_DAYS_MAX

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
CALENDAR_KEYS = (*WORD_KEYS, "hours", "holidays", "closures")
CLOSURE_KEYS = (*WORD_KEYS, "on", "from", "to")
PERIOD_KEYS = ("business_days", "business_hours")
BUSINESS_DAYS_MAX, BUSINESS_HOURS_MAX = 250, 2_000
"""A year of work: a longer deadline is a mistake, and the search for it would be slow."""

_COUNTRY = re.compile(r"[A-Z]{2}")
_DAY = re.compile(r"(\d{4}-)?\d{2}-\d{2}")
_LEAP_YEAR = "2024-"


def read_calendars(
    place: Place | None, *, languages: Collection[str]
) -> dict[str, Placed[Calendar]]:
    calendars: dict[str, Placed[Calendar]] = {}
    for name, entry in place.entries().items() if place else ():
        check_code(entry, name)
        keys = entry.entries(known=CALENDAR_KEYS, required=("hours",))
        closures = tuple(
            closure
            for item in (keys["closures"].items() if "closures" in keys else ())
            if (closure := _read_closure(item, languages)) is not None
        )
        _check_closures(keys.get("closures"), closures)
        calendar = Calendar(
            name=name,
            words=read_words(entry, keys, languages=languages),
            week=_read_week(keys.get("hours")),
            holidays=keys["holidays"].matching(_COUNTRY, expected="a country such as JP") or None
            if "holidays" in keys
            else None,
            closures=closures,
        )
        calendars[name] = Placed(entry, calendar)
    return calendars


def check_countries(
    root: Place, calendars: Mapping[str, Calendar], countries: Container[str]
) -> None:
    """Complain about unknown holidays, before they have to be expanded."""
    for name, calendar in calendars.items():
        if calendar.holidays is not None and calendar.holidays not in countries:
            place = root.at("calendars").at(name).at("holidays")
            place.complain(f"the public holidays of {calendar.holidays} are not known here")


def read_period(place: Place | None) -> Period:
    """Read a period of working time: a number of business days, or of business hours."""
    keys = place.entries(known=PERIOD_KEYS) if place else {}
    if place and len(keys) != 1:
        place.complain("expected either `business_days` or `business_hours`")
        return Period()
    if "business_days" in keys:
        return Period(business_days=keys["business_days"].integer(1, BUSINESS_DAYS_MAX))
    if "business_hours" in keys:
        hours = keys["business_hours"].integer(1, BUSINESS_HOURS_MAX)
        return Period(business_minutes=hours * HOUR_MINUTES)
    return Period()


def _read_week(place: Place | None) -> tuple[tuple[Hours, ...], ...]:
    days: Mapping[str, Place] = place.entries(known=WEEKDAYS) if place else {}
    if place and not days:
        place.complain("is never open; name at least one day")
    return tuple(_read_day(days.get(name)) for name in WEEKDAYS)


def _read_day(place: Place | None) -> tuple[Hours, ...]:
    read: list[Hours] = []
    for item in place.one_or_more() if place else ():
        text = item.matching(HOURS, expected="hours such as 09:00-18:00")
        if not text:
            continue
        hours = hours_in(text)
        if hours is None:
            item.complain("closes before it opens; hours that cross midnight are two entries")
            continue
        if read and hours.opens < read[-1].closes:
            item.complain("hours of one day must be in order and must not overlap")
        read.append(hours)
    return tuple(read)


def _read_closure(place: Place, languages: Collection[str]) -> Closure | None:
    keys = place.entries(known=CLOSURE_KEYS)
    words = read_words(place, keys, languages=languages)
    if ("on" in keys) == ("from" in keys or "to" in keys) or ("from" in keys) != ("to" in keys):
        place.complain("expected either `on`, or `from` and `to`")
        return None
    first = _read_closed_day(keys["from" if "from" in keys else "on"])
    last = _read_closed_day(keys["to"]) if "to" in keys else first
    if not first or not last:
        return None
    if len(first) != len(last):
        place.complain("`from` and `to` must both be days of every year, or both dates")
        return None
    if len(first) > len("MM-DD") and first > last:
        place.complain("ends before it begins")
    return Closure(words=words, first=first, last=last)


def _read_closed_day(place: Place) -> str:
    """Read MM-DD, a day of every year, or one date."""
    text = place.matching(_DAY, expected="a day such as '12-29' for every year or '2026-08-13'")
    if not text:
        return ""
    try:
        date.fromisoformat(text if len(text) > len("MM-DD") else _LEAP_YEAR + text)
    except ValueError:
        place.complain(f"'{text}' is not a day of the calendar")
        return ""
    return text


def _check_closures(place: Place | None, closures: Collection[Closure]) -> None:
    if place is None:
        return
    yearly = [closure for closure in closures if len(closure.first) == len("MM-DD")]
    days = [date.fromisoformat(f"{_LEAP_YEAR}01-01") + timedelta(days=day) for day in range(366)]
    closed = sum(any(closure.covers(day) for closure in yearly) for day in days)
    if closed > CLOSED_DAYS_MAX:
        place.complain(f"expected at most {CLOSED_DAYS_MAX} closed days per year, found {closed}")
