"""Faults that a database has at a chosen place, by a trigger that its owner sets."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import URL

from tests.support.postgres import connection_to


@asynccontextmanager
async def ending_connections(owner_url: URL, change: str) -> AsyncIterator[None]:
    """End each connection that makes a change, such as `UPDATE ON ledger.refusals`."""
    async with connection_to(owner_url) as connection:
        await connection.execute(
            "CREATE FUNCTION end_connection() RETURNS trigger LANGUAGE plpgsql AS "
            "'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END'"
        )
        await connection.execute(
            f"CREATE TRIGGER end_connection BEFORE {change} EXECUTE FUNCTION end_connection()"
        )
        try:
            yield
        finally:
            await connection.execute("DROP FUNCTION end_connection CASCADE")
