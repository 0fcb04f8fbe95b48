"""All ledgers of the database of the settings."""

import asyncio

from sqlalchemy.ext.asyncio import AsyncEngine

from events.database.statements import load
from migrations.revision import revision_of
from service.hosting.database import (
    Database,
    app_engine,
    as_unavailable,
    check_reachable,
    open_database,
)
from service.hosting.preparing import Prepared, prepare
from service.ledgers.listing import ListedLedger, list_ledgers
from service.ledgers.node import FILE
from service.settings import Settings


def create(settings: Settings) -> Prepared | None:
    """Create the ledger of the settings; None if there is one already.

    Raises:
        DatabaseUnavailable: the database does not answer, or this role may not create a schema.
        SecretMissing: there is no secret to found it with.
        LifecycleInvalid, LifecycleNotFound: the lifecycle is not usable.
    """
    with open_database(settings, may_attach=True) as database:
        return asyncio.run(_create(settings, database))


def listed(settings: Settings) -> list[ListedLedger]:
    """Describe all ledgers."""
    with open_database(settings, may_attach=True) as database:
        return asyncio.run(_listed(settings, database))


async def _create(settings: Settings, database: Database) -> Prepared | None:
    engine = app_engine(settings, database)
    try:
        await check_reachable(engine)
        with as_unavailable():
            if await _is_founded(engine, settings.schema_name):
                return None
    finally:
        await engine.dispose()
    prepared = await prepare(settings, database)
    # If two create it at once, it is the first one's.
    return prepared if prepared.is_first_start else None


async def _is_founded(engine: AsyncEngine, schema: str) -> bool:
    """Return whether there is a ledger. A creation that was interrupted before can go on."""
    if await revision_of(engine, schema=schema) is None:
        return False
    async with engine.connect() as connection:
        position = await connection.scalar(load("service", FILE, schema)["read_position"].text)
    return bool(position)


async def _listed(settings: Settings, database: Database) -> list[ListedLedger]:
    engine = app_engine(settings, database)
    try:
        await check_reachable(engine)
        with as_unavailable():
            return await list_ledgers(engine)
    finally:
        await engine.dispose()
