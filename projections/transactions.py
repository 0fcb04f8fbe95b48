"""Connections on loan, and transactions on them that rely on nothing the session remembers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from events.failures import CONNECTION_LOST
from events.sessions import Driver, Session, open_session
from events.statements import Statement

UNAVAILABLE: tuple[type[Exception], ...] = (
    *CONNECTION_LOST,
    OSError,
    TimeoutError,
    SQLAlchemyError,
    asyncpg.TransactionRollbackError,
    # Read-only, as a replica is until it has taken over; idle for too long.
    asyncpg.InvalidTransactionStateError,
    asyncpg.InvalidCachedStatementError,
)
"""The database is away or busy: nothing is wrong with the events, try the same again."""


@asynccontextmanager
async def borrowed(engine: AsyncEngine) -> AsyncIterator[Driver]:
    """Lend a connection; one that broke is thrown away."""
    session = await open_session(engine)
    try:
        yield session.driver
    except CONNECTION_LOST:
        # It may not know yet that it is closed.
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
