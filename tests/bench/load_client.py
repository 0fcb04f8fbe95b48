"""Send requests as fast as they are answered, or at a rate, in a separate process.

    python -m tests.bench.load_client < order.json > result.json

The client runs on the machine that it measures, so it must cost almost nothing: requests are built
beforehand, and only the status and length of an answer are read.
"""

import asyncio
import os
import resource
import sys
from collections import Counter
from collections.abc import Sequence
from functools import partial
from itertools import cycle, islice
from time import perf_counter
from typing import Any, NamedTuple, cast

import orjson
import uvloop

from tests.bench.mix import timed_events

WAIT_S = 300.0
"""No order takes this long; one that does has lost its server."""
_LENGTH = b"content-length: "
_HEAD_END = b"\r\n\r\n"


class Order(NamedTuple):
    """What to send, where, and with which key."""

    host: str
    port: int
    key: str
    kind: str
    """`events` one by one, `lines` in one body, `get` a path."""
    requests: int
    """The lines, if the kind is `lines`."""
    connections: int = 1
    tag: str = ""
    paths: Sequence[str] = ("/v1/events",)
    """What to get in turn; where to post is the first of them."""
    rate: float = 0.0
    """Requests per second over all connections; 0: as fast as they are answered."""


class Caller(asyncio.Protocol):
    """One persistent connection: the next request follows the answer to the last."""

    def __init__(self, requests: Sequence[bytes], *, first_at: float, every_s: float) -> None:
        self._requests = iter(requests)
        self._every_s = every_s
        self._due = first_at
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self._since = 0.0
        self.timeline: list[tuple[float, float]] = []
        """When the wait for each answer began, and how long it lasted."""
        self.statuses: Counter[int] = Counter()
        self.last_body = b""
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # The loop's own class is not a subclass of the abstract one.
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionResetError("the server hung up"))

    def start(self) -> None:
        self._next()

    def data_received(self, data: bytes) -> None:
        received = self._received + data if self._received else data
        head_end = received.find(_HEAD_END)
        if head_end >= 0:
            at = received.find(_LENGTH, 0, head_end) + len(_LENGTH)
            body_at = head_end + len(_HEAD_END)
            length = int(received[at : received.find(b"\r", at)])
            if len(received) >= body_at + length:
                self.timeline.append((self._since, perf_counter() - self._since))
                self.statuses[int(received[9:12])] += 1
                self.last_body = received[body_at : body_at + length]
                self._received = b""
                self._next()
                return
        self._received = received

    def _next(self) -> None:
        """Send at once, or at a rate, when it is due.

        A request that is due but blocked by a missing answer counts as waiting already. Otherwise
        a server that stalls for a second would look slow only once per connection.
        """
        now = perf_counter()
        if not self._every_s:
            self._send(since=now)
            return
        due, self._due = self._due, self._due + self._every_s
        if due > now:
            asyncio.get_running_loop().call_later(due - now, self._send_due, due)
        else:
            self._send(since=due)

    def _send_due(self, due: float) -> None:
        # The client may itself be late, and that is not the server's fault.
        self._send(since=max(due, perf_counter()))

    def _send(self, *, since: float) -> None:
        request = next(self._requests, None)
        if request is None:
            self.done.set_result(None)
            return
        assert self._transport is not None
        self._since = since
        self._transport.write(request)


def requests_of(order: Order) -> list[list[bytes]]:
    """Build what each connection sends. All events about one company go over one, in their order.

    Over several, some connections would be days ahead of others, and much would count as late.
    """
    head = f"authorization: Bearer {order.key}\r\nhost: {order.host}\r\n"
    if order.kind == "get":
        gets = [f"GET {path} HTTP/1.1\r\n{head}\r\n".encode() for path in order.paths]
        each = order.requests // order.connections
        return [list(islice(cycle(gets), each)) for _ in range(order.connections)]
    events = timed_events(order.tag, order.requests)
    if order.kind == "lines":
        body = b"".join(orjson.dumps(timed.event) + b"\n" for timed in events)
        return [[_post(order, head, "application/x-ndjson", body)]]
    sizes = Counter(one.company for one in events)
    loads = [0] * order.connections
    connection: dict[int, int] = {}
    for company, size in sizes.most_common():
        connection[company] = least = loads.index(min(loads))
        loads[least] += size
    requests: list[list[bytes]] = [[] for _ in range(order.connections)]
    for one in events:
        request = _post(order, head, "application/json", orjson.dumps(one.event))
        requests[connection[one.company]].append(request)
    return requests


def _post(order: Order, head: str, media_type: str, body: bytes) -> bytes:
    described = f"content-type: {media_type}\r\ncontent-length: {len(body)}\r\n\r\n"
    return f"POST {order.paths[0]} HTTP/1.1\r\n{head}{described}".encode() + body


async def fulfil(order: Order) -> dict[str, Any]:
    """Connect, send everything, and return the results."""
    loop = asyncio.get_running_loop()
    requests = requests_of(order)
    every_s = len(requests) / order.rate if order.rate else 0.0
    begin = perf_counter()
    callers: list[Caller] = []
    for number, own in enumerate(requests):
        caller = Caller(own, first_at=begin + number * every_s / len(requests), every_s=every_s)
        await loop.create_connection(partial(_itself, caller), order.host, order.port)
        callers.append(caller)
    began, used = perf_counter(), _processor_seconds()
    for caller in callers:
        caller.start()
    async with asyncio.timeout(WAIT_S):
        await asyncio.gather(*(caller.done for caller in callers))
    seconds = perf_counter() - began
    statuses = sum((caller.statuses for caller in callers), Counter[int]())
    return {
        "seconds": seconds,
        "processor_seconds": _processor_seconds() - used,
        "statuses": {str(status): number for status, number in statuses.items()},
        "timeline": sorted(answer for caller in callers for answer in caller.timeline),
        "last_body": callers[-1].last_body.decode(),
    }


def _itself(caller: Caller) -> Caller:
    return caller


def _processor_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    order = Order(**orjson.loads(sys.stdin.buffer.read()))
    result = uvloop.run(fulfil(order))
    # The parent's event loop may have made the pipe non-blocking, which would cut the result off.
    os.set_blocking(sys.stdout.fileno(), True)
    sys.stdout.buffer.write(orjson.dumps(result))
    sys.stdout.flush()
    # Hundreds of thousands of objects need no orderly end.
    os._exit(0)
