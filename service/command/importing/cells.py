"""Make one value from the cells of a row.

What a mapping says is turned into functions once, when the columns of the file are known: a
million rows are then read without looking anything up by name.
"""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime

from service.command.importing.mapping import As, Cell, Condition, Constant, Template, Value
from service.command.importing.table import is_blank

Scalar = str | int | bool
Cells = Sequence[str]
Reader = Callable[[Cells], Scalar | None]
"""Returns None where the cells are blank."""

TRUE_WORDS = frozenset({"true", "yes", "1"})
FALSE_WORDS = frozenset({"false", "no", "0"})

_INTEGER = re.compile(r"[+-]?\d{1,19}", re.ASCII)
_AMOUNT = re.compile(r"[+-]?\d{1,18}(\.\d{1,6})?", re.ASCII)


class BadCell(Exception):
    """A cell does not hold what the mapping expects in it.

    What it holds is not repeated: it may be personal, and line and column say where to look.
    """

    def __init__(self, column: str, detail: str) -> None:
        super().__init__(f"{column}: {detail}")
        self.column = column
        self.detail = detail


def reader_of(value: Value, header: Sequence[str], blanks: frozenset[str]) -> Reader:
    """Return the function that makes the value; it raises BadCell."""
    match value:
        case Constant(constant):
            return lambda _: constant
        case Template():
            return _template_reader(value, header, blanks)
        case Cell():
            return _cell_reader(value, header, blanks)


def test_of(
    condition: Condition, header: Sequence[str], blanks: frozenset[str]
) -> Callable[[Cells], bool]:
    """Return the function that tells whether a row meets the condition."""
    index = header.index(condition.column)

    def holds(cells: Cells) -> bool:
        word = cells[index].strip()
        if condition.blank is not None and is_blank(word, blanks) != condition.blank:
            return False
        if condition.accepted is not None and word not in condition.accepted:
            return False
        return word not in condition.rejected

    return holds


def _template_reader(value: Template, header: Sequence[str], blanks: frozenset[str]) -> Reader:
    first, *rest = value.literals
    parts = [
        (header.index(column), behind) for column, behind in zip(value.columns, rest, strict=True)
    ]

    def read(cells: Cells) -> str | None:
        text = first
        for index, behind in parts:
            cell = cells[index]
            if is_blank(cell, blanks):
                return None
            text += cell + behind
        return text

    return read


def _cell_reader(value: Cell, header: Sequence[str], blanks: frozenset[str]) -> Reader:
    index = header.index(value.column)
    convert = _CONVERSIONS[value.read_as]

    def read(cells: Cells) -> Scalar | None:
        text = cells[index]
        if is_blank(text, blanks):
            return value.default
        for noise in value.remove:
            text = text.replace(noise, "")
        if value.words is not None:
            return _translate(text.strip(), value)
        return convert(text, value)

    return read


def _translate(word: str, cell: Cell) -> Scalar:
    assert cell.words is not None
    found = cell.words.get(word, cell.otherwise)
    if found is None:
        known = ", ".join(list(cell.words)[:10])
        raise BadCell(cell.column, f"expected one of the mapping's words ({known}), found another")
    return found


def _text(text: str, _: Cell) -> str:
    return text


def _integer(text: str, cell: Cell) -> int:
    if not _INTEGER.fullmatch(text.strip()):
        raise BadCell(cell.column, "expected an integer, such as 1200")
    return int(text)


def _amount(text: str, cell: Cell) -> str:
    amount = text.strip()
    if not _AMOUNT.fullmatch(amount):
        raise BadCell(cell.column, "expected a decimal number, such as 1200.50")
    return amount.removeprefix("+")


def _boolean(text: str, cell: Cell) -> bool:
    word = text.strip().casefold()
    if word not in TRUE_WORDS | FALSE_WORDS:
        raise BadCell(cell.column, "expected true or false, yes or no, 1 or 0")
    return word in TRUE_WORDS


def _date(text: str, cell: Cell) -> str:
    return _moment(text.strip(), cell).date().isoformat()


def _time(text: str, cell: Cell) -> str:
    moment = _moment(text.strip(), cell)
    if moment.tzinfo is None:
        if cell.zone is None:
            raise BadCell(cell.column, "expected a time with an offset; or give the mapping a zone")
        moment = moment.replace(tzinfo=cell.zone)
    try:
        return moment.astimezone(UTC).isoformat()
    except OverflowError:
        raise BadCell(cell.column, "expected a time between the years 1970 and 2200") from None


def _moment(text: str, cell: Cell) -> datetime:
    try:
        if cell.form is not None:
            # The zone is put to it by who asks for a time; a date has none.
            return datetime.strptime(text, cell.form)  # noqa: DTZ007
        if cell.read_as is As.DATE:
            return datetime.combine(date.fromisoformat(text), datetime.min.time())
        return datetime.fromisoformat(text)
    except ValueError:
        expected = cell.form or "ISO 8601, as 2026-11-22T10:15:00+09:00"
        raise BadCell(cell.column, f"expected a {cell.read_as} written as {expected}") from None


_CONVERSIONS: dict[As, Callable[[str, Cell], Scalar]] = {
    As.TEXT: _text,
    As.INTEGER: _integer,
    As.AMOUNT: _amount,
    As.BOOLEAN: _boolean,
    As.DATE: _date,
    As.TIME: _time,
}
