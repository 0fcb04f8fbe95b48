"""Rebuild a projection alongside the live one, compare the two, and switch to the new one.

Events continue to arrive in the meantime. Every REBUILD_SAVE_RECORDS, the rows are written and the
checkpoint of their generation moves, in one transaction: after a crash another process can go on
from there.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar, cast

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from events.background.loops import endlessly
from events.database.sessions import Driver, borrowed
from events.faults import OnFault, uncounted
from projections.engine.advance import (
    Checkpoint,
    Page,
    Sql,
    advance,
    decode,
    fold_all,
    move,
    read_live,
    read_page,
    statements,
)
from projections.engine.failures import FoldFailed, RebuildSuperseded, RebuildUnderWay
from projections.engine.generations import Comparison, Generations
from projections.engine.limits import (
    REBUILD_BATCH_RECORDS,
    REBUILD_LOG_S,
    REBUILD_LOOK_S,
    REBUILD_SAVE_RECORDS,
    REBUILD_SLICE_RECORDS,
    RETRY_STOPPED_S,
)
from projections.engine.projection import Projection
from projections.engine.transactions import UNAVAILABLE, snapshot

log = structlog.get_logger()

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
    building = _prepared(engine, projection, schema, on_progress)
    begun = await building.generations.begin()
    try:
        return await building.run(begun, swaps=True)
    finally:
        await building.generations.give_up(begun)


async def resume(
    engine: AsyncEngine,
    projection: Projection[Any],
    *,
    schema: str,
    on_progress: OnProgress | None = None,
) -> Rebuilt:
    """Do the same, going on from where an interrupted rebuild of this version has got to.

    If this one is interrupted or fails, what it has saved stays, to be resumed later.

    Raises:
        FoldFailed: If the fold fails on an event. The live generation stays.
        RebuildUnderWay: If another process is at it.
        RebuildSuperseded: If another rebuild of this projection has begun in the meantime.
    """
    building = _prepared(engine, projection, schema, on_progress)
    begun = await building.generations.resume() or await building.generations.begin()
    return await building.run(begun, swaps=True)


async def compare(
    engine: AsyncEngine,
    projection: Projection[Any],
    *,
    schema: str,
    on_progress: OnProgress | None = None,
) -> Rebuilt:
    """Build a new generation, compare it with the live one, and remove it again."""
    building = _prepared(engine, projection, schema, on_progress)
    begun = await building.generations.begin()
    try:
        return await building.run(begun, swaps=False)
    finally:
        await building.generations.give_up(begun)
        await building.generations.remove_retired()


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

    async def run(self, begun: Checkpoint, *, swaps: bool) -> Rebuilt:
        started = time.monotonic()
        state = self.projection.begin(is_complete=begun.position == 0)
        built = await self._build(begun, state)
        seconds = time.monotonic() - started
        comparison, built = await self._compare(built, state)
        rows = await self.generations.count(built)
        if swaps:
            built = await self._swap(built, state)
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
        page = await self._read(at.position, upto)
        while page.rows:
            reached = page
            _, page = await _both(
                self._take(at, state, page, upto), self._read(page.position, upto)
            )
            if not page.rows:
                upto = await self.generations.aim()
                if upto - reached.position > REBUILD_BATCH_RECORDS:
                    page = await self._read(reached.position, upto)
            if not page.rows or reached.position - at.position >= REBUILD_SAVE_RECORDS:
                at = await self._save(at, state, reached)
        return at

    async def _take(self, at: Checkpoint, state: object, page: Page, upto: int) -> None:
        """Fold a page into the memory."""
        async with self.generations.transaction() as driver:
            await self.generations.hold_building(driver, at)
            for start in range(0, len(page.rows), REBUILD_SLICE_RECORDS):
                rows = page.rows[start : start + REBUILD_SLICE_RECORDS]
                (events,) = decode([self.projection], rows)
                # Whatever else this process does goes on in between.
                await asyncio.sleep(0)
                if events:
                    await self.projection.load(driver, at.generation, state, events)
                    fold_all(self.projection, state, events)
        self.records += len(page.rows)
        if self.on_progress is not None:
            self.on_progress(page.position, upto)

    async def _save(self, at: Checkpoint, state: object, reached: Page) -> Checkpoint:
        """Write all that has changed, from where the rebuild can be resumed."""
        async with self.generations.transaction() as driver:
            await self.generations.hold_building(driver, at)
            await self.projection.write(driver, at.generation, state)
            await move(driver, self.sql, self.projection.name, at, reached)
        return at._replace(position=reached.position)

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


class Renewing:
    """Rebuild what an earlier version has built. A class, because it knows when to retry.

    The rows of the earlier version are read until the new ones replace them. Rows of a later
    version are left alone: a process of that version may still run next to this one.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        schema: str,
        projections: Sequence[Projection[Any]],
        on_fault: OnFault = uncounted,
    ) -> None:
        self._engine = engine
        self._schema = schema
        self._sql = statements(schema)
        self._projections = projections
        self._on_fault = on_fault
        self._retry_at: dict[str, float] = {}
        self._logged_at = float("-inf")

    async def run(self) -> None:
        """Look now and then, until cancelled."""
        await endlessly(
            "rebuilds",
            self._look_and_rest,
            pause_s=REBUILD_LOOK_S,
            on_fault=self._on_fault,
            away=UNAVAILABLE,
        )

    async def look(self) -> list[Rebuilt]:
        """Rebuild the outdated projections, one after the other."""
        names = [projection.name for projection in self._projections]
        async with borrowed(self._engine) as driver:
            live = await read_live(driver, self._sql, names)
        rebuilt = [
            await self._renew(projection)
            for projection in self._projections
            if projection.name in live
            and live[projection.name].version < projection.version
            and self._retry_at.get(projection.name, 0.0) <= time.monotonic()
        ]
        return [one for one in rebuilt if one is not None]

    async def _look_and_rest(self) -> None:
        await self.look()
        await asyncio.sleep(REBUILD_LOOK_S)

    async def _renew(self, projection: Projection[Any]) -> Rebuilt | None:
        """Rebuild a projection, unless another process does."""
        name = projection.name

        def on_progress(position: int, upto: int) -> None:
            if time.monotonic() - self._logged_at >= REBUILD_LOG_S:
                self._logged_at = time.monotonic()
                log.info("projection.rebuilding", projection=name, position=position, upto=upto)

        try:
            rebuilt = await resume(
                self._engine, projection, schema=self._schema, on_progress=on_progress
            )
        except (RebuildUnderWay, RebuildSuperseded):
            return None
        except FoldFailed as failed:
            self._on_fault("projection")
            # Without the traceback: the message of an error may have content of the event.
            log.warning("projection.rebuild_failed", projection=name, failure=str(failed))
            self._retry_at[name] = time.monotonic() + RETRY_STOPPED_S
            return None
        log.info(
            "projection.rebuilt",
            projection=name,
            version=rebuilt.version,
            records=rebuilt.records,
            rows=rebuilt.rows,
            seconds=round(rebuilt.seconds, 1),
        )
        return rebuilt
