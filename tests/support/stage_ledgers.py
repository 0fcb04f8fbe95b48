"""Provide a migrated ledger into which a test inserts events by hand, and a projection engine."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from domain.event import Event
from migrations.running import migrate
from projections.engine.checkpoints import Checkpoints
from projections.engine.runner import Runner
from projections.funnel.projection import StageIntervals, stage_intervals
from service.private_postgres import PrivatePostgres
from tests.support.postgres import connection_to, drop_database, fresh_database
from tests.support.stage_events import append

SCHEMA = "ledger"


@dataclass(frozen=True)
class StageLedger:
    """A ledger, with the rights of the service."""

    owner_url: URL
    engine: AsyncEngine
    projection: StageIntervals

    async def append(self, events: Sequence[Event]) -> None:
        async with connection_to(self.owner_url) as driver:
            await append(driver, events)

    async def prepared_runner(
        self, projection: Any = None, *, batch_records: int = 2_000
    ) -> Runner:
        projections = [projection if projection is not None else self.projection]
        runner = Runner(
            self.engine, schema=SCHEMA, projections=projections, batch_records=batch_records
        )
        await runner.prepare()
        return runner

    @property
    def checkpoints(self) -> Checkpoints:
        return Checkpoints(self.engine, schema=SCHEMA, names=[self.projection.name])

    @asynccontextmanager
    async def running(self, runner: Runner) -> AsyncIterator[Checkpoints]:
        """Run the projection, and watch its checkpoint as another process would."""
        checkpoints = self.checkpoints
        tasks = [asyncio.create_task(endless) for endless in (runner.run(), checkpoints.run())]
        try:
            yield checkpoints
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def project(self) -> int:
        """Bring the projection to the end of the log."""
        return await catch_up(await self.prepared_runner())

    async def fetch(self, statement: str) -> list[tuple[Any, ...]]:
        """Read directly what the projection has written."""
        async with connection_to(self.owner_url) as driver:
            return [tuple(row.values()) for row in await driver.fetch(statement)]


async def catch_up(runner: Runner) -> int:
    """Step until nothing is left to project; return the position reached."""
    position, step = 0, await runner.step()
    while step.records:
        position, step = step.position, await runner.step()
    return max(position, step.position)


@asynccontextmanager
async def stage_ledger(server: PrivatePostgres) -> AsyncIterator[StageLedger]:
    """Provide a ledger without events."""
    owner_url, app_url = fresh_database(server, prepare=_prepare)
    engine = create_async_engine(app_url)
    try:
        yield StageLedger(owner_url, engine, stage_intervals(SCHEMA))
    finally:
        await engine.dispose()
        drop_database(server, owner_url)


def _prepare(owner_url: URL, app_url: URL) -> None:
    async def work() -> None:
        engine = create_async_engine(owner_url)
        await migrate(engine, schema=SCHEMA, serving_role=app_url.username)
        await engine.dispose()

    asyncio.run(work())
