"""Run the projections of one ledger. Any process may, and any number of them at once.

    runner = Runner(engine, schema="ledger", projections=[stage_intervals("ledger")])
    await runner.prepare()
    task = asyncio.create_task(runner.run())
    ...
    runner.wake()                                        after every append in this process
    await runner.wait_for(17, name="stage_intervals")    to read one's own write

Whoever holds the checkpoint row writes, and moves it in the same transaction: a runner that is
killed has done nothing, two at once never do anything twice.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy.ext.asyncio import AsyncEngine

from events.database.sessions import borrowed
from events.faults import OnFault, uncounted
from projections.engine.advance import checkpoint, statements
from projections.engine.failures import NotYetProjected, ProjectionUnknown
from projections.engine.follower import Follower, Standing
from projections.engine.limits import BATCH_RECORDS, RETRY_STOPPED_S
from projections.engine.projection import Projection
from projections.engine.transactions import transaction


class Lag(NamedTuple):
    """How far one projection is behind the ledger, whoever runs it."""

    name: str
    version: int
    generation: int
    position: int
    failure: str | None
    """Why it has stopped; None while it runs."""
    head_position: int
    seconds: float
    """Age of the first event that is not projected yet."""

    @property
    def events(self) -> int:
        return self.head_position - self.position


class Runner:
    """The projections that this process runs. A class, because each is woken and waited for."""

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
        """Create missing checkpoints, and let what had stopped try again: a restart is a retry."""
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
        """Project one batch here and now. Returns the position reached."""
        return (await self._follower(name).step()).position

    async def retry(self, name: str) -> bool:
        """Let a stopped projection go on, in whatever process. False: it had not stopped."""
        statement = self._sql["retry"]
        async with transaction(self._engine, self._sql["limit_waits"]) as driver:
            done = await driver.execute(statement.driver_sql, *statement.arguments({"name": name}))
        self._follower(name).wake()
        return bool(done != "UPDATE 0")

    async def position_of(self, name: str) -> int:
        """Read how far a projection is."""
        async with borrowed(self._engine) as driver:
            found = await checkpoint(driver, self._sql["read_live"], name=name)
        if found is None:
            raise ProjectionUnknown(f"no projection {name} has a checkpoint")
        return found.position

    def standing(self, name: str) -> Standing | None:
        """Tell where a projection stands, without asking; None if that is not known for certain."""
        return self._follower(name).standing()

    async def wait_for(self, position: int, *, name: str, timeout_s: float) -> int:
        """Return the position reached as soon as it is at least the one asked for.

        Raises:
            NotYetProjected: If that takes longer than `timeout_s`.
        """
        follower = self._follower(name)
        try:
            async with asyncio.timeout(timeout_s):
                return await follower.wait_for(position)
        except TimeoutError as error:
            raise NotYetProjected(
                f"{name} has come to position {follower.position} within {timeout_s} s, "
                f"expected {position}; ask again, or see why it lags"
            ) from error

    async def lags(self) -> list[Lag]:
        """Read how far each projection of this ledger is behind."""
        async with borrowed(self._engine) as driver:
            rows = await driver.fetch(self._sql["lags"].driver_sql)
        return [Lag(**dict(row.items())) for row in rows]

    def _follower(self, name: str) -> Follower:
        if name not in self._followers:
            known = ", ".join(self._followers)
            raise ProjectionUnknown(f"this process runs {known}; it knows no {name}")
        return self._followers[name]
