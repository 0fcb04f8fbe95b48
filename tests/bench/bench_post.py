"""Single events over 64 connections, durable, beside the same route that only answers."""

import statistics

from tests.bench.figures import Figure, at_least, figure_of, in_rounds
from tests.bench.servers import FLOOR, Bench, Server, founded, serving

CONNECTIONS = 64


async def measure(bench: Bench) -> list[Figure]:
    """Return how many events a second are posted one by one."""
    count, latencies = bench.sizes.posted, list[float]()
    processor: list[float] = []

    async def post(server: Server, tag: str) -> float:
        told = await server.fulfil(
            "201", kind="events", count=count, connections=CONNECTIONS, tag=tag
        )
        if server is service:
            latencies.extend(told.latencies)
            processor.append(told.processor_seconds / count)
        return told.rate

    async with founded(bench, "post") as ledger, founded(bench, "post_floor") as floor:
        with serving(bench, ledger) as service, serving(bench, floor, module=FLOOR) as answering:
            await post(answering, "warm")
            await post(service, "warm")
            latencies.clear()
            pairs = await in_rounds(
                bench.sizes.rounds,
                floor=lambda number: post(answering, f"post-{number}"),
                measured=lambda number: post(service, f"post-{number}"),
            )
    cuts = statistics.quantiles(latencies, n=100)
    note = (
        f"{count} a round; latency p50 {cuts[49] * 1e3:.1f} ms, p99 {cuts[98] * 1e3:.1f} ms; "
        f"the client itself {statistics.median(processor) * 1e6:.0f} µs an event"
    )
    return [
        figure_of(
            f"single POST, {CONNECTIONS} connections",
            pairs,
            unit="events/s",
            aim=at_least(0.8),
            note=note,
        )
    ]
