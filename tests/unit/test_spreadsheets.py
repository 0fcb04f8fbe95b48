"""Tables for spreadsheets: what CSV and workbooks contain, and which of them a request prefers."""

from decimal import Decimal
from io import BytesIO

import pytest
from python_calamine import CalamineWorkbook

from service.tables.preferred import CSV, XLSX, Format, Preferred, preferred_by
from service.tables.spreadsheet import Column, ColumnKind, Sheet, as_csv, as_xlsx

FORMULA = '=HYPERLINK("http://x.example","click")'
SHEET = Sheet(
    "stock/[1]",
    [
        Column("行"),
        Column("+名称"),
        Column("件数", ColumnKind.NUMBER),
        Column("率", ColumnKind.SHARE),
        Column("日数", ColumnKind.DAYS),
    ],
    [
        ["MQL", FORMULA, 12_000, Decimal("0.248000"), Decimal("-1.5")],
        ["0312345678", "@x", -3, None, None],
    ],
)


def test_csv_disarms_text_and_keeps_numbers() -> None:
    assert as_csv(SHEET, has_mark=False).decode().split("\r\n") == [
        "行,'+名称,件数,率,日数",
        'MQL,"\'=HYPERLINK(""http://x.example"",""click"")",12000,0.248000,-1.5',
        "0312345678,'@x,-3,,",
        "",
    ]


def test_csv_begins_with_the_mark_that_excel_needs_if_it_is_wanted() -> None:
    assert as_csv(SHEET, has_mark=True) == b"\xef\xbb\xbf" + as_csv(SHEET, has_mark=False)


def test_a_workbook_has_texts_and_numbers_and_no_formula() -> None:
    written = as_xlsx(SHEET)

    workbook = CalamineWorkbook.from_filelike(BytesIO(written))
    (name,) = workbook.sheet_names
    assert name == "stock  1"
    assert workbook.get_sheet_by_name(name).to_python() == [
        ["行", "+名称", "件数", "率", "日数"],
        ["MQL", FORMULA, 12_000.0, 0.248, -1.5],
        ["0312345678", "@x", -3.0, "", ""],
    ]


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", Preferred(Format.JSON)),
        ("*/*", Preferred(Format.JSON)),
        ("image/png", Preferred(Format.JSON)),
        ("text/html, */*;q=0.8", Preferred(Format.JSON)),
        (CSV, Preferred(Format.CSV)),
        ("Text/CSV; charset=utf-8; BOM=true", Preferred(Format.CSV, has_mark=True)),
        (f"{CSV};q=0.5, {XLSX}", Preferred(Format.XLSX)),
        (f"application/json;q=0.1, {CSV};q=high", Preferred(Format.JSON)),
        (f"{CSV};q=0", Preferred(Format.JSON)),
    ],
)
def test_the_most_preferred_known_format_counts(accept: str, expected: Preferred) -> None:
    assert preferred_by(accept) == expected
