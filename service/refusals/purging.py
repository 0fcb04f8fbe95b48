"""Delete refusals after a number of days, and the oldest first when they take too much space.

Their bytes are personal data that nobody agreed to keep, and a misbehaving sender must not fill the
disk. Any process may purge, one at a time, in small transactions.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from events.background.loops import endlessly
from events.database.statements import Statement, load
from service.limits import PURGE_EVERY_S, PURGED_ROWS
from service.metrics import Metrics

Batch = Callable[[AsyncConnection], Awaitable[int]]

log = structlog.get_logger()


class Bounds(NamedTuple):
    """The limits of what refusals may take."""

    days_max: int
    bytes_max: int


class Purge:
    """The task that purges. A class, because it needs engine, statements and bounds each time."""

    def __init__(
        self,
        engine: AsyncEngine,
        schema: str,
        bounds: Bounds,
        *,
        metrics: Metrics,
        now: Callable[[], datetime],
    ) -> None:
        self._engine = engine
        self._now = now
        self._sql: Mapping[str, Statement] = load("service.refusals", "refusals.sql", schema)
        self._lock_name = f"leadledger purge {schema}"
        self._bounds = bounds
        self._metrics = metrics

    async def run(self) -> None:
        """Purge every minute, until cancelled."""
        await endlessly("purge", self._step, pause_s=0, on_fault=self._metrics.fault)

    async def _step(self) -> None:
        await asyncio.sleep(PURGE_EVERY_S)
        await self.once()

    async def once(self) -> None:
        """Remove what is too old, then what exceeds the size limit."""
        while await self._remove("age", self._remove_old):
            pass
        while await self._remove("size", self._remove_oldest):
            pass

    async def _remove(self, cause: str, batch: Batch) -> int:
        """Remove a batch unless another process is purging; return the number removed."""
        async with self._engine.begin() as connection:
            lock = self._sql["lock_purge"].text
            if not await connection.scalar(lock, {"name": self._lock_name}):
                return 0
            removed = await batch(connection)
        if removed:
            self._metrics.purged(cause, removed)
            log.info("refusals.purged", cause=cause, refusals=removed)
        return removed

    async def _remove_old(self, connection: AsyncConnection) -> int:
        before = self._now() - timedelta(days=self._bounds.days_max)
        values = {"before": before, "limit": PURGED_ROWS}
        return (await connection.execute(self._sql["purge_old"].text, values)).rowcount

    async def _remove_oldest(self, connection: AsyncConnection) -> int:
        """Measure under the lock: if two measured before it, the second would remove too much."""
        total = int(await connection.scalar(self._sql["measure"].text) or 0)
        self._metrics.refusals_take(total)
        excess = total - self._bounds.bytes_max
        if excess <= 0:
            return 0
        values = {"excess": excess, "limit": PURGED_ROWS}
        return (await connection.execute(self._sql["purge_oldest"].text, values)).rowcount
