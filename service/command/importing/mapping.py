"""What a mapping says, once it has been read: values only."""

import re
from collections.abc import Mapping as Mapped
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from enum import StrEnum

TIME_EXPECTED = "%Y-%m-%d %H:%M:%S"


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
    form: str | None = None
    """How a date or a time is written, as strptime says it; None: as ISO 8601 does."""
    zone: tzinfo | None = None
    remove: tuple[str, ...] = ()
    words: Mapped[str, str | int | bool] | None = None
    otherwise: str | int | bool | None = None
    """What a word that is not among `words` becomes; None: the row is refused."""
    default: str | int | bool | None = None
    """What a blank cell becomes; None: it stays blank."""


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


@dataclass(frozen=True, slots=True)
class EventRule:
    """One event that a row becomes."""

    id: Template
    type: Value
    time: Cell
    source: Value | None
    actor: Value | None
    lead: Party | None
    account: Party | None
    data: Mapped[str, Value]
    when: Sequence[Condition]


@dataclass(frozen=True, slots=True)
class TableForm:
    """How the file is written."""

    encoding: str = "utf-8-sig"
    delimiter: str = ","
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
