"""Bound the head of a request: uvicorn's fast protocol reads one of any length, for ever.

Bodies are bounded where they are read; before the body nobody of ours is asked.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from service.event_stream import ABORT

HEAD_BYTES_MAX = 64 * 1024
"""Four times what other servers allow: a head holds a key, a few names and a URL."""

HEAD_WAIT_S = 30.0
"""From a connection, or a later head's first bytes, to the last: as long as a body may trickle."""


class BoundedHeads(HttpToolsProtocol):
    """Uvicorn's protocol, which hangs up on a head that is too long or too slow.

    It inherits, because a protocol is what uvicorn takes for this. A head that comes in one piece,
    as nearly all do, costs a few assignments; a connection costs a timer.
    """

    head_wait_s = HEAD_WAIT_S
    _is_in_head = False
    _head_bytes = 0
    _hanging_up: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._hanging_up = self.loop.call_later(self.head_wait_s, self._hang_up)

    def on_message_begin(self) -> None:
        self._is_in_head, self._head_bytes = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._is_in_head = False
        if self._hanging_up is not None:
            self._hanging_up.cancel()
            self._hanging_up = None
        # For a response whose reader takes nothing: closing in order would wait for it.
        self.scope["extensions"] = {ABORT: {"call": self.transport.abort}}
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if not self._is_in_head:
            return
        self._head_bytes += len(data)
        if self._head_bytes > HEAD_BYTES_MAX:
            self._hang_up()
        elif self._hanging_up is None:
            self._hanging_up = self.loop.call_later(self.head_wait_s, self._hang_up)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._hanging_up is not None:
            self._hanging_up.cancel()
            self._hanging_up = None
        super().connection_lost(exc)

    def _hang_up(self) -> None:
        if not self.transport.is_closing():
            # Not after what is waiting to be sent: a sender that reads nothing would keep it.
            self.transport.abort()
