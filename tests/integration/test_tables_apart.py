"""A table that nobody has checked is read in a process that may die of it; the caller does not."""

import asyncio
import zipfile
from pathlib import Path

import pytest

from events.limits import MIB
from service.tables.apart import TableReader
from service.tables.readable import TableUnreadable
from tests.support.workbooks import write_workbook

SHEET = "xl/worksheets/sheet1.xml"


def read(content: bytes) -> str:
    return asyncio.run(TableReader().as_csv(content)).decode()


def with_rows(path: Path, *further: str) -> bytes:
    """Return a workbook with further rows, given in pieces as they are in the file."""
    write_workbook(path, 一覧=[["email"], ["a@example.com"]])
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    start, end = parts.pop(SHEET).split(b"</sheetData>")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for name, part in parts.items():
            book.writestr(name, part)
        with book.open(SHEET, "w") as sheet:
            for piece in (start, *(text.encode() for text in further), b"</sheetData>", end):
                sheet.write(piece)
    return path.read_bytes()


def test_a_workbook_becomes_the_csv_of_its_only_sheet(tmp_path: Path) -> None:
    path = write_workbook(
        tmp_path / "a.xlsx", 空=[], 一覧=[["email", "n"], ["a\nb@example.com", 3]]
    )
    assert read(path.read_bytes()) == "email,n\r\na b@example.com,3\r\n"


def test_a_text_file_may_be_in_any_usual_encoding() -> None:
    assert read("email;段階\na@example.com;商談".encode("cp932")) == (
        "email,段階\r\na@example.com,商談\r\n"
    )


def test_of_several_sheets_one_has_to_remain(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "a.xlsx", 一覧=[["email"]], 別=[["x"]])
    with pytest.raises(TableUnreadable, match="has the sheets '一覧', '別'; keep one"):
        read(path.read_bytes())


def test_a_cell_in_the_last_row_and_column_ends_only_the_child(tmp_path: Path) -> None:
    far = with_rows(tmp_path / "a.xlsx", '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')
    with pytest.raises(TableUnreadable, match="too large"):
        read(far)


def test_a_workbook_that_inflates_beyond_all_memory_ends_only_the_child(tmp_path: Path) -> None:
    start, end = '<row r="3"><c r="A3" t="inlineStr"><is><t>', "</t></is></c></row>"
    bomb = with_rows(tmp_path / "a.xlsx", start, *["a" * MIB] * 800, end)
    assert len(bomb) < 1_000_000
    with pytest.raises(TableUnreadable, match="too large"):
        read(bomb)


def test_as_many_rows_as_are_compared_can_be_read(tmp_path: Path) -> None:
    rows: list[list[str | int]] = [[f"{row}@example.com", *range(20)] for row in range(20_000)]
    path = write_workbook(tmp_path / "a.xlsx", 一覧=[["email"], *rows])
    assert read(path.read_bytes()).count("\r\n") == 20_001
