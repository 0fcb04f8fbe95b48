"""Refusals are purged by age, and oldest first by total size."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from events.append.ledger import Ledger
from service.metrics import Metrics
from service.private_postgres import PrivatePostgres
from service.refusals import purging
from service.refusals.purging import Bounds, Purge
from tests.safety.waiting import until
from tests.support.http_service import SCHEMA, Service, running_service
from tests.support.postgres import connection_to
from tests.support.triggers import ending_connections

DAYS = 30
CONTENT_BYTES = 1_000


@pytest.fixture
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        yield running


def purge_of(service: Service, **bounds: int) -> Purge:
    wanted = Bounds(**({"days_max": DAYS, "bytes_max": 1_000_000_000} | bounds))
    metrics, now = service.part(Metrics), service.part(Ledger).now
    return Purge(service.engine, SCHEMA, wanted, metrics=metrics, now=now)


async def keep(service: Service, *ages: timedelta, **columns: Any) -> None:
    """Insert refusals of these ages, each of a known size."""
    async with connection_to(service.owner_url) as connection:
        for age in ages:
            at = datetime.now(UTC) - age
            await connection.execute(
                "INSERT INTO ledger.refusals (refusal_id, received_at, last_received_at, key_id, "
                "event_id, reason, problem, content, seal, state_seal) "
                "VALUES (gen_random_uuid(), $1, $1, 'key', $2, 'event-invalid', "
                '\'{"detail": ""}\', $3, sha256($3), sha256($3))',
                at,
                str(age.days),
                bytes(CONTENT_BYTES - len('{"detail": ""}')),
            )


async def left(service: Service) -> list[int]:
    """Return the ages in days of those that remain."""
    async with connection_to(service.owner_url) as connection:
        rows = await connection.fetch("SELECT event_id FROM ledger.refusals")
    return sorted(int(row["event_id"]) for row in rows)


async def metrics(service: Service) -> dict[str, float]:
    text = (await service.client.get("/metrics")).text
    lines = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in lines if "refusals" in name}


def days(*numbers: int) -> list[timedelta]:
    return [timedelta(days=number) for number in numbers]


async def test_refusals_that_are_too_old_are_purged(service: Service) -> None:
    await keep(service, *days(0, 1, 29, 31, 400))
    await purge_of(service).once()
    assert await left(service) == [0, 1, 29]


async def test_beyond_the_size_the_oldest_are_purged_first(service: Service) -> None:
    await keep(service, *days(5, 1, 3, 2, 4))
    with capture_logs() as lines:
        await purge_of(service, bytes_max=3 * CONTENT_BYTES).once()
    assert await left(service) == [1, 2, 3]
    purged = [(line["cause"], line["refusals"]) for line in lines if "cause" in line]
    assert purged == [("size", 2)]
    await purge_of(service, bytes_max=3 * CONTENT_BYTES - 1).once()
    assert await left(service) == [1, 2]


async def test_more_than_a_batch_is_purged_in_several(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purging, "PURGED_ROWS", 2)
    await keep(service, *days(*range(7), *range(50, 57)))
    await purge_of(service, bytes_max=2 * CONTENT_BYTES).once()
    assert await left(service) == [0, 1]


async def test_processes_that_purge_at_once_remove_no_more_than_one_would(service: Service) -> None:
    await keep(service, *days(*range(20)))
    purges = [purge_of(service, bytes_max=10 * CONTENT_BYTES) for _ in range(4)]
    await asyncio.gather(*(purge.once() for purge in purges))
    await purges[0].once()
    assert await left(service) == list(range(10))


async def test_while_another_process_purges_there_is_nothing_to_wait_for(service: Service) -> None:
    await keep(service, *days(40))
    async with connection_to(service.owner_url) as connection, connection.transaction():
        await connection.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"leadledger purge {SCHEMA}"
        )
        async with asyncio.timeout(5):
            await purge_of(service, bytes_max=1).once()
        assert await left(service) == [40]
    await purge_of(service).once()
    assert await left(service) == []


async def test_a_refusal_that_comes_again_is_not_kept_for_longer(service: Service) -> None:
    """Its bytes keep their age; a repetition after the purge is kept as new."""
    event = {"id": "1", "source": "website", "type": "nonsense"}
    refusal = (await service.client.post("/v1/events", json=event)).json()["refusal"]
    async with connection_to(service.owner_url) as connection:
        await connection.execute(
            "UPDATE ledger.refusals SET received_at = $1", datetime.now(UTC) - timedelta(days=31)
        )
    assert (await service.client.post("/v1/events", json=event)).json()["refusal"] == refusal
    await purge_of(service).once()
    assert await left(service) == []
    await service.client.post("/v1/events", json=event)
    kept = (await service.client.get(f"/v1/refusals/{refusal}")).json()
    assert kept["times"] == 1


async def test_open_and_purged_refusals_are_measured(service: Service) -> None:
    await keep(service, *days(10, 2, 31))
    await purge_of(service).once()
    found = await metrics(service)
    assert found['leadledger_refusals_open{reason="event-invalid"}'] == 2
    assert found['leadledger_refusals_open{reason="lead-unknown"}'] == 0
    assert found["leadledger_refusals_oldest_open_seconds"] == pytest.approx(864_000, abs=60)
    assert found["leadledger_refusals_bytes"] == 2 * CONTENT_BYTES
    assert found['leadledger_refusals_purged_total{cause="age"}'] == 1
    await purge_of(service, days_max=1).once()
    found = await metrics(service)
    assert found['leadledger_refusals_open{reason="event-invalid"}'] == 0
    assert found["leadledger_refusals_oldest_open_seconds"] == 0


async def test_the_service_purges_automatically(
    postgres_server: PrivatePostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purging, "PURGE_EVERY_S", 0.05)
    async with running_service(postgres_server, refusals_days_max=1) as service:
        await keep(service, *days(0, 2))
        for _ in range(200):
            await asyncio.sleep(0.05)
            if await left(service) == [0]:
                return
    raise AssertionError("nobody purged")


async def test_a_failed_purge_is_retried(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(purging, "PURGE_EVERY_S", 0.01)
    await keep(service, *days(40))
    with capture_logs() as lines:
        async with ending_connections(service.owner_url, "DELETE ON ledger.refusals"):
            task = asyncio.create_task(purge_of(service).run())
            await until(lambda: [line["event"] for line in lines].count("loop.waits") >= 2)
            assert await left(service) == [40]
        await until(lambda: lines[-1]["event"] == "refusals.purged")
        task.cancel()
    assert {line["loop"] for line in lines[:-1]} == {"purge"}
    assert await left(service) == []
