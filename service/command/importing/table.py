"""Read a table from a file, row by row, so that a file of any length fits.

A row that cannot be read is handed on with its line, and the next ones are read: one bad row in a
million must not stop the others.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

from service.command.importing.mapping import TableForm


class Row(NamedTuple):
    line: int
    """Where it begins in the file; a quoted cell may run over several lines."""
    cells: Sequence[str]


class Unreadable(NamedTuple):
    """A row that is none, or not one of this table."""

    line: int
    column: str
    detail: str


class TableInvalid(Exception):
    """The file is no table: it cannot be read, or it has no columns."""


class _Reader(Protocol):
    """What csv.reader makes; its type has no name of its own."""

    @property
    def line_num(self) -> int: ...

    def __next__(self) -> list[str]: ...


@dataclass(frozen=True, slots=True)
class Table:
    header: tuple[str, ...]
    rows: Iterator[Row | Unreadable]
    file: BinaryIO
    size_bytes: int

    @property
    def read_bytes(self) -> int:
        """How far the file has been read, for a progress bar."""
        return self.file.tell()


@contextmanager
def open_table(path: Path, form: TableForm) -> Iterator[Table]:
    """Open a table and read its header.

    Raises:
        TableInvalid: There is no such file, or it is empty.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise TableInvalid(f"cannot read {path}: {error.strerror}") from None
    # What is not of this encoding passes as lone surrogates, and is found in the cell it is in.
    with file, io.TextIOWrapper(file, form.encoding, "surrogateescape", newline="") as text:
        reader = csv.reader(text, delimiter=form.delimiter, strict=True)
        header = form.columns or _read_header(reader, path)
        yield Table(header, _rows(reader, header, form), file, path.stat().st_size)


def is_blank(cell: str, blanks: frozenset[str]) -> bool:
    return not cell or cell.strip() in blanks


def _read_header(reader: _Reader, path: Path) -> tuple[str, ...]:
    try:
        return tuple(name.strip() for name in next(reader))
    except StopIteration:
        raise TableInvalid(f"expected column names in the first line of {path}, found none") from (
            None
        )
    except (csv.Error, UnicodeError) as error:
        raise TableInvalid(f"cannot read column names in the first line of {path}: {error}") from (
            None
        )


def _rows(reader: _Reader, header: tuple[str, ...], form: TableForm) -> Iterator[Row | Unreadable]:
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Unreadable(line, "", f"lines {line} to {reader.line_num} are no row: {error}")
            continue
        if cells:
            yield _checked(line, cells, header, form)


def _checked(
    line: int, cells: list[str], header: tuple[str, ...], form: TableForm
) -> Row | Unreadable:
    missing = len(header) - len(cells)
    if missing > 0 and form.fill_short_rows:
        cells += [""] * missing
    elif missing > 0 or any(not is_blank(cell, form.blanks) for cell in cells[len(header) :]):
        return Unreadable(
            line,
            "",
            f"expected {len(header)} cells, found {len(cells)}: a comma or a line break in a cell "
            "without quotes moves all that follows",
        )
    try:
        "".join(cells).encode()
    except UnicodeEncodeError:
        return _misencoded(line, cells, header, form)
    return Row(line, cells)


def _misencoded(
    line: int, cells: Sequence[str], header: tuple[str, ...], form: TableForm
) -> Unreadable:
    columns = (name for name, cell in zip(header, cells, strict=False) if _has_escapes(cell))
    return Unreadable(
        line,
        next(columns, ""),
        f"holds bytes that are not {form.encoding.removesuffix('-sig')}; name the file's encoding "
        "in the mapping, as cp932 for Japanese Excel",
    )


def _has_escapes(cell: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in cell)
