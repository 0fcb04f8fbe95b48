"""Decompression with limits: it rejects bombs and truncated bodies.

The output comes in small pieces, so that the caller can serve other requests in between; the time
and memory of each step are bounded, whatever the input.
"""

import zlib
from collections.abc import Iterator

from events.limits import DECOMPRESSION_RATIO_MAX, MIB
from service.http.problem import Problem
from service.limits import GZIP_MEMBERS_MAX, INFLATED_PIECE_BYTES_MAX, INFLATION_SLICE_BYTES

_WINDOW_BITS = {b"gzip": 31, b"x-gzip": 31, b"deflate": 15}
SUPPORTED = (b"", b"identity", *_WINDOW_BITS)


class Inflation:
    """The decompression of one body. A class, because it keeps zlib's state between pieces."""

    def __init__(self, encoding: bytes) -> None:
        self._window_bits = _WINDOW_BITS[encoding]
        self._stream = zlib.decompressobj(self._window_bits)
        self._bytes_in = 0
        self._bytes_out = 0
        self._members = 1

    def feed(self, compressed: bytes) -> Iterator[bytes]:
        """Decompress what has arrived, in pieces. Raises Problem for a bomb or invalid data."""
        for part in pieces_of(compressed, INFLATION_SLICE_BYTES):
            self._bytes_in += len(part)
            yield from self._inflate(part)

    def finish(self) -> None:
        """Check that the compressed data ends where the body ends."""
        if not self._stream.eof:
            raise Problem(
                "body-unreadable",
                "The body ends in the middle of its compressed data. Send all of it.",
            )

    def _inflate(self, compressed: bytes) -> Iterator[bytes]:
        while compressed:
            if self._stream.eof:
                self._begin_member()
            try:
                piece = self._stream.decompress(compressed, INFLATED_PIECE_BYTES_MAX)
            except zlib.error:
                raise Problem(
                    "body-unreadable",
                    "The body is not in the format of its Content-Encoding. Correct either.",
                ) from None
            self._bytes_out += len(piece)
            self._check_ratio()
            if piece:
                yield piece
            compressed = self._stream.unused_data or self._stream.unconsumed_tail

    def _begin_member(self) -> None:
        """Continue after an end: a gzip file may have several members, one after another."""
        self._members += 1
        if self._members > GZIP_MEMBERS_MAX * (1 + self._bytes_in // MIB):
            raise Problem(
                "body-too-large",
                f"The body has more than {GZIP_MEMBERS_MAX} gzip members per mebibyte. "
                "Compress it as a whole.",
                expected=GZIP_MEMBERS_MAX,
            )
        self._stream = zlib.decompressobj(self._window_bits)

    def _check_ratio(self) -> None:
        if self._bytes_out > DECOMPRESSION_RATIO_MAX * self._bytes_in:
            raise Problem(
                "body-too-large",
                f"The body grows to more than {DECOMPRESSION_RATIO_MAX} times its size when "
                "decompressed. Send it uncompressed.",
            )


def pieces_of(body: bytes, bytes_max: int = INFLATED_PIECE_BYTES_MAX) -> Iterator[bytes]:
    """Divide a body that was not compressed into pieces as well."""
    return (body[start : start + bytes_max] for start in range(0, len(body), bytes_max))


def check_encoding(encoding: bytes) -> None:
    """Refuse an unsupported encoding."""
    if encoding not in SUPPORTED:
        raise Problem(
            "encoding-unsupported",
            "Expected a body that is uncompressed, or compressed once with gzip or deflate.",
            headers={"accept-encoding": "gzip, deflate, identity"},
            expected=["gzip", "deflate", "identity"],
        )
