"""Decompression that stops: neither a bomb nor a cut body gets through."""

import zlib
from collections.abc import Iterator

from events.limits import DECOMPRESSION_RATIO_MAX
from service.problems import Problem

PIECE_BYTES_MAX = 256 * 1024
"""Output made at once: the next bound is looked at after each piece."""

_WINDOW_BITS = {b"gzip": 31, b"x-gzip": 31, b"deflate": 15}
SUPPORTED = (b"", b"identity", *_WINDOW_BITS)


class Inflation:
    """One body in decompression. A class, because it carries zlib's state from piece to piece."""

    def __init__(self, encoding: bytes) -> None:
        self._window_bits = _WINDOW_BITS[encoding]
        self._stream = zlib.decompressobj(self._window_bits)
        self._bytes_in = 0
        self._bytes_out = 0

    def feed(self, compressed: bytes) -> Iterator[bytes]:
        """Decompress what has arrived, in pieces. Raises Problem for a bomb or for rubbish."""
        self._bytes_in += len(compressed)
        while compressed:
            if self._stream.eof:
                # A gzip file may have several members, one after the other.
                self._stream = zlib.decompressobj(self._window_bits)
            try:
                piece = self._stream.decompress(compressed, PIECE_BYTES_MAX)
            except zlib.error:
                raise Problem(
                    "body-unreadable", "The body is not what its Content-Encoding says."
                ) from None
            self._bytes_out += len(piece)
            self._check_ratio()
            if piece:
                yield piece
            compressed = self._stream.unused_data or self._stream.unconsumed_tail

    def finish(self) -> None:
        """Check that the end of the body is the end of the compressed data."""
        if not self._stream.eof:
            raise Problem("body-unreadable", "The compressed body ends before its end.")

    def _check_ratio(self) -> None:
        if self._bytes_out > DECOMPRESSION_RATIO_MAX * self._bytes_in:
            raise Problem(
                "body-too-large",
                f"The body grows to more than {DECOMPRESSION_RATIO_MAX} times its size when "
                "decompressed. Send it uncompressed.",
            )


def check_encoding(encoding: bytes) -> None:
    """Refuse an encoding that we cannot undo."""
    if encoding not in SUPPORTED:
        raise Problem(
            "encoding-unsupported",
            "Expected a body as it is, or compressed once with gzip or deflate.",
            headers={"accept-encoding": "gzip, deflate, identity"},
            expected=["gzip", "deflate", "identity"],
        )
