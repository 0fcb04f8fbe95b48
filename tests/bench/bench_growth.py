"""What must not grow with the log: the time to append, and the time to read the funnel."""

import statistics

from projections.catalogue import PROJECTIONS
from projections.engine.runner import Runner
from projections.funnel.projection import NAME
from tests.bench.figures import Figure, at_most, figure_of, in_rounds
from tests.bench.ledgers import Written, written
from tests.bench.mix import events_of
from tests.bench.servers import FLOOR, Bench, Server, serving

SINGLES = 100
"""Single-event transactions per round."""


async def measure(bench: Bench) -> list[Figure]:
    """Return the time per event on both logs, in batches and alone, and that of the funnel.

    Half of the events are about new leads, half about leads that the log has known for long. Ids
    are random, so that they are spread over the indexes.
    """
    sizes = bench.sizes
    async with written(bench, "small") as small, written(bench, "large") as large:
        await small.grow(sizes.small_log)
        await large.grow(sizes.large_log)
        return [
            await _compare(bench, small, large, "batched", count=sizes.appended, size=500),
            await _compare(bench, small, large, "single", count=SINGLES, size=1),
            await _ask(bench, small, sizes.small_log),
            await _ask(bench, large, sizes.large_log),
        ]


async def _compare(
    bench: Bench, small: Written, large: Written, name: str, *, count: int, size: int
) -> Figure:
    pairs = await in_rounds(
        bench.sizes.rounds,
        floor=lambda number: _append(small, f"{name}-{number}", number, count=count, size=size),
        measured=lambda number: _append(large, f"{name}-{number}", number, count=count, size=size),
    )
    return figure_of(
        f"append to a large log, {name}",
        pairs,
        unit="µs/event",
        aim=at_most(1.2),
        note=f"{bench.sizes.large_log} events against {bench.sizes.small_log}; {size} a batch",
    )


async def _append(log: Written, name: str, number: int, *, count: int, size: int) -> float:
    """Return the median time per event, which excludes the database's checkpoints."""
    tag = f"{log.founded.schema}-{name}"
    known = log.tags[number % len(log.tags)]
    fresh = events_of(f"{tag}-new", count // 2)
    returning = events_of(f"{tag}-old", count // 2, people=known)
    mixed = [event for pair in zip(fresh, returning, strict=True) for event in pair]
    seconds = [await log.append([batch]) / len(batch.items) for batch in log.batches(mixed, size)]
    return statistics.median(seconds) * 1e6


async def _ask(bench: Bench, log: Written, events: int) -> Figure:
    """Read the current funnel, compared with the same route answering a constant."""
    await project(log, NAME)

    async def median_ms(server: Server) -> float:
        got = await server.fulfil("200", kind="get", requests=bench.sizes.asked, path="/v1/funnel")
        return statistics.median(got.latencies) * 1e3

    ledger = log.founded
    with serving(bench, ledger) as service, serving(bench, ledger, module=FLOOR) as constant:
        await median_ms(constant)
        await median_ms(service)
        pairs = await in_rounds(
            bench.sizes.rounds,
            floor=lambda _: median_ms(constant),
            measured=lambda _: median_ms(service),
        )
    return figure_of(f"funnel answer now, {events} events", pairs, unit="ms", aim=at_most(1.5))


async def project(log: Written, *names: str) -> None:
    """Bring projections to the end of the log; all of them if none is named."""
    schema = log.founded.schema
    wanted = names or tuple(PROJECTIONS)
    runner = Runner(
        log.founded.engine, schema=schema, projections=[PROJECTIONS[one](schema) for one in wanted]
    )
    await runner.prepare()
    while (await runner.step()).records:
        pass
