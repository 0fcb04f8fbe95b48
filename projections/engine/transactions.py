"""Transactions on borrowed connections that do not rely on any session state."""

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
    # Read-only, like a replica before its promotion, or idle for too long.
    asyncpg.InvalidTransactionStateError,
    asyncpg.InvalidCachedStatementError,
)
"""The database is unavailable or busy: nothing is wrong with the events, so retry."""


@asynccontextmanager
async def transaction(engine: AsyncEngine, limit_waits: Statement) -> AsyncIterator[Driver]:
    """Open a READ COMMITTED transaction with its own timeouts."""
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
