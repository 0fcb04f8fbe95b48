"""A real ledger with nothing in front of it, for tests of the writer."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncEngine

from events.append.ledger import Ledger
from events.outcomes import Outcome
from events.refusals import Refused
from events.submission import Item, Submission
from service.engine import make_engine
from service.private_postgres import PrivatePostgres
from tests.support.http_service import LIFECYCLE_AT, SCHEMA, SEALS, prepare, settings_for
from tests.support.ledger_in_memory import item_of
from tests.support.postgres import connection_to, drop_database, fresh_database


@dataclass
class LedgerOnPostgres:
    """A founded ledger with one open writer, and room for others."""

    owner_url: URL
    app_url: URL
    engine: AsyncEngine
    ledger: Ledger
    others: list[Ledger] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    """Errors that the ledger confined to an item or lead. A test that expects some clears them."""

    async def send(self, *events: Mapping[str, Any], is_strict: bool = False) -> list[Outcome]:
        """Send one request to the open writer."""
        return await send(self.ledger, *events, is_strict=is_strict)

    async def another(self) -> Ledger:
        """Open a second writer, as another process would."""
        ledger = Ledger(self.engine, SCHEMA, SEALS, on_fault=self.faults.append)
        await ledger.open()
        self.others.append(ledger)
        return ledger

    async def close(self) -> None:
        for ledger in (self.ledger, *self.others):
            await ledger.close()
        await self.engine.dispose()

    async def as_owner(self, statement: str, *values: object) -> list[Any]:
        """Run a statement with all rights on the ledger's tables."""
        async with connection_to(self.owner_url) as connection:
            return await connection.fetch(statement, *values)

    async def recorded(self) -> list[tuple[int, str, str]]:
        """Return position, id and type of everything after the first lifecycle."""
        rows = await self.as_owner(
            "SELECT position, id, type FROM ledger.events WHERE position > $1 ORDER BY position",
            LIFECYCLE_AT,
        )
        return [(row["position"], row["id"], row["type"]) for row in rows]

    async def refusals(self) -> list[tuple[str, str]]:
        """Return id and reason of every kept refusal."""
        rows = await self.as_owner("SELECT event_id, reason FROM ledger.refusals ORDER BY event_id")
        return [(row["event_id"], row["reason"]) for row in rows]


@asynccontextmanager
async def ledger_on_postgres(server: PrivatePostgres) -> AsyncIterator[LedgerOnPostgres]:
    """Provide a fresh ledger."""
    owner_url, app_url = fresh_database(server, prepare=prepare)
    engine = make_engine(settings_for(), app_url)
    faults: list[str] = []
    ledger = Ledger(engine, SCHEMA, SEALS, on_fault=faults.append)
    await ledger.open()
    lent = LedgerOnPostgres(owner_url, app_url, engine, ledger, faults=faults)
    try:
        yield lent
        assert not faults
    finally:
        await lent.close()
        drop_database(server, owner_url)


async def send(
    ledger: Ledger, *events: Mapping[str, Any], is_strict: bool = False
) -> list[Outcome]:
    """Send one request to a writer."""
    submission = submission_of(*events, is_strict=is_strict, received_at=ledger.now())
    return (await ledger.append([submission])).outcomes[0]


def submission_of(
    *events: Mapping[str, Any], is_strict: bool = False, received_at: datetime | None = None
) -> Submission:
    return Submission(tuple(read(event, received_at) for event in events), is_strict)


def read(event: Mapping[str, Any], received_at: datetime | None = None) -> Item | Refused:
    return item_of(event, received_at=received_at or datetime.now(UTC))


def form(id: str, email: str = "hanako@example.co.jp", **data: Any) -> dict[str, Any]:
    return {"id": id, "type": "form.submitted", "lead": {"email": email}, "data": data}


def decision(
    id: str, type: str, email: str = "hanako@example.co.jp", **data: Any
) -> dict[str, Any]:
    return {"id": id, "type": type, "lead": {"email": email}, "data": data}
