"""Ask the database every second whether it answers, so that nothing waits for a silent one.

A server that is frozen or cut off closes no connection. Whatever has been sent to it waits, and
cancelling a statement means asking the same server. So a dedicated connection sends a small query
every second. If no answer comes within SILENT_S, even over a second connection, all connections of
this process are closed: requests, streams and loops fail at once, in the same way as when a
database is killed, which all of them handle. Until the database answers again, no other connection
is attempted.
"""

import asyncio
from asyncio import FIRST_COMPLETED
from collections.abc import Sequence
from contextlib import suppress
from time import monotonic
from typing import Any, TypeAlias
from weakref import WeakSet

import structlog
from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import ConnectionPoolEntry

from events.append.condition import Condition, Trouble, trouble_of
from events.background.loops import endlessly
from events.database.sessions import Driver, Session, open_session, transaction
from events.database.statements import load
from events.faults import OnFault
from service.limits import ASK_AGAIN_S, ASK_EVERY_S, SILENT_S, SPACE_EVERY_S, WATCH_TICK_S

SILENT_TICKS = int(SILENT_S / WATCH_TICK_S)
DOUBT_TICKS = SILENT_TICKS // 2
"""When the query is repeated over a new connection: the old one may lead to a server that no longer
exists, or to a single server process that has stopped."""

Answering: TypeAlias = "asyncio.Task[Trouble | None]"

log = structlog.get_logger()


class DatabaseSilent(ConnectionError):
    """The database has stopped answering; no connection is attempted until it answers again."""


class Watch:
    """What is known about the database. A class, because a task keeps asking.

    `guarded` is the pool that everything else uses. `own` is a pool of WATCH_CONNECTIONS for
    the queries, which must not wait for other work.
    """

    def __init__(
        self,
        *,
        guarded: AsyncEngine,
        own: AsyncEngine,
        schema: str,
        condition: Condition,
        on_fault: OnFault,
    ) -> None:
        self._own = own
        self._on_fault = on_fault
        self._sql = load("service", "watch.sql", schema)
        self._condition = condition
        self._drivers: WeakSet[Driver] = WeakSet()
        self._session: Session | None = None
        self._opened_at = self._space_asked_at = 0.0
        self.trouble: Trouble | None = None
        """Why the database cannot be used, or not be written to; None while it is healthy."""
        self.well_at = monotonic()
        """When it was last found healthy, by the monotonic clock."""
        event.listen(guarded.sync_engine, "connect", self._remember)
        event.listen(guarded.sync_engine, "do_connect", self._refuse_while_silent)

    async def run(self) -> None:
        """Ask until cancelled."""
        try:
            await endlessly("watch", self._look, pause_s=ASK_EVERY_S, on_fault=self._on_fault)
        finally:
            await self._drop()

    async def _look(self) -> None:
        self._learn(await self._answer())
        await asyncio.sleep(ASK_EVERY_S if self.trouble is None else ASK_AGAIN_S)

    async def _answer(self) -> Trouble | None:
        """Ask, and call the database silent as soon as the answer is overdue.

        The first answer counts: of two connections one may be slow, or dead.
        """
        asking = [asyncio.create_task(self._find_out(), name="database-question")]
        try:
            ticks = 0
            while not (answered := await _first_of(asking)):
                ticks += 1
                if ticks == DOUBT_TICKS:
                    asking.append(asyncio.create_task(self._find_out(), name="database-doubt"))
                if ticks == SILENT_TICKS:
                    self._learn(Trouble.SILENT)
            return answered.pop().result()
        finally:
            for question in asking:
                question.cancel()
            await asyncio.wait(asking)

    async def _find_out(self) -> Trouble | None:
        """Ask, and once more over a new connection if the old one turns out to be broken."""
        session, self._session = self._session, None
        # A connection older than a failed append may not show what has changed since.
        if session is not None and self._opened_at < self._condition.failed_at:
            await session.discard()
            session = None
        if session is not None:
            with suppress(Exception):
                return await self._ask(session)
        try:
            session, self._opened_at = await open_session(self._own), monotonic()
            return await self._ask(session)
        except Exception as error:  # noqa: BLE001 - any error is the trouble to report
            return trouble_of(error)

    async def _ask(self, session: Session) -> Trouble | None:
        """Ask over a connection, and keep it for the next question if it has answered."""
        try:
            trouble = await self._question(session.driver)
        except BaseException:
            await session.discard()
            raise
        if self._session is not None:
            await self._drop()
        self._session = session
        return trouble

    async def _question(self, driver: Driver) -> Trouble | None:
        if await driver.fetchval(self._sql["is_read_only"].driver_sql):
            return Trouble.READ_ONLY
        if monotonic() - self._space_asked_at >= SPACE_EVERY_S or self.trouble is not None:
            async with transaction(driver):
                await driver.execute(self._sql["spill_early"].driver_sql)
                await driver.execute(self._sql["need_space"].driver_sql)
            self._space_asked_at = monotonic()
        return None

    def _learn(self, trouble: Trouble | None) -> None:
        if trouble != self.trouble:
            log.warning("database.watched", found="well" if trouble is None else trouble.name)
        if trouble is None:
            self.well_at = monotonic()
        elif trouble is Trouble.SILENT:
            for driver in list(self._drivers):
                driver.terminate()
        self.trouble = trouble

    async def _drop(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.discard()

    def _remember(self, adapted: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        self._drivers.add(adapted.driver_connection)

    def _refuse_while_silent(self, *_: Any) -> None:
        if self.trouble is Trouble.SILENT:
            raise DatabaseSilent(f"{DatabaseSilent.__doc__}")


async def _first_of(asking: Sequence[Answering]) -> set[Answering]:
    """Wait one tick for an answer; empty if there is none."""
    return (await asyncio.wait(asking, timeout=WATCH_TICK_S, return_when=FIRST_COMPLETED))[0]
