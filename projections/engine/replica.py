"""Build the projections of a ledger a second time, in a separate database, and compare.

The reader of the log passes it on page by page. Nothing is written to the source. Then the live
rows are copied from the source, and each projection compares them as it compares two generations.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.event import Event
from events.database.sessions import Driver, borrowed, transaction
from events.database.statements import Statement
from events.records import Record
from events.verification.findings import Check, Finding, Report
from projections.engine.advance import Checkpoint, Row, fold_all, read_live, statements
from projections.engine.failures import FoldFailed
from projections.engine.generations import Difference
from projections.engine.limits import (
    COPY_CHUNKS_MAX,
    COPY_WAIT_S,
    DIFFERENCES_SHOWN,
    REBUILD_SAVE_RECORDS,
)
from projections.engine.projection import Projection
from projections.engine.rows import count_rows

BUILT = 2**31 - 1
"""The generation that is built here. No other generation reaches this number."""

_LOST = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, SQLAlchemyError)


@dataclass(slots=True)
class _Built:
    """One projection under construction. A class, because it grows with the log."""

    projection: Projection[Any]
    live: Checkpoint
    state: Any
    unwritten: int = 0
    """Records folded since the rows were written."""
    why_not: str = ""


@dataclass(slots=True)
class Replica:
    """The projections of another ledger. A class, because they grow page by page.

    If this database is lost, the rest of the log is ignored, and the report states that nothing was
    compared, and why.
    """

    engine: AsyncEngine
    schema: str
    report: Report
    built: list[_Built] = field(default_factory=list)
    lost: str = ""

    async def begin(self, source: Driver, projections: Sequence[Projection[Any]]) -> None:
        """Read the checkpoints of the live projections, in the snapshot that the log is read in."""
        sql = statements(self.schema)
        for projection in projections:
            section = self.report.section(Check.PROJECTIONS, projection.name)
            live = (await read_live(source, sql, [projection.name])).get(projection.name)
            if live is None:
                section.skip("it has not been built yet")
            elif live.failure is not None:
                section.skip(f"it has stopped: {live.failure}")
            elif live.version != projection.version:
                section.skip(f"it was built by version {live.version}, not {projection.version}")
            else:
                state = projection.begin(is_complete=True)
                self.built.append(_Built(projection, live, state))

    async def take(self, page: Sequence[tuple[Row, Record | None]]) -> None:
        """Fold a page of the log into every projection."""
        if self.lost:
            return
        with self._noting():
            async with borrowed(self.engine) as driver, transaction(driver):
                for built in self.built:
                    if not built.why_not:
                        await _fold(driver, built, page)

    async def copy(self, source: Driver) -> None:
        """Write the rows that were built, and copy the live rows of the source."""
        with self._noting():
            async with borrowed(self.engine) as driver:
                for built in self.built:
                    if not self.lost and not built.why_not:
                        await self._copy(source, driver, built)

    async def compare(self) -> None:
        """Report for each projection whether its rows are those that the log produces."""
        for built in self.built:
            section = self.report.section(Check.PROJECTIONS, built.projection.name)
            with self._noting():
                if not self.lost and not built.why_not:
                    await self._compare(built)
            if why := self.lost or built.why_not:
                section.skip(why)

    async def _copy(self, source: Driver, driver: Driver, built: _Built) -> None:
        await built.projection.write(driver, BUILT, built.state)
        built.state, columns_of = None, statements(self.schema)["columns_of"]
        for table in built.projection.tables:
            columns = await driver.fetchval(columns_of.driver_sql, self.schema, table)
            await _pipe(source, driver, schema=self.schema, table=table, columns=columns)

    async def _compare(self, built: _Built) -> None:
        projection, section = (
            built.projection,
            self.report.section(Check.PROJECTIONS, built.projection.name),
        )
        differences: Statement = projection.sql["differences"]
        values = {"live": built.live.generation, "built": BUILT, "shown": DIFFERENCES_SHOWN}
        async with borrowed(self.engine) as driver:
            rows = await driver.fetch(
                differences.driver_sql, *differences.arguments(values), timeout=COPY_WAIT_S
            )
            section.checked = await count_rows(
                driver, self.schema, projection.tables, BUILT, wait_s=COPY_WAIT_S
            )
        for row in rows:
            relation, content, live, expected = Difference(*list(row.values())[:4])
            what = f"the row {content} occurs in {relation} as often as the log produces it"
            section.note(Finding(None, what, expected, live), count=0)
        section.differing = rows[0]["differing"] if rows else 0

    @contextmanager
    def _noting(self) -> Iterator[None]:
        try:
            yield
        except _LOST as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            self.lost = f"the private database of this verification was lost: {reason}"


async def _fold(driver: Driver, built: _Built, page: Sequence[tuple[Row, Record | None]]) -> None:
    projection, upto = built.projection, built.live.position
    events: list[Event] = []
    for row, record in page:
        if row["position"] > upto:
            break
        if record is None:
            built.why_not = f"the record at position {row['position']} cannot be read"
            return
        if record.envelope.parts is not None or projection.concerns(row["record"]):
            events.append(record.event)
    if not events:
        return
    try:
        await projection.load(driver, BUILT, built.state, events)
        fold_all(projection, built.state, events)
        built.unwritten += len(events)
        if built.unwritten >= REBUILD_SAVE_RECORDS:
            await projection.write(driver, BUILT, built.state)
            built.unwritten = 0
    except FoldFailed as failed:
        built.why_not = f"its fold fails on the log: {failed}"


async def _pipe(
    source: Driver, target: Driver, *, schema: str, table: str, columns: Sequence[str]
) -> None:
    """Copy a table from one database to another in bounded memory."""
    chunks: asyncio.Queue[bytes | None] = asyncio.Queue(COPY_CHUNKS_MAX)

    async def read() -> None:
        await source.copy_from_table(
            table,
            schema_name=schema,
            columns=columns,
            output=chunks.put,
            format="binary",
            timeout=COPY_WAIT_S,
        )
        await chunks.put(None)

    async def passing() -> AsyncIterator[bytes]:
        while (chunk := await chunks.get()) is not None:
            yield chunk

    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(read())
            group.create_task(
                target.copy_to_table(
                    table,
                    schema_name=schema,
                    columns=columns,
                    source=passing(),
                    format="binary",
                    timeout=COPY_WAIT_S,
                )
            )
    except BaseExceptionGroup as both:
        raise both.exceptions[0] from None
