"""Make one value from the cells of a row.

A mapping is compiled into functions once, when the columns of the file are known: a million rows
are then read without looking anything up by name.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import NamedTuple

from service.command.importing.mapping import (
    As,
    Cell,
    Condition,
    Constant,
    FixedTime,
    Template,
    Value,
)
from service.command.importing.opening import is_blank
from service.command.importing.values.amounts import NotANumber, read_amount, read_integer
from service.command.importing.values.dates import CellTime, Unclear, read_moment

Scalar = str | int | bool
Cells = Sequence[str]
Reader = Callable[[Cells], Scalar | None]
"""Returns None if the cells are blank."""

TRUE_WORDS = frozenset({"true", "yes", "1", "はい", "有", "○"})
FALSE_WORDS = frozenset({"false", "no", "0", "いいえ", "無", "\N{MULTIPLICATION SIGN}"})

FIRST_YEAR, LAST_YEAR = 1970, 2200
"""The years that the ledger accepts."""


class BadCell(Exception):
    """A cell does not hold what the mapping expects."""

    def __init__(self, column: str, detail: str, found: str = "") -> None:
        super().__init__(f"{column}: {detail}")
        self.column = column
        self.detail = detail
        self.found = found
        """The contents of the cell. Before you show it, check that the column may be shown."""


class Surroundings(NamedTuple):
    """Defaults for what neither the mapping nor the cell states."""

    zone: tzinfo | None
    """The lifecycle's zone; None: there was no service to ask."""
    file_modified: datetime
    """When the file was last modified."""


@dataclass(frozen=True, slots=True)
class Readers:
    """Makes readers for one table. A class, because all of them need these three values."""

    header: Sequence[str]
    blanks: frozenset[str]
    surroundings: Surroundings

    def value(self, value: Value) -> Reader:
        """Return a function that makes the value; it may raise BadCell."""
        match value:
            case Constant(constant):
                return lambda _: constant
            case Template():
                return self._template(value)
            case Cell(read_as=As.TIME):
                return self._time_as_text(value)
            case Cell():
                return self._cell(value)

    def time(self, value: Cell | FixedTime) -> Callable[[Cells], datetime | None]:
        """Return a function that reads the time, in UTC; it may raise BadCell."""
        if isinstance(value, FixedTime):
            return lambda _: self._fixed(value)
        index = self.header.index(value.column)

        def read(cells: Cells) -> datetime | None:
            text = self._text_or_default(cells[index], value)
            return None if text is None else self._instant(_moment(text, value), value, text)

        return read

    def test(self, condition: Condition) -> Callable[[Cells], bool]:
        """Return a function that reports whether a row meets the condition."""
        index = self.header.index(condition.column)

        def holds(cells: Cells) -> bool:
            word = cells[index].strip()
            if condition.blank is not None and is_blank(word, self.blanks) != condition.blank:
                return False
            if condition.accepted is not None and word not in condition.accepted:
                return False
            return word not in condition.rejected

        return holds

    def _template(self, value: Template) -> Reader:
        first, *rest = value.literals
        parts = [
            (self.header.index(column), literal)
            for column, literal in zip(value.columns, rest, strict=True)
        ]

        def read(cells: Cells) -> str | None:
            text = first
            for index, literal in parts:
                cell = cells[index]
                if is_blank(cell, self.blanks):
                    return None
                text += cell + literal
            return text

        return read

    def _cell(self, value: Cell) -> Reader:
        index = self.header.index(value.column)
        convert = _CONVERSIONS[value.read_as]

        def read(cells: Cells) -> Scalar | None:
            text = cells[index]
            if is_blank(text, self.blanks):
                if value.read_as is not As.DATE or value.default is None:
                    return value.default
                text = str(value.default)
            for noise in value.remove:
                text = text.replace(noise, "")
            if value.words is not None:
                return _translate(text.strip(), value)
            return convert(text, value)

        return read

    def _time_as_text(self, value: Cell) -> Reader:
        read = self.time(value)

        def written(cells: Cells) -> str | None:
            instant = read(cells)
            return None if instant is None else instant.isoformat()

        return written

    def _text_or_default(self, text: str, value: Cell) -> str | None:
        if not is_blank(text, self.blanks):
            return text
        return None if value.default is None else str(value.default)

    def _fixed(self, value: FixedTime) -> datetime:
        if value.text is not None:
            return self._instant(read_moment(value.text), value, value.text)
        modified = self.surroundings.file_modified
        day = modified.astimezone(value.zone or self.surroundings.zone).date()
        return self._instant(CellTime(day), value, day.isoformat())

    def _instant(self, moment: CellTime, value: Cell | FixedTime, text: str) -> datetime:
        column = value.column if isinstance(value, Cell) else ""
        zone = moment.zone or value.zone or self.surroundings.zone
        if zone is None:
            expected = "expected a time with an offset, or a `zone` in the mapping"
            raise BadCell(column, expected, text)
        try:
            instant = moment.at(value.at, zone)
        except Unclear as unclear:
            raise BadCell(column, str(unclear), text) from None
        if not FIRST_YEAR <= instant.year <= LAST_YEAR:
            raise BadCell(column, f"expected a year from {FIRST_YEAR} to {LAST_YEAR}", text)
        return instant


def _translate(word: str, cell: Cell) -> Scalar:
    assert cell.words is not None
    found = cell.words.get(word, cell.otherwise)
    if found is None:
        known = ", ".join(list(cell.words)[:10])
        raise BadCell(cell.column, f"expected one of the mapping's words ({known})", word)
    return found


def _text(text: str, _: Cell) -> str:
    return text


def _integer(text: str, cell: Cell) -> int:
    try:
        return read_integer(text)
    except NotANumber as error:
        raise BadCell(cell.column, str(error), text) from None


def _amount(text: str, cell: Cell) -> str:
    try:
        return read_amount(text)
    except NotANumber as error:
        raise BadCell(cell.column, str(error), text) from None


def _boolean(text: str, cell: Cell) -> bool:
    word = text.strip().casefold()
    if word not in TRUE_WORDS | FALSE_WORDS:
        raise BadCell(
            cell.column, "expected true or false, yes or no, はい or いいえ, 1 or 0", text
        )
    return word in TRUE_WORDS


def _date(text: str, cell: Cell) -> str:
    return _moment(text, cell).day.isoformat()


def _moment(text: str, cell: Cell) -> CellTime:
    try:
        return read_moment(text, cell.forms)
    except Unclear as unclear:
        raise BadCell(cell.column, str(unclear), text) from None


_CONVERSIONS: dict[As, Callable[[str, Cell], Scalar]] = {
    As.TEXT: _text,
    As.INTEGER: _integer,
    As.AMOUNT: _amount,
    As.BOOLEAN: _boolean,
    As.DATE: _date,
}
