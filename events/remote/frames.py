"""Messages on a stream: each is preceded by its length, four bytes, most significant first."""

import asyncio
from collections.abc import Callable
from typing import Final, cast

from events.limits import FLUSHED_PARTS, FRAME_BYTES_MAX

LENGTH_BYTES: Final = 4


class Frames(asyncio.Protocol):
    """One end of a connection. A class, because asyncio calls its methods.

    What is sent in one turn of the event loop is written together, unless it is so much that the
    other side had better begin.
    """

    def __init__(
        self,
        on_message: Callable[[bytes], None],
        on_lost: Callable[[], None],
        *,
        on_made: Callable[[asyncio.Transport], None] = lambda _: None,
    ) -> None:
        self._on_message = on_message
        self._on_lost = on_lost
        self._on_made = on_made
        self._transport: asyncio.Transport | None = None
        self._read = bytearray()
        self._unsent: list[bytes] = []

    @property
    def unsent_bytes(self) -> int:
        """How much the other side has not taken yet."""
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

    def send(self, message: bytes) -> None:
        """Send a message. Nothing happens on a connection that is lost."""
        if self._transport is None:
            return
        if not self._unsent:
            asyncio.get_running_loop().call_soon(self._flush)
        self._unsent += (len(message).to_bytes(LENGTH_BYTES, "big"), message)
        if len(self._unsent) >= FLUSHED_PARTS:
            self._flush()

    def close(self) -> None:
        """Close, after what was sent has been written."""
        self._flush()
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._on_made(self._transport)

    def connection_lost(self, _: Exception | None) -> None:
        self._transport = None
        self._unsent.clear()
        self._on_lost()

    def data_received(self, data: bytes) -> None:
        read = self._read
        read += data
        start = 0
        while len(read) - start >= LENGTH_BYTES:
            length = int.from_bytes(read[start : start + LENGTH_BYTES], "big")
            if length > FRAME_BYTES_MAX:
                self.abort()
                return
            end = start + LENGTH_BYTES + length
            if len(read) < end:
                break
            message = bytes(read[start + LENGTH_BYTES : end])
            start = end
            self._on_message(message)
        del read[:start]

    def _flush(self) -> None:
        unsent, self._unsent = self._unsent, []
        if unsent and self._transport is not None:
            self._transport.write(b"".join(unsent))
