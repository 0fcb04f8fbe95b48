"""Turn a table that a person brings into CSV in UTF-8: any encoding and delimiter, or a workbook.

Formulas are not evaluated, macros are not run and links to other files are not followed: of a
workbook, only the values that were saved with its cells are read.
"""

import csv
import io
from collections.abc import Iterable, Sequence

from service.limits import SAMPLE_LINES
from service.tables.detection import delimiter_of, encoding_of
from service.tables.workbook import (
    SheetUnclear,
    WorkbookInvalid,
    is_workbook,
    rows_of,
    sheet_of,
)


class TableUnreadable(Exception):
    """The file is not a table. The text continues a sentence that begins with the file's name."""


def as_csv(content: bytes) -> bytes:
    """Return the table as CSV, in which each row keeps its number.

    Therefore a cell of several lines becomes one of one line. Raises TableUnreadable.
    """
    try:
        if is_workbook(content):
            return _written(cells for _, cells in rows_of(sheet_of(io.BytesIO(content), None)))
        text = content.decode(encoding_of(io.BytesIO(content))).removeprefix("\ufeff")
        delimiter = delimiter_of(text.splitlines()[:SAMPLE_LINES])
        return _written(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except SheetUnclear as error:
        raise TableUnreadable(f"{error}; keep one of them, and remove or hide the others") from None
    except WorkbookInvalid as error:
        raise TableUnreadable(str(error)) from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise TableUnreadable(f"cannot be read: {error}") from None


def _written(rows: Iterable[Sequence[str]]) -> bytes:
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerows([" ".join(cell.split()) for cell in row] for row in rows)
    return written.getvalue().encode()
