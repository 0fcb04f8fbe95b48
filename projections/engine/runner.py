"""Run the projections of one ledger, in any number of processes at once.

    runner = Runner(engine, schema="ledger", projections=[stage_intervals("ledger")])
    await runner.prepare()
    task = asyncio.create_task(runner.run())
    ...
    runner.wake()                                        after every append in this process
    await runner.wait_for(17, name="stage_intervals")    to read your own write

The process that holds the checkpoint row writes, and moves the checkpoint in the same transaction.
A runner that is killed leaves no partial work, and two runners never do the same work twice.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy.ext.asyncio import AsyncEngine

from events.database.sessions import borrowed
from events.faults import OnFault, uncounted
from projections.engine.advance import checkpoint, statements
from projections.engine.failures import NotYetProjected, ProjectionUnknown
from projections.engine.follower import Follower, KnownCheckpoint
from projections.engine.limits import BATCH_RECORDS, RETRY_STOPPED_S
from projections.engine.projection import Projection
from projections.engine.transactions import transaction


class Lag(NamedTuple):
    """How far one projection is behind the ledger, in whichever process it runs."""

    name: str
    version: int
    generation: int
    position: int
    failure: str | None
    """Why it has stopped; None while it runs."""
    head_position: int
    seconds: float
    """Age of the first unprojected event."""

    @property
    def events(self) -> int:
        return self.head_position - self.position


class Runner:
    """The projections that this process runs. A class, because each can be woken and awaited."""

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        schema: str,
        projections: Sequence[Projection[Any]],
        batch_records: int = BATCH_RECORDS,
        on_fault: OnFault = uncounted,
        retry_stopped_s: float = RETRY_STOPPED_S,
    ) -> None:
        self._engine = engine
        self._sql = statements(schema)
        self._followers = {
            projection.name: Follower(
                engine,
                self._sql,
                projection,
                batch_records=batch_records,
                on_fault=on_fault,
                retry_stopped_s=retry_stopped_s,
            )
            for projection in projections
        }

    async def prepare(self) -> None:
        """Create missing checkpoints, and retry stopped projections: a restart is a retry."""
        for name, follower in self._followers.items():
            statement = self._sql["create"]
            values = {"name": name, "version": follower.projection.version}
            async with transaction(self._engine, self._sql["limit_waits"]) as driver:
                await driver.execute(statement.driver_sql, *statement.arguments(values))
            await self.retry(name)

    async def run(self) -> None:
        """Project until cancelled."""
        async with asyncio.TaskGroup() as group:
            for name, follower in self._followers.items():
                group.create_task(follower.follow(), name=f"projection {name}")

    def wake(self) -> None:
        """Look for new events now."""
        for follower in self._followers.values():
            follower.wake()

    async def step(self, name: str) -> int:
        """Project one batch now. Return the position reached."""
        return (await self._follower(name).step()).position

    async def retry(self, name: str) -> bool:
        """Resume a stopped projection, in any process. Return False if it had not stopped."""
        statement = self._sql["retry"]
        async with transaction(self._engine, self._sql["limit_waits"]) as driver:
            done = await driver.execute(statement.driver_sql, *statement.arguments({"name": name}))
        self._follower(name).wake()
        return bool(done != "UPDATE 0")

    async def position_of(self, name: str) -> int:
        """Return how far a projection has read."""
        async with borrowed(self._engine) as driver:
            found = await checkpoint(driver, self._sql["read_live"], name=name)
        if found is None:
            raise ProjectionUnknown(f"no projection {name} has a checkpoint")
        return found.position

    def known_checkpoint(self, name: str) -> KnownCheckpoint | None:
        """Return a projection's checkpoint without a query; None if it is not known for certain."""
        return self._follower(name).known_checkpoint()

    async def wait_for(self, position: int, *, name: str, timeout_s: float) -> int:
        """Return the position reached as soon as it is at least the one requested.

        Raises:
            NotYetProjected: If that takes longer than `timeout_s`.
        """
        follower = self._follower(name)
        try:
            async with asyncio.timeout(timeout_s):
                return await follower.wait_for(position)
        except TimeoutError as error:
            raise NotYetProjected(
                f"{name} reached position {follower.position} within {timeout_s} s, "
                f"expected {position}; try again, or check why it lags"
            ) from error

    async def lags(self) -> list[Lag]:
        """Return how far each projection of this ledger is behind."""
        async with borrowed(self._engine) as driver:
            rows = await driver.fetch(self._sql["lags"].driver_sql)
        return [Lag(**dict(row.items())) for row in rows]

    def _follower(self, name: str) -> Follower:
        if name not in self._followers:
            known = ", ".join(self._followers)
            raise ProjectionUnknown(f"this process runs {known}, not {name}")
        return self._followers[name]
