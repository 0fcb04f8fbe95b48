"""Single durable events over 64 connections, compared with the same route only answering."""

import statistics
from dataclasses import dataclass, field

from tests.bench.figures import Figure, at_least, figure_of, in_rounds
from tests.bench.servers import FLOOR, Bench, Server, founded, serving

CONNECTIONS = 64


async def measure(bench: Bench) -> list[Figure]:
    """Return how many events per second are posted one by one."""
    count = bench.sizes.posted
    async with founded(bench, "post") as ledger, founded(bench, "post_floor") as floor:
        with serving(bench, ledger) as service, serving(bench, floor, module=FLOOR) as answering:
            for server in (answering, service):
                await _Poster(server, count).post("warm")
            durable, floored = _Poster(service, count), _Poster(answering, count)
            pairs = await in_rounds(
                bench.sizes.rounds,
                floor=lambda number: floored.post(f"post-{number}"),
                measured=lambda number: durable.post(f"post-{number}"),
            )
    cuts = statistics.quantiles(durable.latencies, n=100)
    note = (
        f"{count} a round; p50 {cuts[49] * 1e3:.1f} ms, p99 {cuts[98] * 1e3:.1f} ms; processor an "
        f"event: server {durable.server_us:.0f} µs, floor's {floored.server_us:.0f} µs, "
        f"client {durable.client_us:.0f} µs"
    )
    name = f"single POST, {CONNECTIONS} connections"
    return [figure_of(name, pairs, unit="events/s", aim=at_least(0.8), note=note)]


@dataclass(slots=True)
class _Poster:
    """Posts to one server. A class, because processor time is summed over all rounds."""

    server: Server
    count: int
    latencies: list[float] = field(default_factory=list)
    server_s: float = 0.0
    client_s: float = 0.0

    async def post(self, tag: str) -> float:
        """Post one round; return events per second."""
        before = self.server.processor_seconds
        run = await self.server.fulfil(
            "201", kind="events", requests=self.count, connections=CONNECTIONS, tag=tag
        )
        self.server_s += self.server.processor_seconds - before
        self.client_s += run.processor_seconds
        self.latencies += run.latencies
        return run.rate

    @property
    def server_us(self) -> float:
        return self.server_s / len(self.latencies) * 1e6

    @property
    def client_us(self) -> float:
        return self.client_s / len(self.latencies) * 1e6
