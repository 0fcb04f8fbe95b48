"""Work that is polled every second is found without reading the rows that are not yet due."""

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from events.database.statements import Statement, load
from events.limits import STRIDE_LEADS
from service.private_postgres import PrivatePostgres
from tests.support.http_service import SCHEMA
from tests.support.ledger_on_postgres import LedgerOnPostgres, form, ledger_on_postgres

WAITING = 2_000
READ_MAX = 10
"""Rows that may be read when nothing is due."""

LEADS_THAT_WAIT = """
INSERT INTO ledger.subjects (subject_id, kind, version, position, state, lifecycle, due_at)
SELECT gen_random_uuid(), 'lead', 1, 1, '{}', 1, now() + make_interval(days => number)
  FROM generate_series(1, $1) AS number
"""
A_WEBHOOK = """
INSERT INTO ledger.webhooks (webhook_id, url, description, types, stages, position, is_enabled,
                             created_at)
SELECT gen_random_uuid(), 'https://receiver.example/', '', '{}', '{}', position, true, now()
  FROM ledger.ledger_head
RETURNING webhook_id
"""
DELIVERIES_THAT_WAIT = """
INSERT INTO ledger.webhook_deliveries (webhook_id, position, subject_id, status, attempts, due_at)
SELECT $1, number, gen_random_uuid(), 'pending', 3, now() + make_interval(hours => 1)
  FROM generate_series(1, $2) AS number
"""


@pytest.fixture
async def on(postgres_server: PrivatePostgres) -> AsyncIterator[LedgerOnPostgres]:
    async with ledger_on_postgres(postgres_server) as lent:
        yield lent


async def rows_read(on: LedgerOnPostgres, table: str, statement: Statement, **values: Any) -> int:
    """Count the rows of a table that a statement reads, whether or not it returns them."""
    await on.as_owner(f"ANALYZE ledger.{table}")
    explained = f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement.driver_sql}"
    (row,) = await on.as_owner(explained, *statement.arguments(values))
    scans = [
        node
        for node in _nodes(json.loads(row["QUERY PLAN"])[0]["Plan"])
        if node.get("Relation Name") == table
    ]
    assert scans, f"nothing of {table} is read"
    return round(sum(_looked_at(scan) for scan in scans))


def _nodes(plan: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    below = [node for child in plan.get("Plans", ()) for node in _nodes(child)]
    return [plan, *below]


def _looked_at(scan: Mapping[str, Any]) -> float:
    rows = scan["Actual Rows"] + scan.get("Rows Removed by Filter", 0)
    return float(rows) * float(scan["Actual Loops"])


async def test_leads_waiting_for_their_day_are_not_read(on: LedgerOnPostgres) -> None:
    """Seen to fail with a clock evaluated for each row: it read every waiting lead."""
    await on.send(form("form"))
    await on.as_owner(LEADS_THAT_WAIT, WAITING)
    find_due = load("events.append", "ledger.sql", SCHEMA)["find_due"]
    assert await rows_read(on, "subjects", find_due, limit=STRIDE_LEADS) <= READ_MAX


@pytest.mark.parametrize(
    ("name", "values"),
    [("look", {}), ("claim", {"slots": [8], "lease_s": 60.0})],
)
async def test_deliveries_waiting_for_a_retry_are_not_read(
    on: LedgerOnPostgres, name: str, values: Mapping[str, Any]
) -> None:
    """Seen to fail with a clock evaluated for each row: it read every waiting delivery."""
    (webhook,) = await on.as_owner(A_WEBHOOK)
    await on.as_owner(DELIVERIES_THAT_WAIT, webhook["webhook_id"], WAITING)
    statement = load("service.webhooks", "queue.sql", SCHEMA)[name]
    asked = {"webhook_ids": [webhook["webhook_id"]], **values}
    named = {bind: asked[bind] for bind in statement.binds}
    assert await rows_read(on, "webhook_deliveries", statement, **named) <= READ_MAX
