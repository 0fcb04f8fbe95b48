"""Limit what uvicorn leaves unlimited in a connection: it waits indefinitely, for any number.

Bodies are limited where they are read, and complete heads where requests come in
(`service.http.head`). Before the head is complete, and after the answer is written, none of our
code runs: this module covers those times.
"""

import asyncio
from time import monotonic
from typing import Any

import structlog
from starlette.types import Receive, Scope, Send
from uvicorn import Config
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT, FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from events.limits import BODY_BYTES_MAX
from service.feed.event_stream import ABORT
from service.hosting.limits import LARGE_READ_BYTES, QUICKLY_PARSED_S
from service.http.answer import problem_answer
from service.http.problem import Problem
from service.limits import (
    ANSWER_WAIT_S,
    BODY_WAIT_S,
    CONNECTIONS_MAX,
    DRAINED_BYTES_MAX,
    HEAD_BYTES_MAX,
    HEAD_WAIT_S,
    PIPELINED_MAX,
    TURNED_AWAY_MAX,
)

log = structlog.get_logger()


class TooManyWaiting(Exception):
    """More pipelined requests are waiting than a connection may hold."""


class RestingFlow(FlowControl):
    """Uvicorn's flow control, which does not resume reading while the connection rests.

    It inherits, because uvicorn asks it to resume whenever the application asks for more.
    """

    rests = False

    def resume_reading(self) -> None:
        if not self.rests:
            super().resume_reading()


class BoundedConnection(HttpToolsProtocol):
    """Uvicorn's protocol, which disconnects clients that send too much, too slowly, or never read.

    It inherits, because uvicorn takes a protocol for this. A request that arrives in one piece, as
    nearly all do, costs a few assignments; a connection costs a timer.
    """

    head_wait_s = HEAD_WAIT_S
    body_wait_s = BODY_WAIT_S
    answer_wait_s = ANSWER_WAIT_S
    _is_in_head = False
    _head_bytes = 0
    _drained_bytes = 0
    _resting: RestingFlow
    _under_way: RequestResponseCycle | None = None
    _sending: asyncio.TimerHandle | None = None
    """Runs while the client has to send something: a head, or the rest of a body."""
    _reading: asyncio.TimerHandle | None = None
    """Runs while the client has to read something."""

    def __init__(self, config: Config, *arguments: Any, **named: Any) -> None:
        super().__init__(config, *arguments, **named)
        # Uvicorn's own answer to too many connections is not a problem document, has no
        # Retry-After, and goes to new clients even when only idle ones take up the room.
        self.limit_concurrency = None
        self.connections_max = config.limit_concurrency or CONNECTIONS_MAX
        self.waits_since = monotonic()

    @property
    def is_idle(self) -> bool:
        """Return whether the connection can be closed without losing an answer."""
        return self.is_waiting and not self.transport.is_closing()

    @property
    def is_waiting(self) -> bool:
        """Return whether the connection has no request in progress."""
        return self.cycle is None or self.cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.flow = self._resting = RestingFlow(transport)
        self._expect_sending(self.head_wait_s)
        if len(self.connections) > self.connections_max:
            self._make_room()

    @property
    def _is_drained(self) -> bool:
        """Return whether the rest of a body is arriving although its answer is already written."""
        return self.cycle is not None and self.cycle.response_complete and self.cycle.more_body

    def on_message_begin(self) -> None:
        self._is_in_head, self._head_bytes, self._drained_bytes = True, 0, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._is_in_head = False
        self._stop_sending()
        # For a response whose reader takes nothing: an orderly close would wait for it.
        self.scope["extensions"] = {ABORT: {"call": self.transport.abort}}
        super().on_headers_complete()
        if len(self.pipeline) > PIPELINED_MAX:
            self.hang_up()
            # The parser has more requests in its buffer; an exception makes it stop.
            raise TooManyWaiting

    def on_message_complete(self) -> None:
        self._stop_sending()
        super().on_message_complete()

    def data_received(self, data: bytes) -> None:
        began = monotonic()
        super().data_received(data)
        if self._is_in_head:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES_MAX:
                self.hang_up()
                return
        elif self.pipeline and len(self.cycle.body) > BODY_BYTES_MAX:
            self.hang_up()
            return
        elif self._is_drained:
            self._drained_bytes += len(data)
            if self._drained_bytes > DRAINED_BYTES_MAX:
                self.hang_up()
                return
        if len(data) >= LARGE_READ_BYTES:
            self._let_others_read(monotonic() - began)
        if self._sending is None and (self._is_in_head or self.is_waiting):
            self._expect_sending(self.head_wait_s)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self.waits_since = monotonic()
        if self.transport.is_closing():
            # It closes when everything is read, which may never happen.
            self._expect_reading()
        elif self.cycle.response_complete and self.cycle.more_body:
            self._expect_sending(self.body_wait_s)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._expect_reading()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stop_reading()

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection, even if the client has not read all of its last answer."""
        self.hang_up()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_sending()
        self._stop_reading()
        super().connection_lost(exc)
        if self._under_way is not None and not self._under_way.response_complete:
            # Uvicorn notifies only the newest request, which may still wait behind this one.
            self._under_way.disconnected = True
            self._under_way.message_event.set()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._under_way = cycle
        super()._start_asgi_task(cycle, app)

    def _make_room(self) -> None:
        """Close the connection that has been idle longest; if all are busy, refuse this one."""
        ours = (other for other in self.connections if isinstance(other, BoundedConnection))
        waiting = [other for other in ours if other.is_idle and other is not self]
        if waiting:
            min(waiting, key=lambda other: other.waits_since).hang_up()
        elif len(self.connections) > self.connections_max + TURNED_AWAY_MAX:
            self.hang_up()
        else:
            log.warning("connection.turned_away", connections=len(self.connections))
            self.app = _turn_away

    def _let_others_read(self, parsed_s: float) -> None:
        """Resume reading after all other connections had their turn.

        While a sender keeps sending, the loop would read from it again and again. And a piece of
        the smallest chunks takes milliseconds to parse. So its sender waits for twice the time that
        all connections would take if each sent one: together they leave most of the time to others.
        """
        if not self._resting.rests and not self.transport.is_closing():
            self._resting.pause_reading()
            self._resting.rests = True
            is_quick = parsed_s < QUICKLY_PARSED_S
            wait_s = 0.0 if is_quick else 2 * parsed_s * len(self.connections)
            self.loop.call_later(wait_s, self._read_on)

    def _read_on(self) -> None:
        """Resume reading, unless uvicorn waits for the application to take what is buffered."""
        self._resting.rests = False
        is_full = not self.is_waiting and len(self.cycle.body) > HIGH_WATER_LIMIT
        if not (is_full or self.pipeline or self.transport.is_closing()):
            self.flow.resume_reading()

    def _expect_sending(self, wait_s: float) -> None:
        if self._sending is None:
            self._sending = self.loop.call_later(wait_s, self.hang_up)

    def _stop_sending(self) -> None:
        if self._sending is not None:
            self._sending.cancel()
            self._sending = None

    def _expect_reading(self) -> None:
        if self._reading is None:
            self._reading = self.loop.call_later(self.answer_wait_s, self.hang_up)

    def _stop_reading(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    def hang_up(self) -> None:
        """Close the connection now."""
        # Not after sending what is buffered: a client that reads nothing would keep it open.
        self.transport.abort()


async def _turn_away(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer in place of the application."""
    problem = Problem(
        "too-many-connections",
        "The service has reached its limit of connections. Send the request again after the "
        "time in Retry-After; keep connections open and send more over each.",
        headers={"connection": "close"},
    )
    await problem_answer(problem)(scope, receive, send)
