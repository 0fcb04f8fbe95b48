"""NDJSON as it arrives: pieces of any size become whole lines of bounded size."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from events.limits import LINE_BYTES_MAX

_WHITE = b" \t\r"
_FILLED = re.compile(rb"[^ \t\r\n][^\n]*")
"""The text of a line and its trailing white space; thousands of blank lines are skipped at once."""


class Line(NamedTuple):
    """One line that is not blank, without white space around it.

    `text` is None if the line was longer than allowed.
    """

    number: int
    text: bytes | None


class LineSplitter:
    """Splits a stream into lines. A class, because it holds the line that is not complete yet."""

    def __init__(self) -> None:
        self._rest = b""
        self._number = 0

    def feed(self, piece: bytes) -> Iterator[Line]:
        """Take a piece and yield the lines that it completes. Exhaust the iterator."""
        first, is_complete, after = piece.partition(b"\n")
        self._extend(first)
        if not is_complete:
            return
        yield from self._complete()
        # Nearly every line arrives whole.
        whole, ends, rest = after.rpartition(b"\n")
        counted_to = 0
        for line in _FILLED.finditer(whole):
            self._number += whole.count(b"\n", counted_to, line.start())
            counted_to = line.start()
            yield Line(self._number + 1, _text(line.group()))
        self._number += whole.count(b"\n", counted_to) + len(ends)
        self._extend(rest)

    def finish(self) -> list[Line]:
        """Return the last line, if it did not end with a line feed."""
        return self._complete()

    def _extend(self, part: bytes) -> None:
        self._rest = self._rest + part if self._rest else part.lstrip(_WHITE)
        if _is_overlong(self._rest):
            # The rest is not kept; this much shows that the line was too long.
            self._rest = self._rest[: LINE_BYTES_MAX + 2]

    def _complete(self) -> list[Line]:
        self._number += 1
        text, self._rest = self._rest, b""
        return [Line(self._number, _text(text))] if text else []


def _text(line: bytes) -> bytes | None:
    return None if _is_overlong(line) else line.rstrip(_WHITE)


def _is_overlong(line: bytes) -> bool:
    # One more byte for a carriage return, which belongs to the line ending.
    return len(line) > LINE_BYTES_MAX + 1
