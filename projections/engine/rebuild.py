"""Rebuild a projection alongside the live one, compare the two, and switch to the new one.

Events continue to arrive in the meantime. Rows are written long before the checkpoint of their
generation moves: after a crash the generation is discarded, never continued.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar, cast

from sqlalchemy.ext.asyncio import AsyncEngine

from events.database.sessions import Driver, borrowed
from projections.engine.advance import (
    Checkpoint,
    Page,
    Sql,
    advance,
    decode,
    fold_all,
    move,
    read_page,
    statements,
)
from projections.engine.generations import Comparison, Generations
from projections.engine.limits import (
    REBUILD_BATCH_RECORDS,
    REBUILD_SLICE_RECORDS,
)
from projections.engine.projection import Projection
from projections.engine.transactions import snapshot

First = TypeVar("First")
Second = TypeVar("Second")

OnProgress = Callable[[int, int], None]
"""Called periodically with the position reached and the target position."""


class Rebuilt(NamedTuple):
    """The result of a rebuild."""

    generation: int
    version: int
    position: int
    records: int
    rows: int
    seconds: float
    """Time for reading, folding and writing, excluding comparison and removal."""
    comparison: Comparison | None
    """None if there was nothing to compare: the live generation has another version of the
    projection, or has stopped."""
    is_live: bool


async def rebuild(
    engine: AsyncEngine,
    projection: Projection[Any],
    *,
    schema: str,
    on_progress: OnProgress | None = None,
) -> Rebuilt:
    """Build a new generation, compare it, make it live, and remove the old one.

    It goes live even if there are differences, because it reflects the log.

    Raises:
        FoldFailed: If the fold fails on an event. The live generation stays.
        RebuildSuperseded: If another rebuild of this projection has begun in the meantime.
    """
    return await _prepared(engine, projection, schema, on_progress).run(swaps=True)


async def compare(
    engine: AsyncEngine,
    projection: Projection[Any],
    *,
    schema: str,
    on_progress: OnProgress | None = None,
) -> Rebuilt:
    """Build a new generation, compare it with the live one, and remove it again."""
    return await _prepared(engine, projection, schema, on_progress).run(swaps=False)


def _prepared(
    engine: AsyncEngine, projection: Projection[Any], schema: str, on_progress: OnProgress | None
) -> "_Rebuild":
    sql = statements(schema)
    generations = Generations(engine, schema, sql, projection)
    return _Rebuild(engine, sql, projection, generations, on_progress)


@dataclass(slots=True)
class _Rebuild:
    """One rebuild. A class, because all its steps share the same fields."""

    engine: AsyncEngine
    sql: Sql
    projection: Projection[Any]
    generations: Generations
    on_progress: OnProgress | None
    records: int = 0

    async def run(self, *, swaps: bool) -> Rebuilt:
        started = time.monotonic()
        begun = await self.generations.begin()
        state = self.projection.begin(is_complete=True)
        try:
            built = await self._build(begun, state)
            seconds = time.monotonic() - started
            comparison, built = await self._compare(built, state)
            rows = await self.generations.count(built)
            if swaps:
                built = await self._swap(built, state)
        finally:
            await self.generations.give_up(begun)
        await self.generations.remove_retired()
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

    async def _build(self, at: Checkpoint, state: object) -> Checkpoint:
        """Fold the log up to the live generation's position, reading one page ahead."""
        upto = await self.generations.aim()
        page, reached = await self._read(0, upto), Page((), 0)
        while page.rows:
            reached = page
            _, page = await _both(
                self._take(at, state, page, upto), self._read(page.position, upto)
            )
            if not page.rows:
                upto = await self.generations.aim()
                if upto - reached.position > REBUILD_BATCH_RECORDS:
                    page = await self._read(reached.position, upto)
        async with self.generations.transaction() as driver:
            await self.generations.hold_building(driver, at)
            await self.projection.write(driver, at.generation, state)
            await move(driver, self.sql, self.projection.name, at, reached)
        return at._replace(position=reached.position)

    async def _take(self, at: Checkpoint, state: object, page: Page, upto: int) -> None:
        """Fold a page, and write the changes that need not stay in memory until the end."""
        async with self.generations.transaction() as driver:
            await self.generations.hold_building(driver, at)
            for start in range(0, len(page.rows), REBUILD_SLICE_RECORDS):
                rows = page.rows[start : start + REBUILD_SLICE_RECORDS]
                (events,) = decode([self.projection], rows)
                if events:
                    await self.projection.load(driver, at.generation, state, events)
                    fold_all(self.projection, state, events)
            await self.projection.relieve(driver, at.generation, state)
        self.records += len(page.rows)
        if self.on_progress is not None:
            self.on_progress(page.position, upto)

    async def _compare(
        self, built: Checkpoint, state: object
    ) -> tuple[Comparison | None, Checkpoint]:
        """Compare both generations at one position, without blocking the live one for long.

        The live checkpoint is held only until the new generation has reached it and a snapshot of
        both has been taken. The comparison reads the snapshot.
        """
        async with AsyncExitStack() as reading:
            async with self.generations.transaction() as holding:
                live = await self.generations.hold_live(holding)
                if not self.generations.is_comparable(live):
                    return None, built
                async with self.generations.transaction() as driver:
                    built = await self._catch_up(driver, built, state, live.position)
                driver = await reading.enter_async_context(
                    snapshot(self.engine, self.sql["limit_long_waits"])
                )
            return await self.generations.differences(driver, live, built), built

    async def _swap(self, built: Checkpoint, state: object) -> Checkpoint:
        """Make the new generation live, at or beyond the position of the old one."""
        async with self.generations.transaction() as driver:
            live = await self.generations.hold_live(driver)
            built = await self._catch_up(driver, built, state, live.position)
            await self.generations.swap(driver, live, built)
        return built

    async def _catch_up(
        self, driver: Driver, at: Checkpoint, state: object, upto: int
    ) -> Checkpoint:
        """Advance the new generation to a position, in the open transaction."""
        await self.generations.hold_building(driver, at)
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

    async def _read(self, after: int, upto: int) -> Page:
        async with borrowed(self.engine) as driver:
            return await read_page(
                driver,
                self.sql,
                after=after,
                upto=upto,
                limit=REBUILD_BATCH_RECORDS,
            )


async def _both(first: Awaitable[First], second: Awaitable[Second]) -> tuple[First, Second]:
    """Wait until both have ended, even if one fails."""
    outcomes = await asyncio.gather(first, second, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
    return cast("tuple[First, Second]", tuple(outcomes))
