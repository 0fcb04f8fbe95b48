"""Appending to a large log beside appending to a small one."""

import statistics

from tests.bench.figures import Figure, at_most, figure_of, in_rounds
from tests.bench.ledgers import Written, written
from tests.bench.mix import events_of
from tests.bench.servers import Bench

SINGLES = 100
"""Transactions of one event a round."""


async def measure(bench: Bench) -> list[Figure]:
    """Return the time of an event at both logs, in batches and alone.

    Half of the events are of new leads, half of leads that the log has known for long; ids are
    random, so that they fall anywhere into the indexes.
    """
    sizes = bench.sizes
    async with written(bench, "small") as small, written(bench, "large") as large:
        await small.grow(sizes.small_log)
        await large.grow(sizes.large_log)
        note = f"{sizes.small_log} against {sizes.large_log} events"
        batched = await in_rounds(
            sizes.rounds,
            floor=lambda number: _append(small, "batched", number, sizes.appended),
            measured=lambda number: _append(large, "batched", number, sizes.appended),
        )
        single = await in_rounds(
            sizes.rounds,
            floor=lambda number: _append(small, "single", number, SINGLES, size=1),
            measured=lambda number: _append(large, "single", number, SINGLES, size=1),
        )
    return [
        figure_of(
            "append to a large log, 500 a batch", batched, unit="µs/event", aim=at_most(1.2), note=note
        ),
        figure_of(
            "append to a large log, one by one", single, unit="µs/event", aim=at_most(1.2), note=note
        ),
    ]


async def _append(log: Written, name: str, number: int, count: int, *, size: int = 500) -> float:
    """Return the median time of an event: a checkpoint of the database is another's business."""
    tag = f"{log.founded.schema}-{name}-{number}"
    known = log.tags[number % len(log.tags)]
    fresh = events_of(f"{tag}-new", count // 2)
    returning = events_of(f"{tag}-old", count // 2, people=known)
    mixed = [event for pair in zip(fresh, returning, strict=True) for event in pair]
    batches = log.batches(mixed, size)
    seconds = [await log.append([batch]) / len(batch.items) for batch in batches]
    return statistics.median(seconds) * 1e6
