"""Find out how a text file was written: its encoding, and what separates its cells.

Detectors that know every language guess wrong where a table has few words, so we ask only between
what offices here produce: a byte-order mark, UTF-8, the three Japanese encodings, Western Windows.
"""

import csv
import re
from collections.abc import Sequence
from typing import BinaryIO

from service.command.limits import DETECTED_LINE_BYTES_MAX, DETECTED_LINES_MAX

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
NAME_OF_DELIMITER = {delimiter: name for name, delimiter in DELIMITERS.items()}

_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_ISO_2022_SHIFT = re.compile(rb"\x1b[$(][@BJI]")
_ODD_IN_CP932 = re.compile(
    "[\ue000-\uf8ff\uff61-\uff65]|(?<![ｳｶ-ﾄﾊ-ﾎ])[ﾞﾟ]|[a-z][一-龠]|[一-龠][a-z]"
)
"""What CP932 makes of bytes that are not CP932: private characters, half-width punctuation, voicing
marks behind what has no voice, a Chinese character in the middle of a Western word."""


def encoding_of(file: BinaryIO) -> str:
    """Return the encoding of a file that is read from its beginning.

    A UTF-8 mark needs no name of its own: reading leaves it out in any case.
    """
    start = file.read(DETECTED_LINE_BYTES_MAX)
    file.seek(0)
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            return encoding
    if b"\x00" in start:
        return "utf-16-be" if start[0::2].count(0) > start[1::2].count(0) else "utf-16-le"
    if _ISO_2022_SHIFT.search(start):
        return "iso2022_jp"
    return _encoding_of_lines(_telling_lines(file))


def delimiter_of(lines: Sequence[str]) -> str:
    """Return what separates the cells of these lines: what parts all into equally many."""
    return max(DELIMITERS.values(), key=lambda delimiter: _cells_parted(lines, delimiter))


def _telling_lines(file: BinaryIO) -> list[bytes]:
    """Return the first lines that are not plain ASCII; a table of any length is read once."""
    lines: list[bytes] = []
    while len(lines) < DETECTED_LINES_MAX and (line := file.readline(DETECTED_LINE_BYTES_MAX)):
        if not line.isascii():
            lines.append(line.rstrip(b"\r\n"))
    file.seek(0)
    return lines


def _encoding_of_lines(lines: Sequence[bytes]) -> str:
    """Choose by how many lines can be read, so that one damaged line does not decide."""
    if not lines:
        return "utf-8"
    read = {name: _readable(lines, name) for name in ("utf-8", "cp932", "euc_jp")}
    if 2 * len(read["utf-8"]) >= len(lines):
        return "utf-8"
    plain = [text for text in read["cp932"] if not _ODD_IN_CP932.search(text)]
    if len(read["euc_jp"]) > len(plain):
        return "euc_jp"
    return "cp932" if 2 * len(plain) >= len(lines) else "cp1252"


def _readable(lines: Sequence[bytes], encoding: str) -> list[str]:
    texts: list[str] = []
    for line in lines:
        try:
            texts.append(line.decode(encoding))
        except UnicodeDecodeError:
            continue
    return texts


def _cells_parted(lines: Sequence[str], delimiter: str) -> tuple[int, int]:
    """How many lines have as many cells as the first, and how many cells those are."""
    try:
        rows = [row for row in csv.reader(lines, delimiter=delimiter) if row]
    except csv.Error:
        return 0, 0
    cells = len(rows[0]) if rows else 0
    if cells < 2:  # noqa: PLR2004  one cell is what every delimiter finds that is not there
        return 0, 0
    return sum(len(row) == cells for row in rows), cells
