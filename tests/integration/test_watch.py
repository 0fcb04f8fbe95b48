"""The watch's check, every second: it finds problems before any request fails."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from events.append.condition import Condition, Trouble
from events.database.sessions import open_session
from service.limits import ASK_EVERY_S
from service.private_postgres import PrivatePostgres
from service.watch import Watch
from tests.support.postgres import drop_database, fresh_database


@asynccontextmanager
async def watching(server: PrivatePostgres, **settings: str) -> AsyncIterator[Watch]:
    """Watch a database whose connections have these settings."""
    owner_url, _ = fresh_database(server)
    engine = create_async_engine(owner_url, connect_args={"server_settings": settings})
    own = Watch(
        guarded=create_async_engine(owner_url),
        own=engine,
        schema="ledger",
        condition=Condition(),
        on_fault=lambda _: None,
    )
    try:
        yield own
    finally:
        await own._drop()
        await engine.dispose()
        drop_database(server, owner_url)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, None),
        ({"default_transaction_read_only": "on"}, Trouble.READ_ONLY),
    ],
)
async def test_conditions_that_prevent_recording_are_found(
    postgres_server: PrivatePostgres, settings: dict[str, str], expected: Trouble | None
) -> None:
    async with watching(postgres_server, **settings) as own:
        assert await own._answer() is expected


async def test_the_check_takes_room_on_the_disk(postgres_server: PrivatePostgres) -> None:
    """A full disk refuses it before it refuses an event that needs a new page."""
    async with watching(postgres_server) as own:
        assert await own._answer() is None
        assert own._session is not None
        # A connection's statistics are reported when it closes, at the latest.
        await own._drop()
        session = await open_session(own._own)
        spilled, until = 0, monotonic() + 10
        while not spilled and monotonic() < until:
            spilled = await session.driver.fetchval(
                "SELECT temp_files FROM pg_stat_database WHERE datname = current_database()"
            )
            await asyncio.sleep(0.05)
        await session.discard()
        assert spilled > 0


async def test_an_unhealthy_database_is_checked_more_often(
    postgres_server: PrivatePostgres,
) -> None:
    async with watching(postgres_server, default_transaction_read_only="on") as own:
        began = monotonic()
        await own._look()
        assert own.trouble is Trouble.READ_ONLY
        assert monotonic() - began < ASK_EVERY_S


async def test_after_a_failed_append_the_question_goes_over_a_new_connection(
    postgres_server: PrivatePostgres,
) -> None:
    """A role's setting reaches new connections only: the writer's, and so the watch's as well."""
    async with watching(postgres_server) as own:
        assert await own._answer() is None
        await _alter_role(own, "SET default_transaction_read_only = on")
        try:
            assert await own._answer() is None
            own._condition.failed(TimeoutError())
            assert await own._answer() is Trouble.READ_ONLY
        finally:
            await _alter_role(own, "RESET default_transaction_read_only")


async def _alter_role(own: Watch, what: str) -> None:
    session = await open_session(own._own)
    await session.driver.execute("SET default_transaction_read_only = off")
    await session.driver.execute(
        f"ALTER ROLE CURRENT_USER IN DATABASE {own._own.url.database} {what}"
    )
    await session.discard()
