"""What a mapping says, once it has been read: values only."""

import re
from collections.abc import Mapping as Mapped
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time, tzinfo
from enum import StrEnum

NOON = time(12)
"""When something happened of which only the day is known: whatever the zone, it stays that day."""


class As(StrEnum):
    """What the text of a cell is read as."""

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
    """Text with the cells of columns put into it; it is blank when one of these is."""

    literals: tuple[str, ...]
    """One more than there are columns: what stands before, between and behind them."""
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """One column, converted."""

    column: str
    read_as: As = As.TEXT
    forms: tuple[str, ...] = ()
    """How a date or a time may be written, as strptime says it; none: in any way that is clear."""
    zone: tzinfo | None = None
    """Where times without an offset were true; None: in the lifecycle's zone."""
    at: time = NOON
    """When on its day a date without a time was true."""
    remove: tuple[str, ...] = ()
    words: Mapped[str, str | int | bool] | None = None
    otherwise: str | int | bool | None = None
    """What a word that is not among `words` becomes; None: the row is refused."""
    default: str | int | bool | None = None
    """What a blank cell becomes; None: it stays blank."""


@dataclass(frozen=True, slots=True)
class FixedTime:
    """The same moment for every row of a table that has no column for it."""

    text: str | None
    """A date, perhaps with a time; None: the day on which the file was last changed."""
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
    """A lead or an account: its fields, and those that hold names of the writer's choice."""

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
    """How the file is written."""

    encoding: str | None = None
    """None: found out, as is the delimiter."""
    delimiter: str | None = None
    sheet: str | None = None
    """Of a workbook; None: the only one that holds anything."""
    header_line: int | None = None
    """The line of the column names; None: the first that is not blank."""
    columns: tuple[str, ...] | None = None
    """The names of the columns, where the file's first line does not tell them."""
    blanks: frozenset[str] = frozenset({""})
    """Cells that hold nothing; white space around them does not count."""
    fill_short_rows: bool = False


@dataclass(frozen=True, slots=True)
class Mapping:
    """How the rows of one table become events."""

    table: TableForm
    events: tuple[EventRule, ...]
    mentions: Mapped[str, int]
    """Every column that is read, and the line of the mapping that first does."""

    @property
    def leaves_zone_open(self) -> bool:
        """Whether there are times of which only the lifecycle says where they were true."""
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
        """The columns of which nothing is ever shown: what they hold says who somebody is."""
        values: list[Value] = []
        for event in self.events:
            values += [event.actor] if event.actor is not None else []
            for party in (event.lead, event.account):
                if party is not None:
                    values += party.values
        return frozenset(column for value in values for column in columns_of(value))


def columns_of(value: Value | FixedTime) -> tuple[str, ...]:
    """Return the columns that a value is made of."""
    match value:
        case Template():
            return value.columns
        case Cell():
            return (value.column,)
        case _:
            return ()


_COLUMN = re.compile(r"\{\{|\}\}|\{([^{}]+)\}|[{}]")


def template_of(text: str) -> Template | None:
    """Read `{column}` between literal text, with `{{` and `}}` for braces; None: a lone brace."""
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
