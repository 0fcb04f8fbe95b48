"""The URL of the database, and the connection pool.

A module of its own, because the commands that work on the database need these and nothing else of
what the service uses.
"""

from typing import Any

from pydantic import SecretStr
from sqlalchemy import URL, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from events.database.sessions import Driver
from service.limits import COMMAND_WAIT_S, CONNECT_WAIT_S, POOL_WAIT_S
from service.settings import DRIVER, Settings

APPLICATION_NAME = "leadledger"


def make_engine(settings: Settings, url: URL, *, connections: int | None = None) -> AsyncEngine:
    """Make a connection pool of the size in the settings, or of the given size.

    Connections are not tested with a query, which would cost a round trip each time. But the driver
    knows when one has been cut, and then the pool replaces all of them. A discarded connection is
    closed at once: an orderly close would wait for its server.
    """
    connect_args: dict[str, Any] = {
        "server_settings": {"application_name": APPLICATION_NAME},
        "timeout": CONNECT_WAIT_S,
        "command_timeout": COMMAND_WAIT_S,
    }
    if not settings.prepared_statements:
        connect_args |= {"statement_cache_size": 0, "prepared_statement_cache_size": 0}
    engine = create_async_engine(
        url.set(drivername=DRIVER),
        pool_size=connections or settings.pool_size,
        max_overflow=0,
        pool_timeout=POOL_WAIT_S,
        pool_pre_ping=False,
        connect_args=connect_args,
    )
    event.listen(engine.sync_engine, "checkout", _refuse_dead_connection)
    event.listen(engine.sync_engine, "invalidate", _hang_up)
    return engine


def database_url(settings: Settings) -> URL:
    """Return the database of a worker, whose settings always name one.

    A parent that runs a private PostgreSQL puts its address into the environment of its processes.
    """
    assert settings.database_url is not None, "the parent of workers names the database"
    return database_url_of(settings.database_url)


def database_url_of(text: SecretStr) -> URL:
    """Return the URL of a setting in the form that our driver takes.

    `sslmode`, as every hosting provider writes it, is what the driver calls `ssl`.
    """
    url = make_url(text.get_secret_value())
    query = {"ssl" if name == "sslmode" else name: value for name, value in url.query.items()}
    return url.set(drivername=DRIVER, query=query)


def _refuse_dead_connection(
    adapted: DBAPIConnection, _: ConnectionPoolEntry, __: PoolProxiedConnection
) -> None:
    driver: Driver = adapted.driver_connection
    if driver.is_closed():
        raise InvalidatePoolError


def _hang_up(adapted: DBAPIConnection, *_: object) -> None:
    driver: Driver = adapted.driver_connection
    driver.terminate()
