"""A ledger on a node of a Citus cluster: created, served, verified, rebuilt, moved, followed.

    LEADLEDGER_CITUS_URL=postgresql://postgres@coordinator:5432/leads make test

The URL is a superuser's at the coordinator, and two nodes must hold shards.
"""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import pytest
from sqlalchemy import make_url

from events.database.statements import Statement, load
from projections.names import ProjectionName
from service.ledgers.node import Node
from service.limits import NODE_EVERY_S
from tests.support.http_service import SECRET
from tests.support.running_service import (
    END_WAIT_S,
    RunningService,
    command,
    eventually,
    start_service,
)
from tests.unit.test_statements import FILES, ROOT

CITUS_URL = os.environ.get("LEADLEDGER_CITUS_URL", "")
pytestmark = pytest.mark.skipif(
    not CITUS_URL, reason="NOT TESTED: no Citus cluster; set LEADLEDGER_CITUS_URL"
)

FORM: dict[str, Any] = {"type": "form.submitted", "lead": {"email": "hanako@acme.example"}}
VERIFIED = (0, 11)
"""The exit codes of `verify` that report no difference. Some checks need the same PostgreSQL."""


class ClusterLedger(NamedTuple):
    """A ledger of its own on the cluster."""

    name: str
    key: str
    settings: dict[str, str]
    data_dir: Path

    def command(self, *arguments: str) -> str:
        run = command(*arguments, data_dir=self.data_dir, **self.settings)
        assert run.returncode in VERIFIED, run.stderr
        return run.stdout

    def ask(self, statement: str, *values: object, node: Node | None = None) -> list[Any]:
        """Ask the coordinator, or a node."""
        return asyncio.run(fetch(node, statement, *values))

    def nodes(self) -> tuple[Node, Node]:
        """Return the node that holds the ledger, and another."""
        rows = self.ask(
            "SELECT node.nodename, node.nodeport, EXISTS (SELECT FROM pg_dist_placement "
            "JOIN pg_dist_shard USING (shardid) WHERE groupid = node.groupid "
            "AND logicalrelid = to_regclass($1)) AS holds FROM pg_dist_node AS node "
            "WHERE noderole = 'primary' AND shouldhaveshards",
            f"{self.name}.events",
        )
        (holder,) = [Node(host, port) for host, port, holds in rows if holds]
        other, *_ = [Node(host, port) for host, port, holds in rows if not holds]
        return holder, other


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[ClusterLedger]:
    name = f"test_{secrets.token_hex(6)}"
    settings = {"LEADLEDGER_DATABASE_URL": CITUS_URL, "LEADLEDGER_SECRET": SECRET}
    made = command("ledger", "create", name, data_dir=tmp_path, **settings)
    assert made.returncode == 0, made.stderr
    key = next(word for word in made.stdout.split() if "llk_" in word).rpartition("=")[2]
    lent = ClusterLedger(name, key, {**settings, "LEADLEDGER_SCHEMA": name}, tmp_path / "data")
    yield lent
    lent.ask(f"DROP SCHEMA {name} CASCADE")


def test_every_statement_can_be_planned_on_the_node_and_through_the_coordinator(
    ledger: ClusterLedger,
) -> None:
    holder, _ = ledger.nodes()
    assert asyncio.run(unplannable(ledger.name, node=holder)) == []
    assert asyncio.run(unplannable(ledger.name, node=None)) == []


def test_a_ledger_is_served_from_its_node_and_followed_to_another(ledger: ClusterLedger) -> None:
    holder, other = ledger.nodes()
    with served(ledger) as service:
        assert backends(ledger, holder) > 0
        report(service, ledger, "form-1", at="2026-11-03T00:00:00Z")
        report(service, ledger, "decision-1", type="lead.qualified", at="2026-11-05T00:00:00Z")
        restated = report(service, ledger, "late-1", at="2026-11-02T00:00:00Z")
        report(service, ledger, "void-1", type="event.voided", lead=None, data=of(restated))
        last = report(service, ledger, "form-2", lead={"email": "taro@acme.example"})
        assert funnel(service, ledger, wait_for=last)["MQL"] == 1

        ledger.ask(
            "SELECT citus_schema_move($1, $2, $3, 'block_writes')",
            ledger.name,
            other.host,
            other.port,
        )
        moved = report(service, ledger, "form-3", lead={"email": "jiro@acme.example"})
        assert funnel(service, ledger, wait_for=moved)["MAL"] == 2
        eventually(lambda: "ledger.moved" in service.log.read_text(), wait_s=2 * NODE_EVERY_S)
        eventually(lambda: backends(ledger, other) > 0)
        again = report(service, ledger, "form-4", lead={"email": "saburo@acme.example"})
        assert funnel(service, ledger, wait_for=again)["MAL"] == 3
    for name in ProjectionName:
        ledger.command("rebuild", str(name))
    ledger.command("verify")
    assert f"{other.host}:{other.port}" in ledger.command("ledger", "list")


@contextmanager
def served(ledger: ClusterLedger) -> Iterator[RunningService]:
    service = start_service(ledger.data_dir, (), ledger.settings)
    try:
        yield service
    finally:
        service.process.terminate()
        service.process.wait(END_WAIT_S)


def statements(schema: str) -> Iterator[Statement]:
    for file in FILES:
        package, *below = file.relative_to(ROOT).parts
        yield from load(package, "/".join(below), schema, table="stage_stays").values()


async def unplannable(schema: str, *, node: Node | None) -> list[str]:
    """Plan each statement with nulls; return the errors."""
    errors = []
    async with connected(node) as connection:
        for statement in statements(schema):
            try:
                nulls = [None] * len(statement.binds)
                await connection.execute(f"EXPLAIN {statement.driver_sql}", *nulls)
            except asyncpg.PostgresError as error:
                errors.append(f"{statement.name}: {error}")
    return errors


def report(
    service: RunningService,
    ledger: ClusterLedger,
    id: str,
    *,
    at: str = "2026-11-10T00:00:00Z",
    **event: Any,
) -> str:
    """Report an event about Hanako, unless it says otherwise; return its position."""
    body = {**FORM, "id": id, "time": at, **event}
    with service.client(ledger.key) as client:
        answer = client.post(
            "/v1/events",
            json={name: value for name, value in body.items() if value is not None},
            timeout=END_WAIT_S,
        )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["position"])


def of(position: str) -> dict[str, str]:
    return {"event": position}


def funnel(service: RunningService, ledger: ClusterLedger, *, wait_for: str) -> dict[str, int]:
    with service.client(ledger.key) as client:
        answer = client.get("/v1/funnel", params={"wait_for": wait_for}, timeout=END_WAIT_S)
    assert answer.status_code == 200, answer.text
    return {row["stage"]: row["standing"] for row in answer.json()["leads"]["stages"]}


def backends(ledger: ClusterLedger, node: Node) -> int:
    """Return how many connections of the service a node has."""
    (row,) = ledger.ask(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'leadledger'", node=node
    )
    return int(row[0])


async def fetch(node: Node | None, statement: str, *values: object) -> list[Any]:
    async with connected(node) as connection:
        return await connection.fetch(statement, *values)


@asynccontextmanager
async def connected(node: Node | None) -> AsyncIterator["asyncpg.Connection[Any]"]:
    """Connect to a node, or to the coordinator."""
    url = make_url(CITUS_URL)
    host, port = node or (url.host, url.port)
    connection = await asyncpg.connect(
        user=url.username, password=url.password, database=url.database, host=host, port=port
    )
    try:
        yield connection
    finally:
        await connection.close()
