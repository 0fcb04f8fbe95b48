"""Work directly on the ledger's database, for commands that need no running service."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncEngine

from events.database.failures import NotMigrated
from migrations.running import head_revision
from service.command.exits import CommandFailed, Exit
from service.hosting.database import (
    Database,
    app_engine,
    as_unavailable,
    check_reachable,
    open_database,
)
from service.hosting.preparing import revision_reached
from service.private_postgres.layout import Layout
from service.settings import Settings, read_settings

Result = TypeVar("Result")


def on_ledger(work: Callable[[AsyncEngine, str], Awaitable[Result]]) -> Result:
    """Run work on the configured ledger, with its engine in the service's role and its schema.

    Uses the private server of a running service, or starts one for the duration.

    Raises:
        CommandFailed: there is no ledger yet.
        DatabaseUnavailable, NotMigrated: it cannot be reached, or has a different version.
    """
    settings = read_settings()
    if settings.database_url is None:
        _check_is_there(settings.data_dir)
    with open_database(settings, may_attach=True) as database:
        return asyncio.run(_work(settings, database, work))


async def _work(
    settings: Settings, database: Database, work: Callable[[AsyncEngine, str], Awaitable[Result]]
) -> Result:
    engine = app_engine(settings, database)
    try:
        await check_reachable(engine)
        with as_unavailable():
            await _check_migrated(settings, engine)
            return await work(engine, settings.schema_name)
    finally:
        await engine.dispose()


def _check_is_there(data_dir: Path) -> None:
    """Refuse to create a ledger: in the wrong directory, a new one would only confuse."""
    if not Layout(data_dir.resolve()).cluster.exists():
        raise CommandFailed(
            Exit.DATABASE_UNAVAILABLE,
            f"there is no ledger in {data_dir.resolve()}; name its directory with "
            "LEADLEDGER_DATA_DIR, or its database with LEADLEDGER_DATABASE_URL",
        )


async def _check_migrated(settings: Settings, engine: AsyncEngine) -> None:
    found = await revision_reached(settings, engine)
    if found != head_revision():
        raise NotMigrated(
            f"expected the schema {settings.schema_name} at revision {head_revision()}, found "
            f"{found or 'no ledger'}; run `leadledger migrate`, or start `leadledger serve`, which "
            "migrates it"
        )
