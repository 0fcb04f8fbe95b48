"""Work directly on the ledger's database, for commands that need no running service."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple, TypeAlias, TypeVar

from sqlalchemy.ext.asyncio import AsyncEngine

from events.database.failures import NotMigrated
from events.database.statements import load
from events.founding import check_format
from migrations.revision import head_revision, revision_of
from service.hosting.database import (
    Database,
    app_engine,
    as_unavailable,
    check_reachable,
    find_ledger,
    open_database,
)
from service.settings import Settings

Result = TypeVar("Result")
Work: TypeAlias = Callable[[AsyncEngine, str], Awaitable[Result]]


class OpenLedger(NamedTuple):
    """A ledger that was found, reachable and of this version."""

    settings: Settings
    database: Database

    def do(self, work: Work[Result]) -> Result:
        """Do something with its engine, as who serves, and its schema."""
        return asyncio.run(self._do(work))

    async def _do(self, work: Work[Result]) -> Result:
        engine = app_engine(self.settings, self.database)
        try:
            with as_unavailable():
                return await work(engine, self.settings.schema_name)
        finally:
            await engine.dispose()


@contextmanager
def open_ledger(settings: Settings) -> Iterator[OpenLedger]:
    """Open the ledger of the settings.

    Uses the private server of a running service, or starts one for the duration. In a cluster, it
    is opened on the node that holds it.

    Raises:
        DatabaseUnavailable, NotMigrated, FormatUnknown: it cannot be reached or read.
    """
    with open_database(settings, may_attach=True) as database:
        ledger = OpenLedger(settings, database)
        ledger.do(_check)
        node = asyncio.run(find_ledger(settings, database))
        yield ledger if node is None else OpenLedger(settings, database._replace(app_url=node))


def on_ledger(settings: Settings, work: Work[Result]) -> Result:
    """Open the ledger for one piece of work."""
    with open_ledger(settings) as ledger:
        return ledger.do(work)


async def _check(engine: AsyncEngine, schema: str) -> None:
    await check_reachable(engine)
    found = await revision_of(engine, schema=schema)
    if found != head_revision():
        raise NotMigrated(
            f"expected the schema {schema} at revision {head_revision()}, found "
            f"{found or 'no ledger'}; run `leadledger migrate`, or start `leadledger serve`, which "
            "migrates it"
        )
    statement = load("events", "founding.sql", schema)["read_secret_check"]
    async with engine.connect() as connection:
        if await connection.scalar(statement.text) is None:
            raise NotMigrated(
                f"expected a ledger in the schema {schema}, found empty tables; the first start of "
                "`leadledger serve` founds it"
            )
    await check_format(engine, schema=schema)
