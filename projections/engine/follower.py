"""Follow the log with one projection: take the checkpoint, fold new records, write, repeat."""

import asyncio
from contextlib import suppress
from math import inf
from time import monotonic
from typing import Any, NamedTuple

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from events.background.loops import endlessly
from events.database.sessions import Driver, borrowed
from events.faults import OnFault, fault_of, uncounted
from events.limits import INTEGER_MAX
from projections.engine.advance import Checkpoint, Page, Sql, advance, checkpoint, read_page
from projections.engine.failures import FoldFailed, ProjectionUnknown
from projections.engine.limits import (
    BATCH_RECORDS,
    GATHER_S,
    POLL_S,
    RETRY_S,
    RETRY_STOPPED_S,
    STANDING_TRUST_S,
    WATCH_S,
)
from projections.engine.projection import Projection
from projections.engine.transactions import UNAVAILABLE, transaction

log = structlog.get_logger()


class Step(NamedTuple):
    """The result of one attempt."""

    generation: int
    position: int
    """How far the projection has read, in whichever process."""
    records: int = 0
    is_full: bool = False
    """Whether the batch was full, so that more records are probably waiting."""
    failure: str | None = None
    """Why the projection has stopped there; None while it runs."""


class KnownCheckpoint(NamedTuple):
    """The checkpoint of a projection when last read. While it is unchanged, so are the rows."""

    generation: int
    position: int
    failure: str | None = None
    """Why it has stopped there; None while it runs."""


class _Remembered(NamedTuple):
    """The memory of a projection, valid while the checkpoint is unchanged."""

    checkpoint: Checkpoint
    state: Any


class Follower:
    """One projection's runner. A class, because it can be woken, and remembers its position."""

    def __init__(
        self,
        engine: AsyncEngine,
        sql: Sql,
        projection: Projection[Any],
        *,
        batch_records: int = BATCH_RECORDS,
        on_fault: OnFault = uncounted,
        retry_stopped_s: float = RETRY_STOPPED_S,
    ) -> None:
        self.projection = projection
        self._known_checkpoint = KnownCheckpoint(0, 0)
        self._read_at = -inf
        self._engine = engine
        self._sql = sql
        self._batch_records = batch_records
        self._woken = asyncio.Event()
        self._moved = asyncio.Condition()
        self._waiting = 0
        self._remembered: _Remembered | None = None
        self._is_mismatch_logged = False
        self._on_fault = on_fault
        self._retry_stopped_s = retry_stopped_s
        self._retry_at: float | None = None
        """When a stopped projection is retried; None while it runs."""

    @property
    def position(self) -> int:
        """How far the projection had read when last checked."""
        return self._known_checkpoint.position

    def known_checkpoint(self) -> KnownCheckpoint | None:
        """Return the checkpoint as last read; None if this process has not read it recently."""
        is_fresh = monotonic() - self._read_at < STANDING_TRUST_S
        return self._known_checkpoint if is_fresh else None

    def wake(self) -> None:
        """Look for new events now. Cheap, and safe to call after every append."""
        self._woken.set()

    async def follow(self) -> None:
        """Project until cancelled. Wait while the database is unavailable; stop if a fold fails."""
        await endlessly(
            "projection",
            self._step_and_rest,
            pause_s=RETRY_S,
            on_fault=self._on_fault,
            away=UNAVAILABLE,
            projection=self.projection.name,
        )

    async def step(self) -> Step:
        """Project one batch, unless another process does, nothing is new, or it has stopped."""
        self._woken.clear()
        try:
            step = await self._project(upto=INTEGER_MAX)
        except FoldFailed as failed:
            step = await self._stop(failed)
        await self._publish(step)
        return step

    async def _step_and_rest(self) -> None:
        step = await self.step()
        if step.is_full:
            return
        if step.records:
            await asyncio.sleep(GATHER_S)
        await self._rest()

    async def wait_for(self, position: int) -> int:
        """Return as soon as the projection has reached a position."""
        self._waiting += 1
        self.wake()
        try:
            async with self._moved:
                await self._moved.wait_for(lambda: self.position >= position)
        finally:
            self._waiting -= 1
        return self.position

    async def _project(self, *, upto: int, despite_failure: bool = False) -> Step:
        remembered, self._remembered = self._remembered, None
        async with transaction(self._engine, self._sql["limit_waits"]) as driver:
            taken = await checkpoint(driver, self._sql["take_live"], name=self.projection.name)
            if taken is None or not (self._may_project(taken) or despite_failure):
                return await self._look(taken)
            page = await read_page(
                driver,
                self._sql,
                after=taken.position,
                upto=upto,
                limit=self._batch_records,
            )
            if remembered is None or remembered.checkpoint != taken:
                state = self.projection.begin(is_complete=taken.position == 0)
                remembered = _Remembered(taken, state)
            if page.rows:
                remembered = await self._advance(driver, remembered, page)
        # Only after the commit does the memory certainly match the rows.
        self._remembered = remembered
        is_full = len(page.rows) == self._batch_records
        return Step(
            remembered.checkpoint.generation,
            remembered.checkpoint.position,
            len(page.rows),
            is_full=is_full,
        )

    async def _advance(self, driver: Driver, before: "_Remembered", page: Page) -> "_Remembered":
        taken, state = before
        try:
            moved = await advance(driver, self._sql, self.projection, state, at=taken, page=page)
        except FoldFailed:
            raise
        except UNAVAILABLE:
            raise
        except Exception as error:
            # Writing failed, so no single event is at fault: stop before the whole batch.
            raise FoldFailed(error, taken.position + 1, is_batch=True) from error
        return _Remembered(moved, state)

    def _may_project(self, taken: Checkpoint) -> bool:
        if taken.version == self.projection.version:
            return taken.failure is None or self._is_to_be_retried()
        if not self._is_mismatch_logged:
            self._is_mismatch_logged = True
            log.error(
                "projection.rebuild_needed",
                projection=self.projection.name,
                built_by_version=taken.version,
                version=self.projection.version,
            )
        return False

    def _is_to_be_retried(self) -> bool:
        """Return whether it is time to retry a stopped projection.

        A restart retries at once. But another process may still run the faulty code, and stop the
        projection again after the repaired process has started.
        """
        now, retry_at = monotonic(), self._retry_at
        if retry_at is not None and now < retry_at:
            return False
        self._retry_at = now + self._retry_stopped_s
        return retry_at is not None

    async def _look(self, taken: Checkpoint | None) -> Step:
        """Return the position of a projection that another process runs, or that has stopped."""
        if taken is None:
            async with borrowed(self._engine) as driver:
                taken = await checkpoint(driver, self._sql["read_live"], name=self.projection.name)
        if taken is None:
            raise ProjectionUnknown(
                f"{self.projection.name} has no checkpoint; prepare the runner before running it"
            )
        return Step(taken.generation, taken.position, failure=taken.failure)

    async def _stop(self, failed: FoldFailed) -> Step:
        """Advance the projection to just before the event that fails, and stop it there."""
        try:
            step = await self._project(upto=failed.position - 1, despite_failure=True)
        except FoldFailed as earlier:
            failed = earlier
            step = await self._look(None)
        statement = self._sql["stop"]
        values = {
            "name": self.projection.name,
            "position": step.position,
            "failure": str(failed),
        }
        async with transaction(self._engine, self._sql["limit_waits"]) as driver:
            stopped = await driver.execute(statement.driver_sql, *statement.arguments(values))
        if stopped == "UPDATE 1":
            self._on_fault("projection")
            log.error(
                "projection.stopped",
                projection=self.projection.name,
                failure=str(failed),
                where=fault_of(failed.__cause__ or failed).where,
            )
        return step._replace(failure=str(failed))

    async def _publish(self, step: Step) -> None:
        async with self._moved:
            self._known_checkpoint = KnownCheckpoint(step.generation, step.position, step.failure)
            self._read_at = monotonic()
            if step.failure is None:
                self._retry_at = None
            self._moved.notify_all()

    async def _rest(self) -> None:
        """Sleep until woken, but briefly, because other processes cannot wake this one."""
        with suppress(TimeoutError):
            async with asyncio.timeout(WATCH_S if self._waiting else POLL_S):
                await self._woken.wait()
