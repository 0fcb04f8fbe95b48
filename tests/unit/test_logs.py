"""Log lines: what cannot be written is dropped, and the loss is reported."""

import os
from pathlib import Path

from service.logs import GAP_IN_TEXT, Lines


def test_a_line_that_cannot_be_written_fails_no_caller_and_is_reported_missing(
    tmp_path: Path,
) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    log = os.open(tmp_path / "log", os.O_WRONLY | os.O_CREAT)
    written_to = os.dup(full)
    lines = Lines(written_to, gap=GAP_IN_TEXT)
    lines.write(b"first\n")
    lines.write(b"second\n")
    os.dup2(log, written_to)
    lines.write(b"third\n")
    lines.write(b"fourth\n")
    for descriptor in (full, log, written_to):
        os.close(descriptor)
    assert (tmp_path / "log").read_bytes() == (
        b"\n(2 lines could not be written here)\nthird\nfourth\n"
    )
