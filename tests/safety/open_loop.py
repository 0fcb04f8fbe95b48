"""Send batches when they are due, whether or not earlier ones have been answered.

    python -m tests.safety.open_loop < order.json > result.json

Independent clients do not wait for each other, so a slow service does not reduce the load. A batch
takes a free connection; all are opened beforehand, because no client of ours opens one per request.
It runs in a separate process and stops on its own: the number of requests and the wait for answers
are bounded.
"""

import asyncio
import os
import sys
from collections.abc import Sequence
from time import perf_counter
from typing import Any, NamedTuple, cast

import orjson
import uvloop

from tests.bench.mix import events_of

TICK_S = 0.002
ANSWERS_WAIT_S = 30.0
"""How long to wait for the last answer."""
_LENGTH = b"content-length: "
_HEAD_END = b"\r\n\r\n"


class Order(NamedTuple):
    """What to send, where, with which key, and how fast."""

    host: str
    port: int
    key: str
    tag: str
    batches: int
    events: int
    """Events per batch."""
    connections: int
    rate: float = 0.0
    """Batches per second; 0: as fast as they are answered."""


class Answered(NamedTuple):
    """One answer."""

    status: int
    latency_s: float
    has_retry_after: bool


class Caller(asyncio.Protocol):
    """One connection, either free or waiting for an answer."""

    def __init__(self, crowd: "Crowd") -> None:
        self._crowd = crowd
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self._sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # The loop's own class is not a subclass of the abstract one.
        self._transport = cast("asyncio.Transport", transport)
        self._crowd.free.append(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - as asyncio calls it
        self._crowd.lost += 1

    def send(self, request: bytes) -> None:
        assert self._transport is not None
        self._sent_at = perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        received = self._received = self._received + data
        head_end = received.find(_HEAD_END)
        if head_end < 0:
            return
        at = received.find(_LENGTH, 0, head_end) + len(_LENGTH)
        length = int(received[at : received.find(b"\r", at)])
        if len(received) < head_end + len(_HEAD_END) + length:
            return
        has_retry_after = received.find(b"retry-after: ", 0, head_end) >= 0
        self._received = b""
        latency_s = perf_counter() - self._sent_at
        self._crowd.answers.append(Answered(int(received[9:12]), latency_s, has_retry_after))
        self._crowd.free.append(self)


class Crowd:
    """All callers together. A class, because they share the batches to send."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self.free: list[Caller] = []
        self.answers: list[Answered] = []
        self.lost = self.unsent = 0

    async def gather(self) -> None:
        """Open the connections."""
        loop = asyncio.get_running_loop()
        for _ in range(self._order.connections):
            await loop.create_connection(lambda: Caller(self), self._order.host, self._order.port)

    async def send(self, requests: Sequence[bytes]) -> None:
        """Send each request when it is due, then wait for the missing answers."""
        begin, sent = perf_counter(), 0
        while sent < len(requests):
            for request in requests[sent : sent + self._due(perf_counter() - begin, sent)]:
                self._send(request)
                sent += 1
            await asyncio.sleep(TICK_S if self._order.rate else 0)
        deadline = perf_counter() + ANSWERS_WAIT_S
        # What is waited for is counted by every connection.
        while len(self.answers) + self.lost + self.unsent < sent and perf_counter() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(TICK_S)

    def _due(self, elapsed_s: float, sent: int) -> int:
        if not self._order.rate:
            return len(self.free)
        return max(0, int(elapsed_s * self._order.rate) - sent)

    def _send(self, request: bytes) -> None:
        if self.free:
            self.free.pop().send(request)
        else:
            self.unsent += 1


def requests_of(order: Order) -> list[bytes]:
    head = f"POST /v1/events HTTP/1.1\r\nauthorization: Bearer {order.key}\r\nhost: here\r\n"
    events = events_of(order.tag, order.batches * order.events)
    requests = []
    for start in range(0, len(events), order.events):
        body = orjson.dumps(events[start : start + order.events])
        requests.append(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
    return requests


async def fulfil(order: Order) -> dict[str, Any]:
    """Send everything, and return the results."""
    requests = requests_of(order)
    crowd = Crowd(order)
    await crowd.gather()
    began = perf_counter()
    await crowd.send(requests)
    return {
        "seconds": perf_counter() - began,
        "answers": [tuple(answer) for answer in crowd.answers],
        "lost": crowd.lost,
        "unsent": crowd.unsent,
    }


if __name__ == "__main__":
    order = Order(**orjson.loads(sys.stdin.buffer.read()))
    result = uvloop.run(fulfil(order))
    sys.stdout.buffer.write(orjson.dumps(result))
    sys.stdout.flush()
    # Hundreds of connections need no orderly end.
    os._exit(0)
