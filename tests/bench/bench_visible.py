"""How soon the funnel shows answered events, while the service is busy."""

import asyncio
import statistics
from time import perf_counter

import orjson

from tests.bench.bench_post import CONNECTIONS
from tests.bench.figures import Figure, at_most
from tests.bench.mix import events_of
from tests.bench.servers import Bench, ClientRun, Server, Unexpected, founded, serving_apart

LOAD = 0.8
POLL_S = 0.01
POLLS_MAX = 3_000
PAUSE_S = 0.05
"""The pause between two polls, so that polling is a small part of the load."""
LOOKS_MAX = 10_000


async def measure(bench: Bench) -> list[Figure]:
    """Return the p99 time from an answer until the funnel has its position.

    Polls every 10 ms without `wait_for`, like a client that watches the funnel.
    """
    async with founded(bench, "visible") as ledger:
        with serving_apart(bench, ledger) as service:
            full = await _full_rate(bench, service)
            rate = full * LOAD
            count = int(rate * bench.sizes.watched_s)
            loading = asyncio.create_task(_post(service, "load", count, rate=rate))
            waits = await _watch(service, loading)
            loaded = await loading
    cuts = statistics.quantiles(waits, n=100, method="inclusive")
    note = (
        f"{loaded.rate:.0f} events/s, full load is {full:.0f}; {len(waits)} looks; "
        f"p50 {cuts[49] * 1e3:.0f} ms"
    )
    return [
        Figure(
            "visible in the funnel after the answer, p99",
            "ms",
            cuts[98] * 1e3,
            aim=at_most(150),
            note=note,
        )
    ]


async def _full_rate(bench: Bench, service: Server) -> float:
    rates = [
        (await _post(service, f"full-{number}", bench.sizes.posted)).rate for number in range(3)
    ]
    return statistics.median(rates)


async def _post(service: Server, tag: str, count: int, *, rate: float = 0.0) -> ClientRun:
    return await service.fulfil(
        "201", kind="events", requests=count, connections=CONNECTIONS, tag=tag, rate=rate
    )


async def _watch(service: Server, loading: asyncio.Task[object]) -> list[float]:
    """Post our own events and look for them, until the load ends."""
    caller = await Caller.connect(service)
    waits: list[float] = []
    try:
        for event in events_of("watch", LOOKS_MAX):
            if loading.done():
                break
            recorded = await caller.ask("POST", "/v1/events", orjson.dumps(event))
            waits.append(await _shown_after(caller, int(recorded["position"])))
            await asyncio.sleep(PAUSE_S)
    finally:
        caller.close()
    return waits


async def _shown_after(caller: "Caller", position: int) -> float:
    began = perf_counter()
    for _ in range(POLLS_MAX):
        funnel = await caller.ask("GET", "/v1/funnel")
        if int(funnel["as_of_position"]) >= position:
            return perf_counter() - began
        await asyncio.sleep(POLL_S)
    raise Unexpected(f"the funnel has not come to position {position}; it says {funnel}")


class Caller:
    """One connection that sends requests and waits. A class, because it keeps the connection."""

    def __init__(
        self, service: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._head = f"host: 127.0.0.1\r\nauthorization: Bearer {service.key}\r\n"
        self._reader = reader
        self._writer = writer

    @classmethod
    async def connect(cls, service: Server) -> "Caller":
        return cls(service, *await asyncio.open_connection("127.0.0.1", service.port))

    async def ask(self, method: str, path: str, body: bytes = b"") -> dict[str, str]:
        length = f"content-length: {len(body)}\r\n\r\n"
        self._writer.write(f"{method} {path} HTTP/1.1\r\n{self._head}{length}".encode() + body)
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode()
        size = int(head.partition("content-length: ")[2].partition("\r")[0])
        answer: dict[str, str] = orjson.loads(await self._reader.readexactly(size))
        return answer

    def close(self) -> None:
        self._writer.close()
