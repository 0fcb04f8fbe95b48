"""The generations of a projection: begin, hold, compare, make live, remove.

A generation under construction is a checkpoint row with the status `building`. Beginning another
generation retires that row, and the rebuild that was building it stops. While a process builds it,
the row says so, and for how long; if that time is over, another process can go on.
"""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy.ext.asyncio import AsyncEngine

from events.database.sessions import Driver, borrowed
from projections.engine.advance import Checkpoint, Sql, checkpoint, read_live
from projections.engine.failures import ProjectionUnknown, RebuildSuperseded, RebuildUnderWay
from projections.engine.limits import DELETE_ROWS, DIFFERENCES_SHOWN, REBUILD_HELD
from projections.engine.projection import Projection
from projections.engine.rows import count_rows, delete_rows
from projections.engine.transactions import snapshot, transaction


class Difference(NamedTuple):
    """A row that one generation holds more often than the other."""

    relation: str
    content: str
    live_rows: int
    built_rows: int


class Comparison(NamedTuple):
    """The rows that do not occur equally often in two generations at one position."""

    position: int
    differing: int
    first: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Generations:
    """The generations of one projection. A class, because every step needs the same fields."""

    engine: AsyncEngine
    schema: str
    sql: Sql
    projection: Projection[Any]

    async def begin(self) -> Checkpoint:
        """Begin a generation, and retire the one under construction, if any."""
        await self.remove_retired()
        retire, statement = self.sql["retire_building"], self.sql["begin_building"]
        version = self.projection.version
        values = {"name": self.projection.name, "version": version}
        async with self.transaction() as driver:
            await self.hold_live(driver)
            await driver.execute(retire.driver_sql, *retire.arguments(values))
            generation = await driver.fetchval(statement.driver_sql, *statement.arguments(values))
            begun = Checkpoint(generation, version, 0, None)
            await self.hold_building(driver, begun)
        return begun

    async def resume(self) -> Checkpoint | None:
        """Take over the generation of this version that an interrupted rebuild has left, if any.

        Raises:
            RebuildUnderWay: if a process is building one.
        """
        name, statement = self.projection.name, self.sql["read_building"]
        async with self.transaction() as driver:
            await self.hold_live(driver)
            row = await driver.fetchrow(statement.driver_sql, *statement.arguments({"name": name}))
            if row is None:
                return None
            *values, is_held = row.values()
            building = Checkpoint(*values)
            if is_held:
                raise RebuildUnderWay(
                    f"another process rebuilds {name}, and has got to position {building.position}"
                )
            if building.version != self.projection.version:
                return None
            await self.hold_building(driver, building)
            return building

    async def aim(self) -> int:
        """Return the position to build to: the live generation's if comparable, or the head."""
        async with borrowed(self.engine) as driver:
            live = (await read_live(driver, self.sql, [self.projection.name])).get(
                self.projection.name
            )
            if live is not None and self.is_comparable(live):
                return live.position
            return int(await driver.fetchval(self.sql["read_head"].driver_sql))

    def is_comparable(self, live: Checkpoint) -> bool:
        """Return whether a new generation must equal the live one."""
        return live.failure is None and live.version == self.projection.version

    async def hold_live(self, driver: Driver) -> Checkpoint:
        """Hold the live checkpoint, which blocks projecting until the transaction ends."""
        live = await checkpoint(driver, self.sql["hold_live"], name=self.projection.name)
        if live is None:
            raise ProjectionUnknown(
                f"{self.projection.name} has no live generation to rebuild; start a runner"
            )
        return live

    async def hold_building(self, driver: Driver, at: Checkpoint) -> None:
        """Hold the checkpoint of a generation under construction, or raise if superseded.

        Others leave it alone for a while, also after this transaction.
        """
        name = self.projection.name
        values = {"name": name, "generation": at.generation, "position": at.position}
        statement = self.sql["hold_building"]
        arguments = statement.arguments({**values, "held": REBUILD_HELD})
        held = await driver.execute(statement.driver_sql, *arguments)
        if held != "UPDATE 1":
            raise RebuildSuperseded(
                f"generation {at.generation} of {name} was superseded by another rebuild"
            )

    def transaction(self) -> AbstractAsyncContextManager[Driver]:
        return transaction(self.engine, self.sql["limit_waits"])

    async def differences(self, driver: Driver, live: Checkpoint, built: Checkpoint) -> Comparison:
        """Compare two generations in a snapshot in which both are at one position."""
        statement = self.projection.sql["differences"]
        values = {
            "live": live.generation,
            "built": built.generation,
            "shown": DIFFERENCES_SHOWN,
        }
        rows = await driver.fetch(statement.driver_sql, *statement.arguments(values))
        first = tuple(Difference(*list(row.values())[:4]) for row in rows)
        return Comparison(built.position, rows[0]["differing"] if rows else 0, first)

    async def swap(self, driver: Driver, live: Checkpoint, built: Checkpoint) -> None:
        """Make the built generation live instead, in the transaction that holds both."""
        name = self.projection.name
        for statement, generation in (
            (self.sql["retire"], live.generation),
            (self.sql["make_live"], built.generation),
        ):
            values = {"name": name, "generation": generation}
            done = await driver.execute(statement.driver_sql, *statement.arguments(values))
            assert done == "UPDATE 1", f"{name}: generation {generation} changed while it was held"

    async def give_up(self, begun: Checkpoint) -> None:
        """Retire a generation, unless it has gone live."""
        await self._execute("give_up", generation=begun.generation)

    async def count(self, built: Checkpoint) -> int:
        """Count the rows of a generation."""
        async with snapshot(self.engine, self.sql["limit_long_waits"]) as driver:
            return await count_rows(driver, self.schema, self.projection.tables, built.generation)

    async def remove_retired(self) -> None:
        """Delete retired generations, in batches small enough not to block other work."""
        name = self.projection.name
        async with borrowed(self.engine) as driver:
            retired = await driver.fetch(self.sql["read_retired"].driver_sql, name)
        for (generation,) in retired:
            for table in self.projection.tables:
                await self._empty(table, generation)
            await self._execute("close_retired", generation=generation)

    async def _empty(self, table: str, generation: int) -> None:
        deleted = DELETE_ROWS
        while deleted == DELETE_ROWS:
            async with self.transaction() as driver:
                deleted = await delete_rows(
                    driver, self.schema, table, generation, limit=DELETE_ROWS
                )

    async def _execute(self, name: str, **values: object) -> None:
        statement = self.sql[name]
        arguments = statement.arguments({"name": self.projection.name, **values})
        async with self.transaction() as driver:
            await driver.execute(statement.driver_sql, *arguments)
