"""Connections on loan, and transactions on them that rely on nothing the session remembers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from events.failures import CONNECTION_LOST
from events.sessions import Driver, open_session
from events.statements import Statement

UNAVAILABLE: tuple[type[Exception], ...] = (
    *CONNECTION_LOST,
    OSError,
    TimeoutError,
    SQLAlchemyError,
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
)
"""The database is away or busy: nothing is wrong with the events, try the same again."""


@asynccontextmanager
async def borrowed(engine: AsyncEngine) -> AsyncIterator[Driver]:
    """Lend a connection; one that broke is thrown away."""
    session = await open_session(engine)
    try:
        yield session.driver
    finally:
        if session.driver.is_closed():
            await session.discard()
        else:
            await session.close()


@asynccontextmanager
async def transaction(engine: AsyncEngine, limit_waits: Statement) -> AsyncIterator[Driver]:
    """Open a transaction, READ COMMITTED, with its own timeouts."""
    async with borrowed(engine) as driver, driver.transaction(isolation="read_committed"):
        await driver.execute(limit_waits.driver_sql)
        yield driver


@asynccontextmanager
async def snapshot(engine: AsyncEngine, limit_waits: Statement) -> AsyncIterator[Driver]:
    """Open a transaction in which every statement sees the same state of all tables."""
    async with (
        borrowed(engine) as driver,
        driver.transaction(isolation="repeatable_read", readonly=True),
    ):
        await driver.execute(limit_waits.driver_sql)
        yield driver
