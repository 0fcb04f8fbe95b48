"""Read how one value is made from the cells of a row.

'{mql_id}/won'                          text with cells inserted
true, 7, web                            the same for every row
{column: Won at, as: time, zone: Asia/Tokyo, at: 09:00, format: '%Y/%m/%d %H:%M'}
{column: Kind, words: {A: form.submitted, B: seminar.attended}}
"""

import re
from collections.abc import Collection, Mapping
from datetime import datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml

from domain.lifecycle.text.place import Place
from service.command.importing.mapping import (
    NOON,
    As,
    Cell,
    Constant,
    FixedTime,
    Template,
    Value,
    template_of,
)
from service.command.importing.values.dates import Unclear, read_moment

Columns = dict[str, int]
"""Columns that are read, each with the line that first mentions it."""

SAMPLE_MOMENT = datetime(2026, 11, 22, 10, 15)  # noqa: DTZ001  only to try formats with

_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)
_CELL_KEYS = ("column", "as", "format", "zone", "at", "remove", "words", "otherwise", "default")
_TIME_KEYS = ("column", "format", "zone", "at", "default")
_TIME_SOURCES = ("column", "constant", "file")
_TIME_EXPECTED = "expected {column: …}, {constant: 2026-01-05} or {file: modified}"
_TIMED = (As.DATE, As.TIME)


def is_scalar(place: Place) -> bool:
    return isinstance(place.node, yaml.ScalarNode)


def read_value(place: Place, columns: Columns) -> Value | None:
    """Read a value; None after a complaint."""
    if not is_scalar(place):
        return _read_cell(place, _CELL_KEYS, columns)
    value = place.scalar()
    if not isinstance(value, str):
        return None if value is None else Constant(value)
    template = read_template(place, columns)
    if template is None or template.columns:
        return template
    return Constant(template.literals[0])


def read_template(place: Place, columns: Columns) -> Template | None:
    text = place.text()
    template = template_of(text)
    if template is None:
        place.complain("found an unpaired brace; write {column}, or {{ and }} for literal braces")
        return None
    for column in template.columns:
        columns.setdefault(column, place.line)
    return template if text else None


def read_time(place: Place, columns: Columns) -> Cell | FixedTime | None:
    """Read when something happened: a column, or one time for every row."""
    if is_scalar(place):
        place.complain(_TIME_EXPECTED)
        return None
    match [key for key in place.keys() if key in _TIME_SOURCES]:  # noqa: SIM118  not a dictionary
        case ["column"]:
            return _read_cell(place, _TIME_KEYS, columns, read_as=As.TIME)
        case ["constant"] | ["file"]:
            return _read_fixed(place)
        case _:
            place.complain(_TIME_EXPECTED)
            return None


def _read_fixed(place: Place) -> FixedTime | None:
    keys = place.entries(known=("constant", "file", "zone", "at"))
    if "file" in keys:
        keys["file"].one_of(("modified",), kind="a day that a file has")
    text = _read_moment(keys["constant"]) if "constant" in keys else None
    return FixedTime(text, zone=_zone_in(keys), at=_read_at(keys))


def _read_cell(
    place: Place, known: Collection[str], columns: Columns, *, read_as: As = As.TEXT
) -> Cell | None:
    keys = place.entries(known=known, required=("column",))
    column = keys["column"].text() if "column" in keys else ""
    if not column:
        return None
    columns.setdefault(column, keys["column"].line)
    if "as" in keys:
        read_as = As(keys["as"].one_of(tuple(As), kind="a kind of value") or As.TEXT)
    for name in ("format", "zone", "at"):
        if name in keys and read_as not in _TIMED:
            keys[name].complain(f"`{name}` is only for a date or a time, and this is {read_as}")
    formats = keys["format"].one_or_more() if "format" in keys else ()
    return Cell(
        column,
        read_as=read_as,
        forms=tuple(_read_format(form) for form in formats),
        zone=_zone_in(keys),
        at=_read_at(keys),
        remove=tuple(noise.text() for noise in keys["remove"].one_or_more())
        if "remove" in keys
        else (),
        words=_read_words(keys["words"]) if "words" in keys else None,
        otherwise=keys["otherwise"].scalar() if "otherwise" in keys else None,
        default=_read_default(keys["default"], read_as) if "default" in keys else None,
    )


def _read_default(place: Place, read_as: As) -> str | int | bool | None:
    """Read the value for a blank cell; a date is written and read as in a cell."""
    return _read_moment(place) if read_as in _TIMED else place.scalar()


def _read_moment(place: Place) -> str:
    """Try the date once. YAML parses 2026-01-05 in its own way, so the text is used."""
    text = str(place.node.value)
    try:
        read_moment(text)
    except Unclear as unclear:
        place.complain(str(unclear))
    return text


def _read_at(keys: Mapping[str, Place]) -> time:
    """Read a time of day. YAML parses 9:30 as a number, so the text is used."""
    if "at" not in keys:
        return NOON
    clock = _CLOCK.fullmatch(str(keys["at"].node.value))
    if clock is None:
        keys["at"].complain("expected a time of day, such as 09:00")
        return NOON
    return time(int(clock[1]), int(clock[2]))


def _read_format(place: Place) -> str:
    """Try the format once: strptime rejects only some wrong formats, and only when used."""
    form = place.text()
    try:
        datetime.strptime(SAMPLE_MOMENT.strftime(form), form)  # noqa: DTZ007  only tried
    except ValueError:
        place.complain(
            f"'{form}' is not a strptime format; expected one such as '%Y-%m-%d %H:%M:%S'"
        )
    return form


def _zone_in(keys: Mapping[str, Place]) -> ZoneInfo | None:
    if "zone" not in keys:
        return None
    name = keys["zone"].text()
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError):
        keys["zone"].complain(f"'{name}' is not a known time zone; expected one such as Asia/Tokyo")
        return None


def _read_words(place: Place) -> dict[str, str | int | bool]:
    read = {word: entry.scalar() for word, entry in place.entries().items()}
    return {word: value for word, value in read.items() if value is not None}
