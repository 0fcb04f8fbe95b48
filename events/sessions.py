"""Driver connections from SQLAlchemy's pool, for the paths where one round trip counts."""

from typing import Any, TypeAlias

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

Driver: TypeAlias = "asyncpg.Connection[Any]"


class Session:
    """One connection on loan. `driver` is asyncpg's own."""

    def __init__(self, connection: AsyncConnection, driver: Driver) -> None:
        self._connection = connection
        self.driver = driver

    async def close(self) -> None:
        """Give the connection back to the pool."""
        await self._connection.close()

    async def discard(self) -> None:
        """Throw the connection away: nobody knows what state it is in."""
        await self._connection.invalidate()
        await self._connection.close()


async def open_session(engine: AsyncEngine) -> Session:
    """Borrow a connection.

    Raises:
        ConnectionError: the database is not to be reached, or will not have us, whatever it says.
        TimeoutError: all connections of this process are taken.
    """
    try:
        connection = await engine.connect()
    except (DBAPIError, asyncpg.PostgresError) as error:
        raise ConnectionError("no connection to the database") from error
    except PoolTimeoutError as error:
        raise TimeoutError("all connections of this process are taken") from error
    try:
        raw = await connection.get_raw_connection()
        driver = raw.driver_connection
        assert driver is not None
        return Session(connection, driver)
    except BaseException:
        await connection.close()
        raise
