"""Read how one value is made from the cells of a row.

'{mql_id}/won'                          text with cells in it
true, 7, web                            the same for every row
{column: Won at, as: time, zone: Asia/Tokyo, format: '%Y/%m/%d %H:%M'}
{column: Kind, words: {A: form.submitted, B: seminar.attended}}
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml

from domain.lifecycle.reading import Place
from service.command.importing.mapping import As, Cell, Constant, Template, Value, template_of

Columns = dict[str, int]
"""Columns that are read, each with the line that first names it."""

SAMPLE_MOMENT = datetime(2026, 11, 22, 10, 15)  # noqa: DTZ001  only to try a format on

_CELL_KEYS = ("column", "as", "format", "zone", "remove", "words", "otherwise", "default")
_TIME_KEYS = ("column", "format", "zone")
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
        place.complain("a brace stands alone; write {column}, and {{ or }} for a brace itself")
        return None
    for column in template.columns:
        columns.setdefault(column, place.line)
    return template if text else None


def read_cell_of_time(place: Place, columns: Columns) -> Cell | None:
    """Read when something happened: always a column, never the same for every row."""
    if is_scalar(place):
        place.complain("expected {column: …, format: …, zone: …}")
        return None
    return _read_cell(place, _TIME_KEYS, columns, read_as=As.TIME)


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
    for name in ("format", "zone"):
        if name in keys and read_as not in _TIMED:
            keys[name].complain(f"only a date or a time has a {name}, and this is {read_as}")
    form = _read_format(keys["format"]) if "format" in keys else None
    cell = Cell(
        column,
        read_as=read_as,
        form=form,
        zone=_read_zone(keys["zone"]) if "zone" in keys else None,
        remove=tuple(one.text() for one in keys["remove"].one_or_more())
        if "remove" in keys
        else (),
        words=_read_words(keys["words"]) if "words" in keys else None,
        otherwise=keys["otherwise"].scalar() if "otherwise" in keys else None,
        default=keys["default"].scalar() if "default" in keys else None,
    )
    _check_zone(cell, keys, place)
    return cell


def _read_format(place: Place) -> str:
    """Try the format once: strptime says only of some that they are wrong, and only when used."""
    form = place.text()
    try:
        datetime.strptime(SAMPLE_MOMENT.strftime(form), form)  # noqa: DTZ007  only tried
    except ValueError:
        place.complain(f"'{form}' is no format of strptime; expected such as '%Y-%m-%d %H:%M:%S'")
    return form


def _read_zone(place: Place) -> ZoneInfo | None:
    name = place.text()
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError):
        place.complain(f"'{name}' is no time zone that is known here; expected such as Asia/Tokyo")
        return None


def _check_zone(cell: Cell, keys: Mapping[str, Place], place: Place) -> None:
    if cell.read_as is As.TIME and cell.form and "%z" not in cell.form and "zone" not in keys:
        place.complain("`zone` is missing: times of this format do not say where they were true")


def _read_words(place: Place) -> dict[str, str | int | bool]:
    read = {word: one.scalar() for word, one in place.entries().items()}
    return {word: value for word, value in read.items() if value is not None}
