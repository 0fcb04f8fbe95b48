"""A database that is down, busy, out of connections or read-only: 503, and then recovery."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from events.append.ledger import Ledger
from service.private_postgres import PrivatePostgres
from tests.safety.dead_connections import DEAD_CONNECTIONS
from tests.safety.ledger_check import check_ledger
from tests.safety.traffic import Answer
from tests.support.http_service import Service, running_service
from tests.support.postgres import connection_to, running_server

pytestmark = DEAD_CONNECTIONS

POOL = 4
UNAVAILABLE = (503, "urn:leadledger:problem:ledger-unavailable", True)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up sooner than in production, so that tests do not wait."""
    monkeypatch.setattr("events.append.ledger.APPEND_GIVE_UP_S", 1.0)
    monkeypatch.setattr("service.engine.POOL_WAIT_S", 1.0)


def an_event(id: str) -> dict[str, Any]:
    return {
        "id": id,
        "source": "website",
        "type": "form.submitted",
        "time": "2026-04-01T10:00:00+09:00",
        "lead": {"email": f"{id}@example.co.jp"},
        "data": {"form": "whitepaper"},
    }


async def report(service: Service, id: str) -> httpx.Response:
    return await service.client.post("/v1/events", json=an_event(id), timeout=60)


def essentials(answer: httpx.Response) -> tuple[int, str, bool]:
    """Return what matters to a sender: status, reason, and whether there is a Retry-After."""
    return answer.status_code, answer.json()["type"], "retry-after" in answer.headers


async def recorded(service: Service, *ids: str) -> list[Answer]:
    """Send events until each is recorded, without restarting anything."""
    answers = []
    for id in ids:
        answer = await report(service, id)
        for _ in range(100):
            if answer.status_code != 503:
                break
            await asyncio.sleep(0.1)
            answer = await report(service, id)
        assert answer.status_code in (200, 201)
        content = answer.json()
        position = int(content["position"])
        answers.append(Answer(id, content["status"], position, content["leaf"]))
    return answers


async def cut_connections(service: Service) -> None:
    async with connection_to(service.app_url) as connection:
        await connection.fetch(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            "   AND usename = current_user"
        )


@asynccontextmanager
async def pool_taken(service: Service) -> AsyncIterator[None]:
    """Hold every connection that the service may have."""
    async with AsyncExitStack() as held:
        for _ in range(POOL):
            await held.enter_async_context(service.engine.connect())
        yield


async def test_an_exhausted_pool_answers_503_and_recovers(
    postgres_server: PrivatePostgres,
) -> None:
    async with running_service(postgres_server, pool_size=POOL) as service:
        before = await recorded(service, "before")
        # Projections use a connection now and then, and the ledger keeps one: take that too.
        await service.part(Ledger).close()
        with capture_logs() as logs:
            async with pool_taken(service):
                answer = await report(service, "meanwhile")
        assert essentials(answer) == UNAVAILABLE
        assert "ledger.append_failed" not in {log["event"] for log in logs}
        answers = [*before, *await recorded(service, "meanwhile", "after")]
        await check_ledger(service.app_url, answers)


async def test_an_unavailable_lock_answers_503_and_recovers(
    postgres_server: PrivatePostgres,
) -> None:
    """As on an external server, where no timeouts are set for our role."""
    async with running_service(postgres_server) as service:
        before = await recorded(service, "before")
        async with connection_to(service.app_url) as role:
            await role.execute(
                f"ALTER ROLE {service.app_url.username} IN DATABASE {service.app_url.database}"
                " SET lock_timeout = 0"
            )
        await cut_connections(service)
        before += await recorded(service, "again")
        async with (
            connection_to(service.app_url) as other,
            other.transaction(),
            asyncio.timeout(15),
        ):
            await other.fetchrow("SELECT * FROM ledger.ledger_head FOR UPDATE")
            answer = await report(service, "meanwhile")
        assert essentials(answer) == UNAVAILABLE
        answers = [*before, *await recorded(service, "meanwhile", "after")]
        await check_ledger(service.app_url, answers)


async def test_a_database_that_is_down_answers_503_and_recovers(tmp_path: Path) -> None:
    with running_server(tmp_path / "data") as server:
        async with running_service(server) as service:
            before = await recorded(service, "before")
            await asyncio.to_thread(server.stop)
            answers = await asyncio.gather(*(report(service, f"away-{n}") for n in range(3)))
            reading = await service.client.get("/v1/events")
            await asyncio.to_thread(server.start)
            assert [essentials(answer) for answer in answers] == [UNAVAILABLE] * 3
            assert essentials(reading) == UNAVAILABLE
            after = await recorded(service, "away-0", "away-1", "away-2", "after")
            await check_ledger(service.app_url, [*before, *after])


async def test_a_read_only_ledger_refuses_nothing_and_recovers(
    postgres_server: PrivatePostgres,
) -> None:
    """After a failover, the new server may still be a replica; the events are not to blame."""
    async with running_service(postgres_server) as service:
        before = await recorded(service, "before")
        async with connection_to(service.owner_url) as owner:
            database = service.app_url.database
            await owner.execute(f"ALTER DATABASE {database} SET default_transaction_read_only = on")
            await cut_connections(service)
            answer = await report(service, "meanwhile")
            await owner.execute("SET default_transaction_read_only = off")
            await owner.execute(f"ALTER DATABASE {database} RESET default_transaction_read_only")
        assert essentials(answer) == UNAVAILABLE
        await cut_connections(service)
        answers = [*before, *await recorded(service, "meanwhile", "after")]
        await check_ledger(service.app_url, answers)
