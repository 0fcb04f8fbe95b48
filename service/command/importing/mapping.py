"""The parsed form of a mapping: values only."""

import re
from collections.abc import Mapping as Mapped
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time, tzinfo
from enum import StrEnum

NOON = time(12)
"""The time of events for which only the day is known: it stays that day, whatever the zone."""


class As(StrEnum):
    """How the text of a cell is read."""

    TEXT = "text"
    INTEGER = "integer"
    AMOUNT = "amount"
    BOOLEAN = "boolean"
    DATE = "date"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Constant:
    """The same value for every row."""

    value: str | int | bool


@dataclass(frozen=True, slots=True)
class Template:
    """Text with cells inserted; it is blank if any of these cells is."""

    literals: tuple[str, ...]
    """The text before, between and after the columns: one more than there are columns."""
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """One column, converted."""

    column: str
    read_as: As = As.TEXT
    forms: tuple[str, ...] = ()
    """The accepted strptime formats of a date or time; empty: any unambiguous one."""
    zone: tzinfo | None = None
    """The zone of times without an offset; None: the lifecycle's zone."""
    at: time = NOON
    """The time of day for a date without a time."""
    remove: tuple[str, ...] = ()
    words: Mapped[str, str | int | bool] | None = None
    otherwise: str | int | bool | None = None
    """The value for a word that is not in `words`; None: the row is refused."""
    default: str | int | bool | None = None
    """The value for a blank cell; None: it stays blank."""


@dataclass(frozen=True, slots=True)
class FixedTime:
    """The same time for every row of a table without a column for it."""

    text: str | None
    """A date, with or without a time; None: the day on which the file was last modified."""
    zone: tzinfo | None = None
    at: time = NOON


Value = Constant | Template | Cell


@dataclass(frozen=True, slots=True)
class Condition:
    """A test on one column."""

    column: str
    accepted: frozenset[str] | None = None
    rejected: frozenset[str] = frozenset()
    blank: bool | None = None


@dataclass(frozen=True, slots=True)
class Party:
    """A lead or an account: its fields, and its groups, whose names the mapping chooses."""

    fields: Mapped[str, Value]
    groups: Mapped[str, Mapped[str, Value]]

    @property
    def values(self) -> list[Value]:
        groups = (group.values() for group in self.groups.values())
        return [*self.fields.values(), *(value for group in groups for value in group)]


@dataclass(frozen=True, slots=True)
class EventRule:
    """One event that a row becomes."""

    id: Template
    type: Value
    time: Cell | FixedTime
    source: Value | None
    actor: Value | None
    department: Value | None
    lead: Party | None
    account: Party | None
    data: Mapped[str, Value]
    when: Sequence[Condition]


@dataclass(frozen=True, slots=True)
class TableForm:
    """The format of the file."""

    encoding: str | None = None
    """None: detected, like the delimiter."""
    delimiter: str | None = None
    sheet: str | None = None
    """The sheet of a workbook; None: the only one that is not empty."""
    header_line: int | None = None
    """The line of the column names; None: the first that is not blank."""
    columns: tuple[str, ...] | None = None
    """The names of the columns, if the file has no header line."""
    blanks: frozenset[str] = frozenset({""})
    """The cell texts that count as blank; surrounding white space is ignored."""
    fill_short_rows: bool = False


@dataclass(frozen=True, slots=True)
class Mapping:
    """How the rows of one table become events."""

    table: TableForm
    events: tuple[EventRule, ...]
    mentions: Mapped[str, int]
    """Every column that is read, with the line of the mapping that first reads it."""

    @property
    def leaves_zone_open(self) -> bool:
        """Whether there are times whose zone only the lifecycle defines."""
        values: list[Value | FixedTime] = []
        for event in self.events:
            values += [event.time, *event.data.values()]
        return any(
            value.zone is None
            for value in values
            if isinstance(value, FixedTime)
            or (isinstance(value, Cell) and value.read_as is As.TIME)
        )

    @property
    def personal(self) -> frozenset[str]:
        """The columns that are never shown, because they hold personal data."""
        values: list[Value] = []
        for event in self.events:
            values += [event.actor] if event.actor is not None else []
            for party in (event.lead, event.account):
                if party is not None:
                    values += party.values
        return frozenset(column for value in values for column in columns_of(value))


def columns_of(value: Value | FixedTime) -> tuple[str, ...]:
    """Return the columns that a value is made from."""
    match value:
        case Template():
            return value.columns
        case Cell():
            return (value.column,)
        case _:
            return ()


_COLUMN = re.compile(r"\{\{|\}\}|\{([^{}]+)\}|[{}]")


def template_of(text: str) -> Template | None:
    """Parse text with `{column}` in it, and `{{` and `}}` for braces; None: an unpaired brace."""
    literals, columns = [""], []
    end = 0
    for found in _COLUMN.finditer(text):
        literals[-1] += text[end : found.start()]
        end = found.end()
        if found[1] is not None:
            columns.append(found[1])
            literals.append("")
        elif len(found[0]) == 1:
            return None
        else:
            literals[-1] += found[0][0]
    literals[-1] += text[end:]
    return Template(tuple(literals), tuple(columns))
