"""Write what the service answers as a table: CSV to the standard output, a workbook to a file."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from service.command.client import Service
from service.command.exits import CommandFailed, Exit

CSV: Final = "text/csv"
CSV_WITH_MARK: Final = "text/csv;bom=true"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def write_table(
    service: Service,
    path: str,
    asked: Mapping[str, str | int | None],
    *,
    to: Path | None,
    has_mark: bool,
) -> None:
    """Write the table at a path of the service as a workbook, or print it as CSV."""
    if to is None:
        sys.stdout.buffer.write(service.download(path, CSV_WITH_MARK if has_mark else CSV, **asked))
        sys.stdout.flush()
        return
    workbook = service.download(path, XLSX, **asked)
    try:
        to.write_bytes(workbook)
    except OSError as error:
        raise CommandFailed(Exit.USAGE, f"cannot write {to}: {error.strerror}") from None
