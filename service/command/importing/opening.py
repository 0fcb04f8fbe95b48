"""Read a table from a file, row by row, so that a text file may have any length.

A row that cannot be read is returned with its line, and reading continues: one bad row in a million
must not stop the others.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

from service.command.importing.mapping import TableForm
from service.command.limits import FIRST_LINES_MAX
from service.limits import SAMPLE_LINES
from service.tables.detection import NAME_OF_DELIMITER, delimiter_of, encoding_of
from service.tables.workbook import (
    SIGNATURES,
    SheetUnclear,
    WorkbookInvalid,
    is_workbook,
    rows_of,
    sheet_of,
)

_UNDECODED = re.compile("[\ud800-\udfff\ufffd]")
"""The characters that replace undecodable bytes under either error handler."""


class Row(NamedTuple):
    line: int
    """The line where it begins; a quoted cell may span several lines."""
    cells: Sequence[str]


class Unreadable(NamedTuple):
    """A row that cannot be read, or does not fit this table."""

    line: int
    column: str
    detail: str
    found: str = ""
    """The contents of the cell, if they may be shown."""


class TableInvalid(Exception):
    """The file is not a table: it cannot be read, or it has no columns."""


class _Reader(Protocol):
    """The result of csv.reader, whose type has no public name."""

    @property
    def line_num(self) -> int: ...

    def __next__(self) -> list[str]: ...


@dataclass(frozen=True, slots=True)
class Table:
    header: tuple[str, ...]
    rows: Iterator[Row | Unreadable]
    form: str
    """The format of the file in words: cp932, comma between cells."""
    size: int
    done: Callable[[], int]
    """How much of the size has been read, for a progress bar."""


@contextmanager
def open_table(path: Path, form: TableForm) -> Iterator[Table]:
    """Open a table and read its header; detect what the mapping does not state.

    Raises:
        TableInvalid: There is no such file, or it is empty, or has several sheets.
    """
    with _opened(path) as file:
        if is_workbook(file.read(max(map(len, SIGNATURES)))):
            yield _workbook(path, form)
            return
        file.seek(0)
        stated, form = form, _completed(file, form)
        # Undecodable bytes become lone surrogates, and are reported with their cell.
        assert form.encoding is not None
        with io.TextIOWrapper(file, form.encoding, _errors(form), newline="") as text:
            lines = _lines_of(csv.reader(text, delimiter=form.delimiter or ",", strict=True))
            header = _header(lines, path, form)
            if any(map(_has_escapes, header)):
                expected = f"{path} cannot be read as {form.encoding.removesuffix('-sig')}"
                raise TableInvalid(misreading(path, stated) or expected)
            rows = (_checked(line, header, form) for line in lines)
            yield Table(
                header,
                (row for row in rows if row is not None),
                _described(form),
                path.stat().st_size,
                file.tell,
            )


def _described(form: TableForm) -> str:
    encoding = (form.encoding or "").removesuffix("-sig")
    return f"{encoding}, {NAME_OF_DELIMITER[form.delimiter or ',']} between cells"


def misreading(path: Path, form: TableForm) -> str | None:
    """Return how the mapping misstates the file's format and what to write; None if it does not."""
    with _opened(path) as file:
        if is_workbook(file.read(max(map(len, SIGNATURES)))):
            return None
        file.seek(0)
        found = _completed(file, TableForm(header_line=form.header_line))
    assert found.encoding is not None
    assert found.delimiter is not None
    if form.encoding is not None and not _reads_alike(form.encoding, found.encoding):
        name = found.encoding
        return (
            f"the mapping says encoding {form.encoding}, but the file looks like {name}; write "
            f"this, or leave the encoding out to have it detected:\nfile: {{encoding: {name}}}"
        )
    if form.delimiter is not None and form.delimiter != found.delimiter:
        name = NAME_OF_DELIMITER[found.delimiter]
        return (
            f"the mapping says delimiter {NAME_OF_DELIMITER[form.delimiter]}, but the file has a "
            f"{name} between cells; write this, or leave the delimiter out to have it detected:\n"
            f"file: {{delimiter: {name}}}"
        )
    return None


def is_blank(cell: str, blanks: frozenset[str]) -> bool:
    return not cell or cell.strip() in blanks


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        file = path.open("rb")
    except OSError as error:
        raise TableInvalid(f"cannot read {path}: {error.strerror}") from None
    with file:
        yield file


def _completed(file: BinaryIO, form: TableForm) -> TableForm:
    """Fill in what the mapping does not state, by detecting the encoding and the delimiter."""
    encoding = form.encoding or encoding_of(file)
    # A byte-order mark is not part of the first column's name.
    form = replace(form, encoding="utf-8-sig" if encoding == "utf-8" else encoding)
    if form.delimiter is None:
        text = io.TextIOWrapper(file, form.encoding, _errors(form), newline="")
        start = max(form.header_line or 1, 1) - 1
        form = replace(
            form, delimiter=delimiter_of(list(islice(text, start, start + SAMPLE_LINES)))
        )
        text.detach()
        file.seek(0)
    return form


def _errors(form: TableForm) -> str:
    """Return the handler for undecodable bytes; UTF-16 cannot carry lone surrogates."""
    return "replace" if (form.encoding or "").startswith("utf-16") else "surrogateescape"


def _reads_alike(stated: str, detected: str) -> bool:
    """Report whether both read the file; plain ASCII is detected as UTF-8, but reads as either."""
    return stated.removesuffix("-sig") == detected.removesuffix("-sig") or detected == "utf-8-sig"


def _workbook(path: Path, form: TableForm) -> Table:
    try:
        sheet = sheet_of(path, form.sheet)
    except WorkbookInvalid as error:
        raise TableInvalid(f"{path} {error}") from None
    except SheetUnclear as error:
        raise TableInvalid(
            f"{path} {error}; name one of them in the mapping:\nfile: {{sheet: {error.names[0]}}}"
        ) from None
    lines = rows_of(sheet)
    at = 0

    def counted() -> Iterator[Row | Unreadable]:
        nonlocal at
        for at, cells in lines:
            yield Row(at, cells)

    read = counted()
    header = _header(read, path, form)
    # Sheets are rectangles: missing cells are blank.
    form = replace(form, fill_short_rows=True)
    rows = (_checked(row, header, form) for row in read)
    return Table(
        header,
        (checked for checked in rows if checked is not None),
        f"workbook, sheet '{sheet.name}'",
        sheet.total_height,
        lambda: at,
    )


def _header(lines: Iterator[Row | Unreadable], path: Path, form: TableForm) -> tuple[str, ...]:
    """Read the column names from the line the mapping states, or else the first non-blank line."""
    if form.columns is not None:
        return form.columns
    for row in islice(lines, FIRST_LINES_MAX):
        if isinstance(row, Unreadable):
            raise TableInvalid(f"cannot read column names in {path}: {row.detail}")
        if row.line < (form.header_line or 0) or not any(cell.strip() for cell in row.cells):
            continue
        names = [name.strip() for name in row.cells]
        while names and not names[-1]:
            names.pop()
        return tuple(names)
    raise TableInvalid(f"expected column names in the first lines of {path}, found none")


def _lines_of(reader: _Reader) -> Iterator[Row | Unreadable]:
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Unreadable(line, "", f"lines {line} to {reader.line_num} are not a row: {error}")
            continue
        yield Row(line, cells)


def _checked(
    row: Row | Unreadable, header: tuple[str, ...], form: TableForm
) -> Row | Unreadable | None:
    """Return the row fitted to this table, or why it does not fit; None for a blank row."""
    if isinstance(row, Unreadable):
        return row
    line, cells = row.line, list(row.cells)
    if all(is_blank(cell, form.blanks) for cell in cells):
        return None
    missing = len(header) - len(cells)
    if missing > 0 and form.fill_short_rows:
        cells += [""] * missing
    elif missing > 0 or any(not is_blank(cell, form.blanks) for cell in cells[len(header) :]):
        return Unreadable(
            line,
            "",
            f"expected {len(header)} cells, found {len(cells)}: an unquoted comma or line break in "
            "a cell shifts all that follow",
        )
    if any(map(_has_escapes, cells)):
        return _misencoded(line, cells, header, form)
    return Row(line, cells)


def _misencoded(
    line: int, cells: Iterable[str], header: tuple[str, ...], form: TableForm
) -> Unreadable:
    columns = (name for name, cell in zip(header, cells, strict=False) if _has_escapes(cell))
    encoding = (form.encoding or "").removesuffix("-sig")
    return Unreadable(
        line,
        next(columns, ""),
        f"holds bytes that are not {encoding}, the encoding of the file",
    )


def _has_escapes(cell: str) -> bool:
    """Report whether the cell contains bytes that are not in the file's encoding."""
    return not cell.isascii() and _UNDECODED.search(cell) is not None
