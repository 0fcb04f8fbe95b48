"""Prepare a database for serving: migrated, founded, with a first key."""

from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncEngine

from events.database.statements import load
from events.founding import check_format, found
from events.lifecycles.shipped import read_lifecycle_text
from events.signals.digests import Digests
from migrations.revision import head_revision, revision_of
from service.hosting.database import (
    Database,
    app_engine,
    as_unavailable,
    check_reachable,
    owner_engine,
)
from service.hosting.failures import SecretMissing
from service.keys.bootstrap import bootstrap
from service.keys.store import KeyStore
from service.secret import FILE_NAME, read_secret
from service.settings import Settings


class Prepared(NamedTuple):
    """The results of preparing a start."""

    revision: str
    is_first_start: bool
    first_key: str | None
    """The administrator's key, to be shown once; None if there is one already, or it was given."""


async def prepare(settings: Settings, database: Database) -> Prepared:
    """Migrate, found the ledger if this is its first start, make its first key.

    Any number of services may do so at once.

    Raises:
        DatabaseUnavailable: the database does not answer.
        SecretMissing, SecretDiffers: identifiers could not be found again.
        LifecycleInvalid, LifecycleNotFound: the first lifecycle is not usable.
    """
    revision = await _ensure_migrated(settings, database)
    owner = owner_engine(settings, database)
    try:
        with as_unavailable():
            await _check_secret_is_there(settings, owner)
            digests = Digests(read_secret(settings))
            is_first = await found(
                owner,
                schema=settings.schema_name,
                digests=digests,
                lifecycle_text=read_lifecycle_text(settings.lifecycle),
            )
            given = settings.bootstrap_key
            first_key = await bootstrap(
                KeyStore(owner, settings.schema_name, digests.seals),
                None if given is None else given.get_secret_value(),
            )
    finally:
        await owner.dispose()
    return Prepared(revision, is_first, first_key)


async def bring_up_to_date(
    settings: Settings, database: Database, *, wants_bi: bool = False
) -> str:
    """Migrate as the owner, and return the revision reached.

    Raises:
        DatabaseUnavailable: the database does not answer.
        FormatUnknown: the ledger has another format, so it is left as it is.
        BiUnavailable: the views for BI tools cannot be created.
    """
    # Most starts need no Alembic.
    from migrations.running import migrate

    owner = owner_engine(settings, database)
    try:
        await check_reachable(owner)
        with as_unavailable():
            await _check_format(owner, settings.schema_name)
            return await migrate(
                owner,
                schema=settings.schema_name,
                serving_role=database.serving_role,
                wants_bi=wants_bi,
            )
    finally:
        await owner.dispose()


async def _ensure_migrated(settings: Settings, database: Database) -> str:
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


async def _check_secret_is_there(settings: Settings, engine: AsyncEngine) -> None:
    """Make a new secret for a new ledger only: an existing ledger could not be read with it."""
    file = settings.data_dir / FILE_NAME
    if settings.secret is not None or (file.exists() and settings.database_url is None):
        return
    if settings.database_url is not None:
        raise SecretMissing(
            "LEADLEDGER_SECRET is needed with LEADLEDGER_DATABASE_URL: all processes that serve "
            "this database must have the same one; make one with `openssl rand -hex 32`, and keep "
            "it"
        )
    statement = load("events", "founding.sql", settings.schema_name)["read_secret_check"]
    async with engine.connect() as connection:
        if await connection.scalar(statement.text) is None:
            return
    raise SecretMissing(
        f"expected the ledger's secret in {file}, found no such file; restore it from a backup, or "
        "set LEADLEDGER_SECRET to its content: without it no known lead in this ledger can be found"
    )
