"""Single durable events over 64 connections, compared with the same route only answering."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.bench.figures import Aim, Figure, Pair, at_least, figure_of
from tests.bench.servers import FLOOR, Bench, Server, founded, serving, serving_apart

CONNECTIONS = 64


async def measure(bench: Bench) -> list[Figure]:
    """Return how many events per second are posted one by one."""
    async with (
        founded(bench, "post") as ledger,
        founded(bench, "post_apart") as another,
        founded(bench, "post_floor") as floor,
    ):
        with (
            serving(bench, ledger) as one_process,
            serving_apart(bench, another) as several,
            serving(bench, floor, module=FLOOR) as answering,
        ):
            servers = (answering, one_process, several)
            for server in servers:
                await _Poster(server, bench.sizes.posted, CONNECTIONS).post("warm")
            many = await _rounds(servers, bench.sizes.rounds, bench.sizes.posted, CONNECTIONS)
            single = await _rounds(servers, bench.sizes.rounds, bench.sizes.posted // 8, 1)
    floored, whole, apart = many
    return [
        _figure(apart, floored, "fronts and writer apart", at_least(0.55)),
        _figure(whole, floored, "one process", at_least(0.42)),
        figure_of(
            "fronts and writer apart, against one process",
            [Pair(one, other) for one, other in zip(whole.rates, apart.rates, strict=True)],
            unit="events/s",
            aim=at_least(1.4),
        ),
        _figure(single[2], single[0], "fronts and writer apart", None),
        _figure(single[1], single[0], "one process", None),
    ]


async def _rounds(
    servers: Sequence[Server], rounds: int, count: int, connections: int
) -> list["_Poster"]:
    """Post to each server in turn, for some rounds."""
    posters = [_Poster(server, count, connections) for server in servers]
    for number in range(rounds):
        for poster in posters:
            poster.rates.append(await poster.post(f"post-{connections}-{number}"))
    return posters


def _figure(durable: "_Poster", floored: "_Poster", how: str, aim: Aim | None) -> Figure:
    cuts = statistics.quantiles(durable.latencies, n=100)
    note = (
        f"{durable.count} a round; p50 {cuts[49] * 1e3:.1f} ms, p99 {cuts[98] * 1e3:.1f} ms; "
        f"processor an event: server {durable.server_us:.0f} µs, floor's "
        f"{floored.server_us:.0f} µs, client {durable.client_us:.0f} µs"
    )
    pairs = [Pair(one, other) for one, other in zip(floored.rates, durable.rates, strict=True)]
    name = f"single POST, {durable.connections} connections, {how}"
    return figure_of(name, pairs, unit="events/s", aim=aim, note=note)


@dataclass(slots=True)
class _Poster:
    """Posts to one server. A class, because processor time is summed over all rounds."""

    server: Server
    count: int
    connections: int
    rates: list[float] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    server_s: float = 0.0
    client_s: float = 0.0

    async def post(self, tag: str) -> float:
        """Post one round; return events per second."""
        before = self.server.processor_seconds
        run = await self.server.fulfil(
            "201", kind="events", requests=self.count, connections=self.connections, tag=tag
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
