"""Read a table from a file, row by row, so that a text file of any length fits.

A row that cannot be read is handed on with its line, and the next ones are read: one bad row in a
million must not stop the others.
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
from service.command.importing.tables.detection import NAME_OF_DELIMITER, delimiter_of, encoding_of
from service.command.importing.tables.workbook import (
    SIGNATURES,
    WorkbookInvalid,
    is_workbook,
    rows_of,
    sheet_of,
)
from service.command.limits import FIRST_LINES_MAX, SAMPLE_LINES

_UNDECODED = re.compile("[\ud800-\udfff\ufffd]")
"""What stands for bytes that are not of the encoding, whichever way they pass."""


class Row(NamedTuple):
    line: int
    """Where it begins in the file; a quoted cell may run over several lines."""
    cells: Sequence[str]


class Unreadable(NamedTuple):
    """A row that is not one, or not one of this table."""

    line: int
    column: str
    detail: str
    found: str = ""
    """What the cell holds, where that may be shown."""


class TableInvalid(Exception):
    """The file is not a table: it cannot be read, or it has no columns."""


class _Reader(Protocol):
    """What csv.reader makes; its type has no name of its own."""

    @property
    def line_num(self) -> int: ...

    def __next__(self) -> list[str]: ...


@dataclass(frozen=True, slots=True)
class Table:
    header: tuple[str, ...]
    rows: Iterator[Row | Unreadable]
    form: str
    """How the file is written, for people: cp932, separated by commas."""
    size: int
    done: Callable[[], int]
    """How much of the size has been read, for a progress bar."""


@contextmanager
def open_table(path: Path, form: TableForm) -> Iterator[Table]:
    """Open a table and read its header; what the mapping does not say is found out.

    Raises:
        TableInvalid: There is no such file, or it is empty, or has several sheets.
    """
    with _opened(path) as file:
        if is_workbook(file.read(max(map(len, SIGNATURES)))):
            yield _workbook(path, form)
            return
        file.seek(0)
        stated, form = form, _completed(file, form)
        # What is not of this encoding passes as lone surrogates, and is found in the cell it is in.
        assert form.encoding is not None
        with io.TextIOWrapper(file, form.encoding, _errors(form), newline="") as text:
            lines = _lines_of(csv.reader(text, delimiter=form.delimiter or ",", strict=True))
            header = _header(lines, path, form)
            if any(map(_has_escapes, header)):
                expected = f"{path} cannot be read as {form.encoding.removesuffix('-sig')}"
                raise TableInvalid(misreading(path, stated) or expected)
            rows = (_checked(one, header, form) for one in lines)
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
    """Say what a mapping should say of how the file is written, if it says something else."""
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
            f"the mapping names the encoding {form.encoding}, and the file looks like {name}; "
            f"write this, or leave it out, for it is found out:\nfile: {{encoding: {name}}}"
        )
    if form.delimiter is not None and form.delimiter != found.delimiter:
        name = NAME_OF_DELIMITER[found.delimiter]
        return (
            f"the mapping says that there is a {NAME_OF_DELIMITER[form.delimiter]} between cells, "
            f"and the file has a {name} there; write this, or leave it out, for it is found out:\n"
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
    """Add what the mapping leaves open: the encoding and the delimiter, as the file shows them."""
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
    """How bytes that are not of the encoding pass; UTF-16 has no room for lone surrogates."""
    return "replace" if (form.encoding or "").startswith("utf-16") else "surrogateescape"


def _reads_alike(one: str, other: str) -> bool:
    """Plain ASCII reads the same in all of them: found out is then only the most usual one."""
    return one.removesuffix("-sig") == other.removesuffix("-sig") or other == "utf-8-sig"


def _workbook(path: Path, form: TableForm) -> Table:
    try:
        sheet = sheet_of(path, form.sheet)
    except WorkbookInvalid as error:
        raise TableInvalid(str(error)) from None
    lines = rows_of(sheet)
    at = 0

    def counted() -> Iterator[Row | Unreadable]:
        nonlocal at
        for at, cells in lines:
            yield Row(at, cells)

    read = counted()
    header = _header(read, path, form)
    # Sheets are rectangles: cells that are not there are blank ones.
    form = replace(form, fill_short_rows=True)
    rows = (_checked(one, header, form) for one in read)
    return Table(
        header,
        (row for row in rows if row is not None),
        f"workbook, sheet '{sheet.name}'",
        sheet.total_height,
        lambda: at,
    )


def _header(lines: Iterator[Row | Unreadable], path: Path, form: TableForm) -> tuple[str, ...]:
    """Take the column names off the lines: the line that the mapping names, or the first filled."""
    if form.columns is not None:
        return form.columns
    for one in islice(lines, FIRST_LINES_MAX):
        if isinstance(one, Unreadable):
            raise TableInvalid(f"cannot read column names in {path}: {one.detail}")
        if one.line < (form.header_line or 0) or not any(cell.strip() for cell in one.cells):
            continue
        names = [name.strip() for name in one.cells]
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
    """Return the row as one of this table, or why it is not one; None for a blank one."""
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
            f"expected {len(header)} cells, found {len(cells)}: a comma or a line break in a cell "
            "without quotes moves all that follows",
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
        f"holds bytes that are not {encoding}, as which the file is read",
    )


def _has_escapes(cell: str) -> bool:
    """Tell whether there are bytes in it that are not of the file's encoding."""
    return not cell.isascii() and _UNDECODED.search(cell) is not None
