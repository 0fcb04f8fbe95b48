"""What must not grow with the log, and what a log takes on disk.

    make bench-large                      # 10 thousand events against 1 million
    make bench-large EVENTS=10000000      # against 10 million

The ledger itself writes the small log, and the first part of the large one. The rest are copies of
it with people of their own, made by the rules of the ledger: its indexes and states are those of a
large log, and it verifies.
"""

import random
import statistics
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any
from urllib.parse import quote

from sqlalchemy import text

from events.database.sessions import open_session
from projections.catalogue import PROJECTIONS
from projections.engine.runner import Runner
from service.engine import make_engine
from tests.bench.figures import Aim, Figure, at_most, figure_of, in_rounds
from tests.bench.ledgers import Written, written
from tests.bench.mix import events_of
from tests.bench.servers import FLOOR, Bench, Founded, Server, serving
from tests.support.verified import verify

FUNNEL = "/v1/funnel"
SINGLES = 100
"""Single-event transactions per round."""
LEADS = 200
"""Leads whose histories are read: too many to be read from one page of the database."""
AGO = timedelta(days=30)
"""How long ago the moment is at which the funnel is asked for: two thirds of the log precede it."""
ASKED_LONG_MAX = 20
"""Requests per round for an answer that takes the longer, the longer the log is."""
LONG_ROUNDS_MAX = 3
"""Rounds of such an answer, and of verification."""
VERIFIED_ONCE = 2_000_000
"""From this many events on, one round takes long enough to be exact."""


async def measure(bench: Bench) -> list[Figure]:
    """Return each figure for the large log, with the small log as its floor."""
    sizes = bench.sizes
    async with written(bench, "small") as small, written(bench, "large") as large:
        pair = _Pair(bench, small, large)
        for log, events in pair.logs:
            await log.grow(events)
            await project(log)
            await _settle(bench, log)
        return [
            await pair.append("batched", count=sizes.appended, size=500),
            await pair.append("single", count=SINGLES, size=1),
            *await pair.ask(),
            await pair.verify(),
            *await pair.weigh(),
        ]


@dataclass(frozen=True, slots=True)
class _Pair:
    """A small and a large log. A class, because every comparison needs both."""

    bench: Bench
    small: Written
    large: Written

    @property
    def logs(self) -> tuple[tuple[Written, int], tuple[Written, int]]:
        """Return both, each with the number of its events."""
        sizes = self.bench.sizes
        return (self.small, sizes.small_log), (self.large, sizes.large_log)

    async def append(self, name: str, *, count: int, size: int) -> Figure:
        """Compare the time to append an event.

        Half of the events are about new leads, half about leads that the log has known for long.
        Ids are random, so that they are spread over the indexes.
        """
        appended: dict[str, Any] = {"count": count, "size": size}
        return await self._compare(
            f"append to a large log, {name}",
            "µs/event",
            at_most(1.2),
            floor=lambda number: _append(self.small, f"{name}-{number}", number, **appended),
            measured=lambda number: _append(self.large, f"{name}-{number}", number, **appended),
        )

    async def ask(self) -> list[Figure]:
        """Compare answers: the funnel now with a constant, and what depends on the log's size."""
        (small, few), (large, many) = self.logs
        histories = [await _histories(log) for log in (small, large)]
        before = [f"{FUNNEL}?as_of={quote((datetime.now(UTC) - AGO).isoformat())}"]
        known = [[f"{FUNNEL}?known_at={log.ledger.memory.position // 2}"] for log in (small, large)]
        count = self.bench.sizes.asked
        with (
            serving(self.bench, small.founded) as floor,
            serving(self.bench, large.founded) as served,
            serving(self.bench, small.founded, module=FLOOR) as constant,
        ):

            async def answers(name: str, aim: Aim, *asked: Sequence[str], long: bool) -> Figure:
                each = min(count, ASKED_LONG_MAX) if long else count
                return await self._compare(
                    name,
                    "ms",
                    aim,
                    floor=lambda _: _median_ms(floor, each, *asked[0]),
                    measured=lambda _: _median_ms(served, each, *asked[-1]),
                    long=long,
                )

            async def now(server: Server, events: int) -> Figure:
                await _median_ms(server, count, FUNNEL)
                pairs = await in_rounds(
                    self.bench.sizes.rounds,
                    floor=lambda _: _median_ms(constant, count, FUNNEL),
                    measured=lambda _: _median_ms(server, count, FUNNEL),
                )
                name = f"funnel answer now, {events} events"
                return figure_of(name, pairs, unit="ms", aim=at_most(1.5))

            await _median_ms(constant, count, FUNNEL)
            return [
                await now(floor, few),
                await now(served, many),
                await answers("one lead's history", at_most(1.2), *histories, long=False),
                # It counts the stays of that day, and the last question all of them: the time may
                # grow as the log does, not faster.
                await answers(
                    f"funnel as of {AGO.days} days ago", at_most(many / few), before, long=True
                ),
                await answers("funnel as known before", at_most(many / few), *known, long=True),
            ]

    async def verify(self) -> Figure:
        """Compare the time per record of checking everything."""

        async def us_each(log: Written) -> float:
            began = perf_counter()
            founded = log.founded
            await verify(founded.engine, schema=founded.schema, digests=founded.digests)
            return (perf_counter() - began) / log.ledger.memory.position * 1e6

        return await self._compare(
            "time to verify everything",
            "µs/record",
            at_most(1.2),
            floor=lambda _: us_each(self.small),
            measured=lambda _: us_each(self.large),
            rounds=1 if self.bench.sizes.large_log >= VERIFIED_ONCE else None,
            long=True,
        )

    async def weigh(self) -> list[Figure]:
        """Compare bytes on disk per event: of the log and what decides, and of all projections."""
        log = ("events", "event_personal", "event_actors", "subjects", "identifiers")
        return [
            await self._weigh("on disk, the log and its leads", tables=log, are_these=True),
            await self._weigh("on disk, the projections", tables=log, are_these=False),
        ]

    async def _weigh(self, name: str, *, tables: Sequence[str], are_these: bool) -> Figure:
        async def each(log: Founded, events: int) -> float:
            session = await open_session(log.engine)
            try:
                taken = await session.driver.fetchval(
                    "SELECT sum(pg_total_relation_size(oid)) FROM pg_class "
                    "WHERE relnamespace = CAST($1 AS regnamespace) AND relkind = 'r' "
                    "AND (relname = ANY ($2)) = $3",
                    log.schema,
                    tables,
                    are_these,
                )
            finally:
                await session.close()
            return float(taken) / events

        return await self._compare(
            name,
            "bytes/event",
            at_most(1.2),
            floor=lambda _: each(self.small.founded, self.bench.sizes.small_log),
            measured=lambda _: each(self.large.founded, self.bench.sizes.large_log),
            rounds=1,
        )

    async def _compare(
        self,
        name: str,
        unit: str,
        aim: Aim,
        *,
        floor: Callable[[int], Awaitable[float]],
        measured: Callable[[int], Awaitable[float]],
        rounds: int | None = None,
        long: bool = False,
    ) -> Figure:
        sizes = self.bench.sizes
        if rounds is None:
            rounds = min(sizes.rounds, LONG_ROUNDS_MAX) if long else sizes.rounds
        pairs = await in_rounds(rounds, floor=floor, measured=measured)
        note = f"{sizes.large_log:,} events against {sizes.small_log:,}"
        return figure_of(name, pairs, unit=unit, aim=aim, note=note)


async def _append(log: Written, name: str, number: int, *, count: int, size: int) -> float:
    """Return the median time per event, which excludes the database's checkpoints."""
    tag = f"{log.founded.schema}-{name}"
    known = log.tags[number * len(log.tags) // (number + 1)]
    fresh = events_of(f"{tag}-new", count // 2)
    returning = events_of(f"{tag}-old", count // 2, people=known)
    mixed = [event for pair in zip(fresh, returning, strict=True) for event in pair]
    seconds = [await log.append([batch]) / len(batch.items) for batch in log.batches(mixed, size)]
    return statistics.median(seconds) * 1e6


async def _median_ms(server: Server, count: int, *paths: str) -> float:
    run = await server.fulfil("200", kind="get", requests=count, paths=paths)
    return statistics.median(run.latencies) * 1e3


async def _histories(log: Written) -> list[str]:
    """Return where to read the history of leads drawn from the whole log."""
    positions = random.Random(1).sample(range(1, log.ledger.memory.position), LEADS * 2)
    session = await open_session(log.founded.engine)
    try:
        rows = await session.driver.fetch(
            f"SELECT DISTINCT subject.subject_id FROM {log.founded.schema}.events AS event "
            f"JOIN {log.founded.schema}.subjects AS subject USING (subject_id) "
            "WHERE event.position = ANY ($1) AND kind = 'lead' LIMIT $2",
            positions,
            LEADS,
        )
    finally:
        await session.close()
    return [f"/v1/leads/{row['subject_id']}/history" for row in rows]


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


async def _settle(bench: Bench, log: Written) -> None:
    """Bring statistics up to date, as the server would have done if the log had grown slowly."""
    owner = make_engine(log.founded.settings, bench.postgres.owner_url)
    try:
        async with owner.connect() as connection:
            plain = await connection.execution_options(isolation_level="AUTOCOMMIT")
            await plain.execute(text("VACUUM ANALYZE"))
    finally:
        await owner.dispose()
