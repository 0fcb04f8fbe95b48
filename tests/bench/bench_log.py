"""Replaying, rebuilding from and verifying the whole log, compared with only reading it."""

import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from time import perf_counter

import asyncpg

from events import records
from events.batch.memory import Remembered, newborn, seen_by
from events.database.sessions import Driver, open_session
from events.database.statements import Statement, load
from events.records import decode_event
from events.verification.verify import pages
from projections.engine.rebuild import rebuild
from projections.funnel.projection import stage_intervals
from tests.bench.bench_growth import project
from tests.bench.figures import Figure, at_least, figure_of, in_rounds
from tests.bench.ledgers import Written, written
from tests.bench.servers import Bench
from tests.support.verified import verify

SCHEMA = "log"
Rows = Sequence[asyncpg.Record]
Take = Callable[[Rows], None]


async def measure(bench: Bench) -> list[Figure]:
    """Return how many records per second are replayed, rebuilt from and verified."""
    async with _log(bench) as log:
        decoding, reading = log.reader(_decode, log.whole), log.reader(_leave, log.stored)
        rounds, note = bench.sizes.rounds, f"{log.records} records"

        async def figure(
            name: str,
            measured: Callable[[int], Awaitable[float]],
            *,
            floor: Callable[[int], Awaitable[float]],
            least: float | None,
        ) -> Figure:
            pairs = await in_rounds(rounds, floor=floor, measured=measured)
            aim = None if least is None else at_least(least)
            return figure_of(name, pairs, unit="records/s", aim=aim, note=note)

        return [
            await figure("replay", log.replay, floor=decoding, least=0.7),
            await figure("rebuild of stage intervals", log.rebuild, floor=decoding, least=0.7),
            await figure(
                "verify, leaf of every record",
                log.reader(_check_leaves, log.stored),
                floor=reading,
                least=0.6,
            ),
            await figure("verify, everything", log.verify, floor=reading, least=None),
        ]


class _Log:
    """A log to read. A class, because every way of reading it needs the same three values."""

    def __init__(self, ledger: Written, driver: Driver) -> None:
        self._founded = ledger.founded
        self._driver = driver
        self.stored = load("events.verification", "verification.sql", SCHEMA)["read_leaves"]
        self.whole = load("projections", "engine/checkpoints.sql", SCHEMA)["read_records"]
        self.records = ledger.ledger.memory.position

    def reader(self, take: Take, statement: Statement) -> Callable[[int], Awaitable[float]]:
        """Read page by page and do one thing with each page."""

        async def read(_: int) -> float:
            began = perf_counter()
            async for page in pages(self._driver, statement, self.records):
                take(page)
            return self._rate(began)

        return read

    async def replay(self, _: int) -> float:
        """Fold every record into the state of its subject, from the beginning."""
        subjects: dict[str, Remembered] = {}
        return await self.reader(lambda page: _fold(subjects, page), self.whole)(0)

    async def rebuild(self, _: int) -> float:
        schema = self._founded.schema
        rebuilt = await rebuild(self._founded.engine, stage_intervals(schema), schema=schema)
        assert rebuilt.comparison is not None
        assert rebuilt.comparison.differing == 0, rebuilt.comparison
        return rebuilt.records / rebuilt.seconds

    async def verify(self, _: int) -> float:
        began = perf_counter()
        await verify(
            self._founded.engine, schema=self._founded.schema, digests=self._founded.digests
        )
        return self._rate(began)

    def _rate(self, began: float) -> float:
        return self.records / (perf_counter() - began)


@asynccontextmanager
async def _log(bench: Bench) -> AsyncIterator[_Log]:
    async with written(bench, SCHEMA) as ledger:
        await ledger.grow(bench.sizes.read)
        await project(ledger)
        # The writer's memory is not part of reading, so keep the garbage collector out of it.
        gc.collect()
        gc.freeze()
        session = await open_session(ledger.founded.engine)
        try:
            yield _Log(ledger, session.driver)
        finally:
            await session.close()
            gc.unfreeze()


def _leave(page: Rows) -> None:
    del page


def _decode(page: Rows) -> None:
    for row in page:
        decode_event(row["record"])


def _check_leaves(page: Rows) -> None:
    for row in page:
        assert records.leaf_of(row["record"].encode()) == row["leaf"]


def _fold(subjects: dict[str, Remembered], page: Rows) -> None:
    for row in page:
        event = decode_event(row["record"])
        subjects.update(seen_by(event, lambda one, kind: subjects.get(one) or newborn(kind)))
