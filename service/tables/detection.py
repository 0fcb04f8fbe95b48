"""Detect the encoding and the delimiter of a text file.

Detectors that know every language guess wrong when a table has few words, so we choose only among
what offices here produce: a byte-order mark, UTF-8, the three Japanese encodings, Western Windows.
"""

import csv
import re
from collections.abc import Sequence
from typing import BinaryIO

from service.limits import DETECTED_LINE_BYTES_MAX, DETECTED_LINES_MAX

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
"""What bytes in another encoding become in CP932: private characters, half-width punctuation,
voicing marks after characters that take none, a Chinese character inside a Western word."""


def encoding_of(file: BinaryIO) -> str:
    """Return the encoding of a file, positioned at its beginning.

    UTF-8 with a byte-order mark needs no separate name: the reader drops the mark in any case.
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
    return _encoding_of_lines(_non_ascii_lines(file))


def delimiter_of(lines: Sequence[str]) -> str:
    """Return the delimiter that splits most lines into the same number of cells."""
    return max(DELIMITERS.values(), key=lambda delimiter: _equal_rows(lines, delimiter))


def _non_ascii_lines(file: BinaryIO) -> list[bytes]:
    """Return the first lines that are not plain ASCII; a table of any length is read once."""
    lines: list[bytes] = []
    while len(lines) < DETECTED_LINES_MAX and (line := file.readline(DETECTED_LINE_BYTES_MAX)):
        if not line.isascii():
            lines.append(line.rstrip(b"\r\n"))
    file.seek(0)
    return lines


def _encoding_of_lines(lines: Sequence[bytes]) -> str:
    """Choose by the number of lines that can be read, so that one damaged line does not decide."""
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


def _equal_rows(lines: Sequence[str], delimiter: str) -> tuple[int, int]:
    """Return how many lines have as many cells as the first, and the number of cells."""
    try:
        rows = [row for row in csv.reader(lines, delimiter=delimiter) if row]
    except csv.Error:
        return 0, 0
    cells = len(rows[0]) if rows else 0
    if cells < 2:  # noqa: PLR2004  a delimiter that does not occur always finds one cell
        return 0, 0
    return sum(len(row) == cells for row in rows), cells
