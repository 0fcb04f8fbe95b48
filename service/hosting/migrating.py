"""Bring the database of the settings to this version."""

from sqlalchemy.ext.asyncio import AsyncEngine

from events.founding import check_format
from migrations.revision import head_revision, revision_of
from service.hosting.database import (
    Database,
    app_engine,
    as_unavailable,
    check_reachable,
    owner_engine,
)
from service.settings import Settings


async def bring_up_to_date(settings: Settings, database: Database) -> str:
    """Migrate as the owner, and return the revision reached.

    Raises:
        DatabaseUnavailable: the database does not answer.
        FormatUnknown: the ledger has another format, so it is left as it is.
    """
    # Most starts need no Alembic.
    from migrations.running import migrate

    owner = owner_engine(settings, database)
    try:
        await check_reachable(owner)
        with as_unavailable():
            await _check_format(owner, settings.schema_name)
            return await migrate(
                owner, schema=settings.schema_name, serving_role=database.serving_role
            )
    finally:
        await owner.dispose()


async def ensure_migrated(settings: Settings, database: Database) -> str:
    """Migrate where something is missing, so that a start that changes nothing needs no owner."""
    app = app_engine(settings, database)
    try:
        await check_reachable(app)
        with as_unavailable():
            reached = await revision_of(app, schema=settings.schema_name)
    finally:
        await app.dispose()
    newest = head_revision()
    return newest if reached == newest else await bring_up_to_date(settings, database)


async def _check_format(engine: AsyncEngine, schema: str) -> None:
    if await revision_of(engine, schema=schema) is not None:
        await check_format(engine, schema=schema)
