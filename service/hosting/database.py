"""Open the database from the settings: by URL, or the private one in the data directory."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import asyncpg
from sqlalchemy import URL, make_url, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from service.engine import database_url_of, make_engine
from service.hosting.failures import DatabaseUnavailable
from service.ledgers.following import find_node
from service.private_postgres import PrivatePostgres, attach
from service.settings import Settings

SERVER_VERSION_MIN = 150_000
"""PostgreSQL 15, in the server's own numbering."""

UNREACHABLE = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    SQLAlchemyError,
)


class Database(NamedTuple):
    """How to reach a database as its owner and as the serving role."""

    owner_url: URL
    app_url: URL
    private: PrivatePostgres | None = None
    """The server, if we supervise it."""

    @property
    def serving_role(self) -> str | None:
        """The serving role, if it is not the owner."""
        role = self.app_url.username
        return role if role != self.owner_url.username else None


@contextmanager
def open_database(settings: Settings, *, may_attach: bool) -> Iterator[Database]:
    """Open a database for as long as the context lasts.

    With `may_attach` the private server of a running service is used. Without it, or if none is
    running, a server is started here and stopped at the end.

    Raises:
        PrivatePostgresError: the private server cannot start, as when a service uses it.
    """
    if settings.database_url is not None:
        app_url = database_url_of(settings.database_url)
        owner = settings.owner_url
        yield Database(app_url if owner is None else database_url_of(owner), app_url)
        return
    attached = attach(settings.data_dir) if may_attach else None
    if attached is not None:
        yield Database(attached.owner_url, attached.app_url)
        return
    with PrivatePostgres(settings.data_dir) as postgres:
        yield Database(postgres.owner_url, postgres.app_url, postgres)


async def check_reachable(engine: AsyncEngine) -> None:
    """Connect once, and check that the server is one that we can use.

    Raises:
        DatabaseUnavailable: with the message of the database or the network.
    """
    where = _without_password(engine.url)
    try:
        async with engine.connect() as connection:
            version = int(await connection.scalar(text("SHOW server_version_num")) or 0)
    except UNREACHABLE as error:
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DatabaseUnavailable(
            f"cannot use the database {where}: {said}; check LEADLEDGER_DATABASE_URL and that the "
            "server runs"
        ) from None
    if version < SERVER_VERSION_MIN:
        raise DatabaseUnavailable(
            f"expected PostgreSQL 15 or later at {where}, found {version // 10_000}"
        )


async def find_ledger(settings: Settings, database: Database) -> URL | None:
    """Return the URL of the node of a cluster that holds the ledger; None without a cluster.

    Raises:
        DatabaseUnavailable: that node cannot be reached from here.
    """
    with as_unavailable():
        url = await find_node(settings, database.app_url)
    if url is not None and url != database.app_url:
        engine = make_engine(settings, url, connections=1)
        try:
            await check_reachable(engine)
        finally:
            await engine.dispose()
    return url


@contextmanager
def as_unavailable() -> Iterator[None]:
    """Turn a connection lost in the middle, or a missing privilege, into a clear error."""
    try:
        yield
    except (OSError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError) as error:
        raise DatabaseUnavailable(f"the connection to the database was lost: {error}") from None
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != asyncpg.InsufficientPrivilegeError.sqlstate:
            raise
        raise DatabaseUnavailable(
            f"the database says: {str(error.orig).rpartition(': ')[2]}; name the role that owns "
            "the tables in LEADLEDGER_OWNER_URL, or give this one the right to create a schema"
        ) from None


def owner_engine(settings: Settings, database: Database) -> AsyncEngine:
    return make_engine(settings, database.owner_url)


def app_engine(settings: Settings, database: Database) -> AsyncEngine:
    return make_engine(settings, database.app_url)


def _without_password(url: URL) -> str:
    return make_url(url).set(drivername="postgresql", password=None).render_as_string()
