"""Read the rows of a workbook: XLSX, XLSM, XLSB, XLS or ODS, recognised by its first bytes.

A cell becomes the text that a CSV file would have for it, so that readers of cells need not know
where they come from. The library holds one sheet in memory: about 100 bytes per cell.
"""

from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

SIGNATURES = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
"""A ZIP archive (XLSX, XLSM, XLSB, ODS) and an OLE container (XLS, and XLSX with a password)."""

SIGNIFICANT_DIGITS = 15
"""As many as Excel itself shows; further digits are artefacts of binary fractions."""


class WorkbookInvalid(Exception):
    """The workbook cannot be read. The text continues a sentence that begins with its name."""


class SheetUnclear(Exception):
    """Several sheets have cells, and none of them was named."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(f"has the sheets {_listed(names)}")
        self.names = names


def is_workbook(start: bytes) -> bool:
    """Report whether the first bytes are those of a workbook, whatever the file's name."""
    return start.startswith(SIGNATURES)


def sheet_of(book_file: Path | BinaryIO, name: str | None) -> CalamineSheet:
    """Return the sheet with this name, or the only visible one that is not empty.

    Raises:
        WorkbookInvalid: There is none.
        SheetUnclear: There are several, and no name.
    """
    try:
        book = CalamineWorkbook.from_object(book_file)
        if name is not None:
            return _sheet_named(book, name)
        sheets = [book.get_sheet_by_name(visible) for visible in _visible(book)]
    except PasswordError:
        raise WorkbookInvalid(
            "is protected by a password; save a copy without one, or as CSV"
        ) from None
    except (CalamineError, OSError) as error:
        raise WorkbookInvalid(f"cannot be read as a workbook: {error}") from None
    filled = [sheet for sheet in sheets if sheet.height]
    if not filled:
        raise WorkbookInvalid("has only empty sheets")
    if len(filled) > 1:
        raise SheetUnclear([sheet.name for sheet in filled])
    return filled[0]


def rows_of(sheet: CalamineSheet) -> Iterator[tuple[int, list[str]]]:
    """Return the rows, each with its number in the sheet and the text of its cells."""
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        yield number, [_text_of(cell) for cell in cells]


def _sheet_named(book: CalamineWorkbook, name: str) -> CalamineSheet:
    if name not in book.sheet_names:
        raise WorkbookInvalid(f"has no sheet '{name}'; it has {_listed(book.sheet_names)}")
    return book.get_sheet_by_name(name)


def _visible(book: CalamineWorkbook) -> list[str]:
    return [
        sheet.name
        for sheet in book.sheets_metadata
        if sheet.typ is SheetTypeEnum.WorkSheet and sheet.visible is SheetVisibleEnum.Visible
    ]


def _listed(names: list[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _text_of(cell: object) -> str:
    match cell:
        case bool():
            return str(cell).upper()
        case float() | int():
            return f"{Decimal(f'{cell:.{SIGNIFICANT_DIGITS}g}'):f}"
        case datetime():
            is_day = cell.time() == time()
            return cell.date().isoformat() if is_day else cell.isoformat(" ")
        case date() | time():
            return cell.isoformat()
        case _:
            return str(cell)
