"""A lead with a long history is decided again on a snapshot, while others keep writing."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from events.append.queue import Queue
from events.background import preparer
from events.background.preparer import Preparing
from events.background.timekeeper import Timekeeper
from events.database.statements import load
from events.outcomes import Recorded
from events.revision import redecide
from events.verification.findings import Check
from service.limits import PENDING_WITHIN
from service.private_postgres import PrivatePostgres
from tests.support.http_service import SCHEMA
from tests.support.ledger_on_postgres import LedgerOnPostgres, form, ledger_on_postgres
from tests.support.verified import examined, verify

ABOUT = {"lead": {"email": "hanako@example.co.jp"}}


@pytest.fixture
async def on(postgres_server: PrivatePostgres) -> AsyncIterator[LedgerOnPostgres]:
    async with ledger_on_postgres(postgres_server) as lent:
        yield lent


async def test_a_pending_lead_is_restated_by_the_timekeeper(
    on: LedgerOnPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (redecide, preparer):
        monkeypatch.setattr(module, "SETTLED_AT_ONCE_EVENTS_MAX", 2)
    monkeypatch.setattr(redecide, "PENDING_WAIT_PER_EVENT", timedelta())
    deal = {**ABOUT, "type": "opportunity.created", "data": {"opportunity": "o"}}
    await on.send(form("f"), {**ABOUT, "id": "e", "type": "email.opened"})
    (late,) = await on.send({**deal, "id": "d", "time": "2026-01-01T00:00:00Z"})
    assert isinstance(late, Recorded), late
    assert (late.is_pending, late.stage) == (True, "MAL")
    report, _ = await examined(on.engine, schema=SCHEMA)
    assert (report.differs, report.section(Check.DECISIONS).still_to_come) == (False, 1)
    assert await waiting(on) == 1
    queue = Queue(on.ledger, lambda _: None)
    queue.start()
    preparing = Preparing(queue, on.engine, SCHEMA)
    assert await Timekeeper(on.engine, SCHEMA, preparing).look() == 1
    await preparing.finish()
    await queue.close()
    *_, (_, id, type), (_, _, of_company) = await on.recorded()
    assert (type, id.partition(".")[0]) == ("lead.restated", "restatement")
    assert of_company == "account.restated"
    await verify(on.engine, schema=SCHEMA)
    assert await waiting(on) == 0


async def waiting(on: LedgerOnPostgres) -> Any:
    """Return how many leads wait, as the metrics show it."""
    statement = load("service.reading", "readiness.sql", SCHEMA)["count_pending"]
    async with on.engine.connect() as connection:
        return await connection.scalar(statement.text, {"within": PENDING_WITHIN, "limit": 1})
