"""Write refused rows and events to a file, line by line, and group them for a summary."""

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from service.command.limits import LINES_SHOWN, REFUSED_GROUPS_MAX
from service.command.sending import RefusedRow

COLUMNS = ("line", "event", "reason", "detail", "refusal", "found")

_MORE_KINDS = "of further kinds"

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet runs a cell that starts with one of these as a formula."""


class RefusedFileUnwritable(Exception):
    """The file for refused rows cannot be written."""


@contextmanager
def refused_file(path: Path | None) -> Iterator[Callable[[RefusedRow], None]]:
    """Return a function that writes one refused row: as JSON lines if the name says so, or CSV.

    Without a path nothing is written. Each run overwrites the file, row by row, so that it exists
    even if the run is interrupted.

    Raises:
        RefusedFileUnwritable: it cannot be opened.
    """
    if path is None:
        yield lambda _: None
        return
    try:
        file = path.open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise RefusedFileUnwritable(f"cannot write {path}: {error.strerror}") from None
    with file:
        if path.suffix in {".jsonl", ".ndjson"}:
            yield lambda refused: _write_line(file.write, refused)
            return
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        yield lambda refused: _write_cells(writer.writerow, refused)


@dataclass(slots=True)
class Group:
    """Rows or events refused for the same reason."""

    reason: str
    detail: str
    count: int = 0
    lines: list[int] = field(default_factory=list)
    found: list[str] = field(default_factory=list)
    """The contents of some of the cells, if they may be shown."""


@dataclass(slots=True)
class Groups:
    """All refusals, by reason. A class, because it keeps counts and drops most of the rows."""

    by_kind: dict[tuple[str, str], Group] = field(default_factory=dict)

    def add(self, refused: RefusedRow) -> None:
        kind = (refused.reason, refused.detail)
        if kind not in self.by_kind and len(self.by_kind) >= REFUSED_GROUPS_MAX:
            kind = (refused.reason, _MORE_KINDS)
        group = self.by_kind.setdefault(kind, Group(*kind))
        group.count += 1
        if len(group.lines) < LINES_SHOWN:
            group.lines.append(refused.line)
            if refused.found and refused.found not in group.found:
                group.found.append(refused.found)

    def largest_first(self) -> list[Group]:
        return sorted(self.by_kind.values(), key=lambda group: -group.count)


def _write_line(write: Callable[[str], object], refused: RefusedRow) -> None:
    write(orjson.dumps(dict(zip(COLUMNS, refused, strict=True))).decode() + "\n")


def _write_cells(write: Callable[[list[str]], object], refused: RefusedRow) -> None:
    write([_harmless(str(cell)) for cell in refused])


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell
