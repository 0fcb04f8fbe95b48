"""Give tests a real server, started once, and separate databases, created quickly.

    def test_something(postgres_server: PrivatePostgres) -> None:
        owner_url, app_url = fresh_database(postgres_server, prepare=migrate)

The server is the private PostgreSQL, as in production: the same roles, and the same settings except
for its size. Databases are copied from a template that `prepare` has set up once.
"""

import asyncio
import hashlib
import secrets
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import asyncpg
from sqlalchemy import URL

from service.private_postgres import PrivatePostgres
from service.private_postgres.binaries import find
from service.private_postgres.identity import choose
from service.private_postgres.initialise import run_single_user
from service.private_postgres.layout import layout_in

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

Prepare = Callable[[URL, URL], None]
"""Migrates the database at two URLs (the owner's and the app's), and leaves no connection to it."""

SMALL = {"shared_buffers": "32MB", "max_wal_size": "256MB", "autovacuum": "off"}
"""Enough for tests, and several servers may run on one machine. Without autovacuum, because tests
end all connections to a database, but may not end those of the server itself."""

DROP_TRIES_MAX = 20
DROP_PAUSE_S = 0.25

MEMORY = Path("/dev/shm")
MEMORY_FREE_BYTES_MIN = 2 * 1024**3

Answer = TypeVar("Answer")


@contextmanager
def scratch_directory() -> Iterator[Path]:
    """Provide a directory, in memory if there is enough.

    A database is three hundred files, and on some disks creating them takes ten times as long as
    everything else in a test. Data written by a killed process survives in memory just as well;
    tests of this kind do not cover power failures.
    """
    roomy = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > MEMORY_FREE_BYTES_MIN
    with tempfile.TemporaryDirectory(prefix="leadledger-", dir=MEMORY if roomy else None) as name:
        yield Path(name)


@contextmanager
def running_server(
    data_dir: Path, *, also_for: Sequence[str] = (), owner_may: str = "CREATEDB"
) -> Iterator[PrivatePostgres]:
    """Run a server whose owner role may create databases, and that also admits some other roles.

    In production neither is so.
    """
    with PrivatePostgres(data_dir, extra_settings=SMALL) as postgres:
        pass
    layout = layout_in(data_dir)
    with (layout.cluster / "pg_hba.conf").open("a", encoding="utf-8") as file:
        file.writelines(f"local all {role} scram-sha-256\n" for role in also_for)
    binaries = find(layout.cluster)
    run_single_user(
        layout.cluster,
        binaries,
        choose(layout, binaries),
        database="leadledger",
        sql=f"ALTER ROLE leadledger_owner {owner_may};\n\n",
    )
    with postgres:
        yield postgres


def fresh_database(server: PrivatePostgres, *, prepare: Prepare | None = None) -> tuple[URL, URL]:
    """Return the owner's and the app's URL of a new database for exclusive use.

    With `prepare`, it is a copy of a template on which `prepare` was called, once per server. May
    be called from anywhere, even from a running event loop.
    """
    template = None if prepare is None else _template(server, prepare)
    return _create(server, f"test_{secrets.token_hex(8)}", template)


def drop_database(server: PrivatePostgres, url: URL) -> None:
    """Drop a fresh database and close all connections to it.

    A worker of the server that is vacuuming there cannot be disconnected by us; it leaves on its
    own.
    """
    for _ in range(DROP_TRIES_MAX - 1):
        with suppress(asyncpg.InsufficientPrivilegeError):
            _administer(server, f"DROP DATABASE {url.database} WITH (FORCE)")
            return
        time.sleep(DROP_PAUSE_S)
    _administer(server, f"DROP DATABASE {url.database} WITH (FORCE)")


@asynccontextmanager
async def connection_to(url: URL) -> AsyncIterator[Connection]:
    """Connect directly, for what a test must see without our own code in between."""
    connection = await asyncpg.connect(
        user=url.username,
        password=str(url.password),
        database=url.database,
        host=str(url.query["host"]),
        port=int(str(url.query["port"])),
    )
    try:
        yield connection
    finally:
        # A connection to a killed server cannot be closed cleanly.
        with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            await connection.close()


def ask(url: URL, statement: str) -> Any:
    """Return the single value of a statement, for tests that are not coroutines."""

    async def fetch() -> Any:
        async with connection_to(url) as connection:
            return await connection.fetchval(statement)

    return _in_a_thread(lambda: asyncio.run(fetch()))


def _template(server: PrivatePostgres, prepare: Prepare) -> str:
    """Return the template's name, which is assigned only after `prepare` has finished."""
    origin = f"{prepare.__module__}.{prepare.__qualname__}"
    name = f"template_{hashlib.sha256(origin.encode()).hexdigest()[:16]}"
    if name not in _databases(server):
        owner_url, app_url = _create(server, f"{name}_unfinished_{secrets.token_hex(4)}", None)
        _in_a_thread(lambda: prepare(owner_url, app_url))
        _administer(server, f"ALTER DATABASE {owner_url.database} RENAME TO {name}")
    return name


def _create(server: PrivatePostgres, name: str, template: str | None) -> tuple[URL, URL]:
    # Copying files is three times as fast as writing the copy to the log.
    copied = "" if template is None else f" TEMPLATE {template} STRATEGY FILE_COPY"
    _administer(
        server,
        f"CREATE DATABASE {name}{copied}",
        # The rights on a database are not copied with it.
        f"REVOKE ALL ON DATABASE {name} FROM PUBLIC",
        f"GRANT CONNECT ON DATABASE {name} TO leadledger_app",
    )
    return server.owner_url.set(database=name), server.app_url.set(database=name)


def _databases(server: PrivatePostgres) -> set[str]:
    async def names() -> set[str]:
        async with connection_to(server.owner_url) as connection:
            rows = await connection.fetch("SELECT datname FROM pg_database")
            return {row["datname"] for row in rows}

    return _in_a_thread(lambda: asyncio.run(names()))


def _administer(server: PrivatePostgres, *statements: str) -> None:
    async def execute() -> None:
        async with connection_to(server.owner_url) as connection:
            for statement in statements:
                await connection.execute(statement)

    _in_a_thread(lambda: asyncio.run(execute()))


def _in_a_thread(work: Callable[[], Answer]) -> Answer:
    """Run work in a thread, where no event loop is running."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(work).result()
