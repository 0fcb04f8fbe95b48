"""NDJSON as it arrives: pieces of any size become whole lines of bounded size."""

from typing import NamedTuple

from events.limits import LINE_BYTES_MAX


class Line(NamedTuple):
    """One line that is not blank. `text` is None where it was longer than a line may be."""

    number: int
    text: bytes | None


class LineSplitter:
    """Splits a stream into lines. A class, because it holds the line that is not complete yet."""

    def __init__(self) -> None:
        self._rest = b""
        self._number = 0
        self._is_overlong = False

    def feed(self, piece: bytes) -> list[Line]:
        """Take a piece; return the lines that it completes."""
        *whole, rest = piece.split(b"\n")
        lines = []
        for part in whole:
            if self._rest or self._is_overlong or len(part) > LINE_BYTES_MAX:
                self._extend(part)
                lines += self._complete()
                continue
            # Nearly every line comes whole; and thousands of blank ones may come in one piece.
            self._number += 1
            if text := part.strip(b" \t\r"):
                lines.append(Line(self._number, text))
        self._extend(rest)
        return lines

    def finish(self) -> list[Line]:
        """Return the last line, if it did not end with a line feed."""
        return self._complete() if self._rest or self._is_overlong else []

    def _extend(self, part: bytes) -> None:
        if self._is_overlong:
            return
        self._rest = self._rest + part if self._rest else part
        # One more for a carriage return, which belongs to the end of the line.
        if len(self._rest) > LINE_BYTES_MAX + 1:
            self._rest, self._is_overlong = b"", True

    def _complete(self) -> list[Line]:
        self._number += 1
        text = None if self._is_overlong else self._rest.strip(b" \t\r")
        self._rest, self._is_overlong = b"", False
        return [] if text == b"" else [Line(self._number, text)]
