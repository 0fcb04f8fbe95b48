"""Write what was refused, line by line, where a person can work through it."""

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson

from service.command.sending import Refused

COLUMNS = ("line", "event", "reason", "detail", "refusal")

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet takes a cell that begins so for a formula, and runs it."""


class RefusedFileUnwritable(Exception):
    """The file for what is refused cannot be written."""


@contextmanager
def refused_file(path: Path | None) -> Iterator[Callable[[Refused], None]]:
    """Return what writes one refused row: CSV, or JSON lines for a name that ends so.

    Without a path nothing is written. The file is written anew with each run, and row by row, so
    that it is there even if the run is cut.

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


def _write_line(write: Callable[[str], object], refused: Refused) -> None:
    write(orjson.dumps(dict(zip(COLUMNS, refused, strict=True))).decode() + "\n")


def _write_cells(write: Callable[[list[str]], object], refused: Refused) -> None:
    write([_harmless(str(cell)) for cell in refused])


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell
