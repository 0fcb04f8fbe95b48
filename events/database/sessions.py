"""Driver connections from SQLAlchemy's pool, for the paths where one round trip counts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal, TypeAlias

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from events.database.failures import CONNECTION_LOST

Driver: TypeAlias = "asyncpg.Connection[Any]"

_BROKEN: tuple[type[BaseException], ...] = (asyncio.CancelledError, *CONNECTION_LOST)
"""Errors after which a connection must not be reused: it may not yet know that it is closed, or
still have to return the result of a cancelled statement."""


class Session:
    """One connection on loan. `driver` is asyncpg's own."""

    def __init__(self, connection: AsyncConnection, driver: Driver) -> None:
        self._connection = connection
        self.driver = driver

    async def close(self) -> None:
        """Return the connection to the pool."""
        await self._connection.close()

    async def discard(self) -> None:
        """Discard the connection: its state is unknown."""
        await self._connection.invalidate()
        await self._connection.close()


async def open_session(engine: AsyncEngine) -> Session:
    """Borrow a connection.

    Raises:
        ConnectionError: the database cannot be reached, or rejects the connection for any reason.
        TimeoutError: all connections of this process are in use.
    """
    try:
        connection = await engine.connect()
    except (DBAPIError, asyncpg.PostgresError) as error:
        raise ConnectionError("no connection to the database") from error
    except PoolTimeoutError as error:
        raise TimeoutError("all connections of this process are in use") from error
    try:
        raw = await connection.get_raw_connection()
        driver = raw.driver_connection
        assert driver is not None
        return Session(connection, driver)
    except BaseException:
        await connection.close()
        raise


@asynccontextmanager
async def borrowed(engine: AsyncEngine) -> AsyncIterator[Driver]:
    """Lend a connection. If it breaks or a wait on it is cancelled, it is discarded."""
    session = await open_session(engine)
    try:
        yield session.driver
    except _BROKEN:
        await session.discard()
        raise
    except BaseException:
        await _give_back(session)
        raise
    await _give_back(session)


async def _give_back(session: Session) -> None:
    if session.driver.is_closed():
        await session.discard()
    else:
        await session.close()


@asynccontextmanager
async def transaction(
    driver: Driver,
    *,
    isolation: Literal["read_committed", "repeatable_read"] = "read_committed",
    readonly: bool = False,
) -> AsyncIterator[None]:
    """Open a transaction. If the caller is cancelled, the connection is terminated.

    The server, or its process for this connection, may have stopped. It would not answer a rollback
    any sooner than the previous statement.
    """
    block = driver.transaction(isolation=isolation, readonly=readonly)
    await block.start()
    try:
        yield
    except asyncio.CancelledError:
        driver.terminate()
        raise
    except BaseException:
        if not driver.is_closed():
            await block.rollback()
        raise
    await block.commit()
