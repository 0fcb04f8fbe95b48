"""Tables as CSV and XLSX. Numbers stay numbers, text stays text, and nothing is a formula."""

import csv
from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from io import BytesIO, StringIO
from typing import Final, NamedTuple, TypeAlias

FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
"""Spreadsheets evaluate text in CSV that begins with one of these."""
BYTE_ORDER_MARK: Final = "\ufeff"
"""Japanese Excel reads CSV as UTF-8 only with it."""
SHEET_NAME_CHARACTERS_MAX: Final = 31
WIDTH_MAX: Final = 60
_SHEET_NAME_FORBIDDEN: Final = str.maketrans("[]:*?/\\", "       ")

Value: TypeAlias = str | int | Decimal | None


class ColumnKind(StrEnum):
    """What a column holds."""

    TEXT = "text"
    NUMBER = "number"
    SHARE = "share"
    """From 0 to 1; a workbook shows it in per cent."""
    DAYS = "days"


class Column(NamedTuple):
    heading: str
    kind: ColumnKind = ColumnKind.TEXT


class Sheet(NamedTuple):
    """A table. Values of a TEXT column are text, of any other numbers; None is an empty cell."""

    name: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Value]]


def as_csv(sheet: Sheet, *, has_mark: bool) -> bytes:
    """Write CSV. Text that a spreadsheet would take for a formula gets a `'` in front."""
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow([disarmed(column.heading) for column in sheet.columns])
    writer.writerows([disarmed(value) for value in row] for row in sheet.rows)
    return ((BYTE_ORDER_MARK if has_mark else "") + text.getvalue()).encode()


def disarmed(value: Value) -> Value:
    """Return a value that no spreadsheet evaluates. Numbers stay as they are."""
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return f"'{value}"
    return value


def as_xlsx(sheet: Sheet) -> bytes:
    """Write a workbook. Its text cells are text, so they need no guard."""
    # Imported here: nothing else needs it, and it takes as long as all of the rest.
    from xlsxwriter import Workbook  # noqa: PLC0415

    written = BytesIO()
    with Workbook(written, {"constant_memory": True, "in_memory": False}) as workbook:
        page = workbook.add_worksheet(_sheet_name(sheet.name))
        bold = workbook.add_format({"bold": True})
        formats = {
            ColumnKind.TEXT: None,
            ColumnKind.NUMBER: workbook.add_format({"num_format": "#,##0"}),
            ColumnKind.SHARE: workbook.add_format({"num_format": "0.0%"}),
            ColumnKind.DAYS: workbook.add_format({"num_format": "#,##0.0"}),
        }
        for place, column in enumerate(sheet.columns):
            page.set_column(place, place, min(WIDTH_MAX, 2 * len(column.heading) + 2))
        page.freeze_panes(1, 0)
        for place, column in enumerate(sheet.columns):
            page.write_string(0, place, column.heading, bold)
        for number, row in enumerate(sheet.rows, start=1):
            for place, (column, value) in enumerate(zip(sheet.columns, row, strict=True)):
                if value is None:
                    continue
                if isinstance(value, str):
                    page.write_string(number, place, value)
                else:
                    page.write_number(number, place, float(value), formats[column.kind])
    return written.getvalue()


def _sheet_name(name: str) -> str:
    return name.translate(_SHEET_NAME_FORBIDDEN)[:SHEET_NAME_CHARACTERS_MAX].strip("' ") or "Table"
