"""Build a projection again beside the live one, compare the two, and let the new one take over.

Events keep coming meanwhile. A generation under construction is its checkpoint row with the status
`building`; whoever begins another rebuild retires that row, and the one that was at it gives way.
Rows are written long before the checkpoint of their generation moves: after a crash the generation
is thrown away, never continued.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar, cast

from sqlalchemy.ext.asyncio import AsyncEngine

from events.sessions import Driver
from projections.advance import (
    Checkpoint,
    Page,
    Sql,
    advance,
    checkpoint,
    decode,
    fold_all,
    move,
    read_page,
    statements,
)
from projections.failures import ProjectionUnknown, RebuildSuperseded
from projections.limits import (
    DELETE_ROWS,
    DIFFERENCES_SHOWN,
    REBUILD_BATCH_RECORDS,
    REBUILD_SLICE_RECORDS,
)
from projections.projection import Projection
from projections.transactions import borrowed, snapshot, transaction

First = TypeVar("First")
Second = TypeVar("Second")

OnProgress = Callable[[int, int], None]
"""Called now and then with the position reached and the position aimed at."""


class Difference(NamedTuple):
    """A row that one generation holds more often than the other."""

    relation: str
    content: str
    live_rows: int
    built_rows: int


class Comparison(NamedTuple):
    """What two generations at one position do not hold equally often."""

    position: int
    differing: int
    first: tuple[Difference, ...]


class Rebuilt(NamedTuple):
    """What a rebuild came to."""

    generation: int
    version: int
    position: int
    records: int
    rows: int
    seconds: float
    """Reading, folding and writing; without comparing and removing."""
    comparison: Comparison | None
    """None where there was nothing to compare: the live generation is of another version of the
    projection, or has stopped."""
    is_live: bool


async def rebuild(
    engine: AsyncEngine,
    projection: Projection[Any],
    *,
    schema: str,
    on_progress: OnProgress | None = None,
) -> Rebuilt:
    """Build a new generation, compare it, let it go live, and remove the old one.

    Differences do not hold it back: the new generation is what the log says.

    Raises:
        FoldFailed: If the fold cannot take an event; the live generation stays.
        RebuildSuperseded: If another rebuild of this projection has begun meanwhile.
    """
    return await _Rebuild(engine, statements(schema), projection, on_progress).run(swaps=True)


async def compare(
    engine: AsyncEngine,
    projection: Projection[Any],
    *,
    schema: str,
    on_progress: OnProgress | None = None,
) -> Rebuilt:
    """Build a new generation, compare it with the live one, and remove it again."""
    return await _Rebuild(engine, statements(schema), projection, on_progress).run(swaps=False)


@dataclass(slots=True)
class _Rebuild:
    """One rebuild. A class, because all its steps share what it works with."""

    engine: AsyncEngine
    sql: Sql
    projection: Projection[Any]
    on_progress: OnProgress | None
    records: int = 0

    async def run(self, *, swaps: bool) -> Rebuilt:
        started = time.monotonic()
        begun = await self._begin()
        state = self.projection.begin(is_complete=True)
        try:
            built = await self._build(begun, state)
            seconds = time.monotonic() - started
            comparison, built = await self._compare(built, state)
            rows = await self._count(built)
            if swaps:
                built = await self._swap(built, state)
        finally:
            await self._execute("give_up", generation=begun.generation)
        await self._remove_retired()
        return Rebuilt(
            built.generation,
            built.version,
            built.position,
            self.records,
            rows,
            seconds,
            comparison,
            is_live=swaps,
        )

    async def _begin(self) -> Checkpoint:
        """Begin a generation, after removing what an earlier rebuild has left behind."""
        await self._execute("retire_building")
        await self._remove_retired()
        statement = self.sql["begin_building"]
        version = self.projection.version
        values = {"name": self.projection.name, "version": version}
        async with self._transaction() as driver:
            await self._live(driver)
            generation = await driver.fetchval(statement.driver_sql, *statement.arguments(values))
        return Checkpoint(generation, version, 0, None)

    async def _build(self, at: Checkpoint, state: object) -> Checkpoint:
        """Fold the log up to where the live generation is, reading one page ahead."""
        upto = await self._aim()
        page, reached = await self._read(0, upto), Page((), 0)
        while page.rows:
            reached = page
            _, page = await _both(
                self._take(at, state, page, upto), self._read(page.position, upto)
            )
            if not page.rows:
                upto = await self._aim()
                if upto - reached.position > REBUILD_BATCH_RECORDS:
                    page = await self._read(reached.position, upto)
        async with self._transaction() as driver:
            await self._hold(driver, at)
            await self.projection.write(driver, at.generation, state)
            await move(driver, self.sql, self.projection.name, at, reached)
        return at._replace(position=reached.position)

    async def _take(self, at: Checkpoint, state: object, page: Page, upto: int) -> None:
        """Fold a page, and write what need not be kept in memory until the end."""
        async with self._transaction() as driver:
            await self._hold(driver, at)
            for start in range(0, len(page.rows), REBUILD_SLICE_RECORDS):
                rows = page.rows[start : start + REBUILD_SLICE_RECORDS]
                events = decode(self.projection, rows)
                await self.projection.load(driver, at.generation, state, events)
                fold_all(self.projection, state, events)
            await self.projection.relieve(driver, at.generation, state)
        self.records += len(page.rows)
        if self.on_progress is not None:
            self.on_progress(page.position, upto)

    async def _compare(
        self, built: Checkpoint, state: object
    ) -> tuple[Comparison | None, Checkpoint]:
        """Compare both generations at one position, without holding the live one up for long.

        The live checkpoint is held only until the new generation has come to it and a snapshot of
        both has been taken; what is compared is the snapshot.
        """
        async with AsyncExitStack() as reading:
            async with self._transaction() as holding:
                live = await self._live(holding)
                if not self._is_comparable(live):
                    return None, built
                async with self._transaction() as driver:
                    built = await self._catch_up(driver, built, state, live.position)
                driver = await reading.enter_async_context(
                    snapshot(self.engine, self.sql["limit_long_waits"])
                )
            return await self._differences(driver, live, built), built

    async def _differences(self, driver: Driver, live: Checkpoint, built: Checkpoint) -> Comparison:
        statement = self.projection.upkeep["differences"]
        values = {
            "live": live.generation,
            "built": built.generation,
            "shown": DIFFERENCES_SHOWN,
        }
        rows = await driver.fetch(statement.driver_sql, *statement.arguments(values))
        first = tuple(Difference(*list(row.values())[:4]) for row in rows)
        return Comparison(built.position, rows[0]["differing"] if rows else 0, first)

    async def _swap(self, built: Checkpoint, state: object) -> Checkpoint:
        """Let the new generation go live, at least as far as the old one has come."""
        name = self.projection.name
        async with self._transaction() as driver:
            live = await self._live(driver)
            built = await self._catch_up(driver, built, state, live.position)
            for statement, generation in (
                (self.sql["retire"], live.generation),
                (self.sql["make_live"], built.generation),
            ):
                values = {"name": name, "generation": generation}
                done = await driver.execute(statement.driver_sql, *statement.arguments(values))
                assert done == "UPDATE 1", f"{name}: generation {generation} is not where it was"
        return built

    async def _catch_up(
        self, driver: Driver, at: Checkpoint, state: object, upto: int
    ) -> Checkpoint:
        """Bring the new generation to a position, within the transaction that is open."""
        await self._hold(driver, at)
        while at.position < upto:
            page = await read_page(
                driver,
                self.sql,
                after=at.position,
                upto=upto,
                limit=REBUILD_BATCH_RECORDS,
            )
            assert page.rows, f"the ledger has a gap after position {at.position}"
            at = await advance(driver, self.sql, self.projection, state, at=at, page=page)
            self.records += len(page.rows)
        return at

    async def _count(self, built: Checkpoint) -> int:
        async with borrowed(self.engine) as driver:
            statement = self.projection.upkeep["count_rows"]
            return int(await driver.fetchval(statement.driver_sql, built.generation))

    async def _remove_retired(self) -> None:
        """Delete generations that nobody reads, in parts that hold nobody up."""
        name, statement = self.projection.name, self.projection.upkeep["delete_rows"]
        async with borrowed(self.engine) as driver:
            retired = await driver.fetch(self.sql["read_retired"].driver_sql, name)
        for (generation,) in retired:
            values = {"generation": generation, "limit": DELETE_ROWS}
            deleted = 1
            while deleted:
                async with self._transaction() as driver:
                    deleted = await driver.fetchval(
                        statement.driver_sql, *statement.arguments(values)
                    )
            await self._execute("close_retired", generation=generation)

    async def _read(self, after: int, upto: int) -> Page:
        async with borrowed(self.engine) as driver:
            return await read_page(
                driver,
                self.sql,
                after=after,
                upto=upto,
                limit=REBUILD_BATCH_RECORDS,
            )

    async def _aim(self) -> int:
        """How far to build before aligning: to the live generation, or to the head without it."""
        async with borrowed(self.engine) as driver:
            live = await checkpoint(driver, self.sql["read_live"], name=self.projection.name)
            if live is not None and self._is_comparable(live):
                return live.position
            return int(await driver.fetchval(self.sql["read_head"].driver_sql))

    def _is_comparable(self, live: Checkpoint) -> bool:
        return live.failure is None and live.version == self.projection.version

    async def _live(self, driver: Driver) -> Checkpoint:
        """Hold the live checkpoint: until the transaction ends nobody projects."""
        live = await checkpoint(driver, self.sql["hold_live"], name=self.projection.name)
        if live is None:
            raise ProjectionUnknown(
                f"{self.projection.name} has no live generation to build beside; prepare a runner"
            )
        return live

    async def _hold(self, driver: Driver, at: Checkpoint) -> None:
        statement = self.sql["hold_building"]
        name = self.projection.name
        held = await checkpoint(driver, statement, name=name, generation=at.generation)
        if held is None:
            raise RebuildSuperseded(
                f"generation {at.generation} of {name} has given way to another rebuild"
            )

    async def _execute(self, name: str, **values: object) -> None:
        statement = self.sql[name]
        arguments = statement.arguments({"name": self.projection.name, **values})
        async with self._transaction() as driver:
            await driver.execute(statement.driver_sql, *arguments)

    def _transaction(self) -> AbstractAsyncContextManager[Driver]:
        return transaction(self.engine, self.sql["limit_waits"])


async def _both(first: Awaitable[First], second: Awaitable[Second]) -> tuple[First, Second]:
    """Wait until both have ended, whatever becomes of either."""
    outcomes = await asyncio.gather(first, second, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
    return cast("tuple[First, Second]", tuple(outcomes))
