"""Read dates and times as Japanese offices write them, and refuse ambiguous ones.

2026-01-05, 2026/1/5, 2026.1.5, 2026年1月5日(月), 20260105, 令和8年1月5日, R8.1.5, 46027 (Excel),
each with or without a time: 14:05, 14:05:30, 2:05 PM, 午後2時5分, and with or without an offset.
"""

import re
import unicodedata
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import NamedTuple

ERAS = {
    "令和": date(2019, 5, 1),
    "平成": date(1989, 1, 8),
    "昭和": date(1926, 12, 25),
}
"""The first day of each era in living people's records. An era may be counted beyond its end, as on
forms printed earlier (平成32年): the day is still unambiguous."""
_ERA_LETTERS = {"R": "令和", "H": "平成", "S": "昭和"}

NOON_HOUR = 12

SERIAL_DAY_ZERO = date(1899, 12, 30)
"""Day zero of Excel's serial dates, chosen so that they are right from March 1900."""
SERIAL_MIN, SERIAL_MAX = 25_569, 109_574
"""1970 to 2199: a smaller or larger number is a year, a price or an id, not a date."""

_GAP = r"\s*[-/.年]\s*"
_REST = r"\s*[-/.月]\s*(?P<day>\d{1,2})\s*日?"
_DAY = re.compile(rf"(?P<year>\d{{4}}){_GAP}(?P<month>\d{{1,2}}){_REST}", re.ASCII)
_ERA_DAY = re.compile(
    rf"(?P<era>令和|平成|昭和|[RHS])\s*(?P<year>元|\d{{1,2}}){_GAP}(?P<month>\d{{1,2}}){_REST}",
    re.ASCII | re.IGNORECASE,
)
_COMPACT_DAY = re.compile(r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})", re.ASCII)
_SERIAL = re.compile(r"(?P<days>\d{5,6})(?P<fraction>\.\d+)?", re.ASCII)
_WEEKDAY = re.compile(r"\s*\([月火水木金土日]曜?日?\)")
_CLOCK = re.compile(
    r"(?P<half>午前|午後)?\s*(?P<hour>\d{1,2})"
    r"(?:[:](?P<minute>\d{2})(?:[:](?P<second>\d{2})(?:\.(?P<fraction>\d{1,9}))?)?"
    r"|時(?:(?P<minute2>\d{1,2})分(?:(?P<second2>\d{1,2})秒)?)?)"
    r"\s*(?P<meridiem>[AP]M)?\s*(?P<offset>Z|UTC|JST|[+-]\d{2}:?\d{2})?",
    re.ASCII | re.IGNORECASE,
)
_SHORT_YEAR = re.compile(r"\d{2}[-/.年]\s*\d{1,2}[-/.月]\s*\d{1,2}\D*.*", re.ASCII)
_YEAR_LAST = re.compile(r"\d{1,2}[-/.]\d{1,2}[-/.]\d{4}.*", re.ASCII)
_HAS_CLOCK = re.compile(r"%[HIcXsTRr]")


class Unclear(Exception):
    """The text is not a date, or could be more than one; the message says what was expected."""


class CellTime(NamedTuple):
    """The contents of a cell: a day, and perhaps a time of day and a zone."""

    day: date
    clock: time | None = None
    zone: tzinfo | None = None

    def at(self, clock: time, zone: tzinfo) -> datetime:
        """Return the moment in UTC; `clock` and `zone` apply if the cell has none."""
        local = datetime.combine(self.day, clock if self.clock is None else self.clock)
        try:
            return local.replace(tzinfo=self.zone or zone).astimezone(UTC)
        except OverflowError:
            raise Unclear("expected a year from 1970 to 2200") from None


def read_moment(text: str, forms: Sequence[str] = ()) -> CellTime:
    """Read a date, or a date and time.

    With `forms`, which are strptime formats, only text in one of them is read, and ISO 8601, which
    is how true dates in a workbook arrive here.

    Raises:
        Unclear: It is not a date, or could be more than one.
    """
    text = unicodedata.normalize("NFKC", text).strip()
    for form in forms:
        moment = _by_form(text, form)
        if moment is not None:
            return moment
    if forms and not re.match(r"\d{4}-\d{2}-\d{2}", text):
        raise Unclear(f"expected a date in the format {' or '.join(forms)}")
    return _by_kind(text)


def _by_form(text: str, form: str) -> CellTime | None:
    try:
        read = datetime.strptime(text, form)  # noqa: DTZ007  the caller adds the zone
    except ValueError:
        return None
    return CellTime(read.date(), read.time() if _HAS_CLOCK.search(form) else None, read.tzinfo)


def _by_kind(text: str) -> CellTime:
    if serial := _SERIAL.fullmatch(text):
        return _of_serial(int(serial["days"]), float(serial["fraction"] or 0))
    for pattern in (_DAY, _ERA_DAY, _COMPACT_DAY):
        if found := pattern.match(text):
            rest = text[found.end() :]
            if weekday := _WEEKDAY.match(rest):
                rest = rest[weekday.end() :]
            return CellTime(_day_of(found), *_clock_of(rest))
    raise Unclear(_why_not(text))


def _day_of(found: re.Match[str]) -> date:
    parts = found.groupdict()
    era = parts.get("era")
    first = None
    year = 1 if parts["year"] == "元" else int(parts["year"])
    if era is not None:
        first = ERAS[_ERA_LETTERS.get(era.upper(), era)]
        year += first.year - 1
    try:
        day = date(year, int(parts["month"]), int(parts["day"]))
    except ValueError:
        raise Unclear("there is no such day in the calendar") from None
    if first is not None and day < first:
        raise Unclear(f"the era begins on {first.isoformat()}, and this day is before it")
    return day


def _clock_of(rest: str) -> tuple[time | None, tzinfo | None]:
    rest = rest.removeprefix("T").strip()
    if not rest:
        return None, None
    found = _CLOCK.fullmatch(rest)
    if found is None:
        raise Unclear("expected a time after the date, such as 14:05, 14:05:30 or 午後2時5分")
    hour = _hour_of(int(found["hour"]), found["half"], (found["meridiem"] or "").upper())
    minute, second = found["minute"] or found["minute2"], found["second"] or found["second2"]
    fraction = (found["fraction"] or "")[:6].ljust(6, "0")
    try:
        clock = time(hour, int(minute or 0), int(second or 0), int(fraction))
    except ValueError:
        raise Unclear("there is no such time of day; expected 0:00 to 23:59:59") from None
    return clock, _offset_of(found["offset"])


def _hour_of(hour: int, half: str | None, meridiem: str) -> int:
    if half and (hour >= NOON_HOUR or meridiem):
        raise Unclear(f"{half}{hour}時 is ambiguous; write the hour as 0 to 23")
    if meridiem and not 1 <= hour <= NOON_HOUR:
        raise Unclear(f"expected 1 to {NOON_HOUR} before {meridiem}")
    if meridiem:
        hour %= NOON_HOUR
    return hour + NOON_HOUR if half == "午後" or meridiem == "PM" else hour


def _offset_of(text: str | None) -> tzinfo | None:
    if text is None:
        return None
    if text.upper() in {"Z", "UTC"}:
        return UTC
    if text.upper() == "JST":
        return timezone(timedelta(hours=9))
    digits = text[1:].replace(":", "")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    if offset >= timedelta(days=1):
        raise Unclear("expected an offset of less than 24 hours")
    return timezone(-offset if text[0] == "-" else offset)


def _of_serial(days: int, fraction: float) -> CellTime:
    """Read an Excel serial date, with the time of day in the fraction, to the second."""
    if not SERIAL_MIN <= days <= SERIAL_MAX:
        raise Unclear(
            f"expected a date; a number is read as an Excel serial date only from {SERIAL_MIN} to "
            f"{SERIAL_MAX}"
        )
    moment = datetime.combine(SERIAL_DAY_ZERO, time.min) + timedelta(
        days=days, seconds=round(fraction * 86_400)
    )
    return CellTime(moment.date(), moment.time() if fraction else None)


def _why_not(text: str) -> str:
    if _YEAR_LAST.fullmatch(text):
        return (
            "the day or the month may come first; state which in the mapping: "
            "`format: '%d/%m/%Y'` or `format: '%m/%d/%Y'`"
        )
    if _SHORT_YEAR.fullmatch(text):
        return (
            "a two-digit year is ambiguous; write 2026 or R8, or give the mapping a `format` "
            "with %y"
        )
    return "expected a date, such as 2026-01-05, 2026/1/5, 2026年1月5日, 令和8年1月5日 or R8.1.5"
