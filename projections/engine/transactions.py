"""Transactions on borrowed connections, which rely on nothing that a session remembers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from events.database import sessions
from events.database.failures import CONNECTION_LOST
from events.database.sessions import Driver, borrowed
from events.database.statements import Statement

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
async def transaction(engine: AsyncEngine, limit_waits: Statement) -> AsyncIterator[Driver]:
    """Open a transaction, READ COMMITTED, with its own timeouts."""
    async with borrowed(engine) as driver, sessions.transaction(driver):
        await driver.execute(limit_waits.driver_sql)
        yield driver


@asynccontextmanager
async def snapshot(engine: AsyncEngine, limit_waits: Statement) -> AsyncIterator[Driver]:
    """Open a transaction in which every statement sees the same state of all tables."""
    async with (
        borrowed(engine) as driver,
        sessions.transaction(driver, isolation="repeatable_read", readonly=True),
    ):
        await driver.execute(limit_waits.driver_sql)
        yield driver
