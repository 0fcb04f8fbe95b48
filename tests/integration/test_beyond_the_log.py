"""A position beyond the end of the log: after a restore, no reader may skip the next events."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
import pytest_asyncio

from projections.engine.rebuild import rebuild
from projections.funnel.projection import NAME, stage_intervals
from service.feed import tail
from service.private_postgres import PrivatePostgres
from service.projected import ProjectedTables
from service.routes import stream
from service.webhooks.queue import DeliveryQueue
from tests.support.http_service import SCHEMA, Service, listening, running_service
from tests.support.postgres import connection_to

pytestmark = pytest.mark.asyncio(loop_scope="module")

BEYOND = 1_000_000
PERIOD = {"from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        event = {"id": "a", "type": "visit.recorded", "lead": {"anonymous_id": "c"}}
        await running.client.post("/v1/events", json=event)
        yield running


@pytest.mark.parametrize(
    ("path", "params", "headers"),
    [
        ("/v1/events", {"after": BEYOND}, {}),
        ("/v1/events", {"after": BEYOND, "wait": 20}, {}),
        ("/v1/events", {"after": BEYOND, "type": "visit.recorded"}, {}),
        ("/v1/events", {"after": BEYOND}, {"accept": "application/x-ndjson"}),
        ("/v1/events/stream", {"after": BEYOND}, {}),
        ("/v1/events/stream", {}, {"last-event-id": str(BEYOND)}),
        ("/v1/conflicts", {"after": BEYOND}, {}),
        ("/v1/leads/{lead}/history", {"after": BEYOND}, {}),
        ("/v1/leads/{lead}/replay", {"after": BEYOND}, {}),
        ("/v1/leads/{lead}/replay", {"position": BEYOND}, {}),
        ("/v1/funnel", {"wait_for": BEYOND}, {}),
        ("/v1/funnel", {"known_at": BEYOND}, {}),
        ("/v1/funnel/flow", {**PERIOD, "known_at": BEYOND}, {}),
        ("/v1/contribution", {**PERIOD, "known_at": BEYOND}, {}),
        ("/v1/lists", {"wait_for": BEYOND}, {}),
        ("/v1/deadlines", {"wait_for": BEYOND}, {}),
    ],
)
async def test_a_position_beyond_the_log_gets_409(
    service: Service, path: str, params: Mapping[str, Any], headers: Mapping[str, str]
) -> None:
    feed = (await service.client.get("/v1/events")).json()
    head, lead = feed["head"], feed["events"][-1]["subject"].removeprefix("lead/")
    answer = await service.client.get(path.format(lead=lead), params=params, headers=headers)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (409, "log-shorter")
    assert (problem["expected"], problem["found"]) == (head, str(BEYOND))
    assert "restored" in problem["detail"]


async def test_the_end_of_the_log_is_a_valid_position(service: Service) -> None:
    head = (await service.client.get("/v1/events")).json()["head"]
    for path, params in (("/v1/events", {"after": head}), ("/v1/funnel", {"known_at": head})):
        assert (await service.client.get(path, params=params)).status_code == 200


async def test_a_webhook_cannot_begin_beyond_the_log(service: Service) -> None:
    asked = {"url": "https://receiver.example/", "after": str(BEYOND)}
    answer = await service.client.post("/v1/webhooks", json=asked)
    assert (answer.status_code, answer.json()["code"]) == (409, "log-shorter")


async def test_a_webhook_whose_position_is_beyond_the_log_is_disabled(service: Service) -> None:
    made = await service.client.post("/v1/webhooks", json={"url": "https://receiver.example/"})
    async with connection_to(service.owner_url) as owner:
        await owner.execute("UPDATE ledger.webhooks SET position = $1", BEYOND)
    await DeliveryQueue(service.engine, SCHEMA).look()
    read = (await service.client.get(f"/v1/webhooks/{made.json()['id']}")).json()
    assert read["enabled"] is False
    assert f"before the webhook's place, {BEYOND}" in read["disabled_reason"]


async def test_a_projection_whose_checkpoint_is_beyond_the_log_stops_until_it_is_rebuilt(
    service: Service,
) -> None:
    runner = service.part(ProjectedTables).checkpoints
    head = int((await service.client.get("/v1/events")).json()["head"])
    await runner.wait_for(head, name=NAME, timeout_s=10)
    async with connection_to(service.owner_url) as owner:
        await owner.execute(
            "UPDATE ledger.projections SET position = $1 WHERE name = $2 AND status = 'live'",
            BEYOND,
            NAME,
        )
    (failure,) = [lag.failure for lag in await runner.lags() if lag.name == NAME]
    assert failure is not None
    assert f"the log ends at position {head}" in failure
    assert f"the log ends at position {head}" in (await service.client.get("/readyz")).text
    await rebuild(service.engine, stage_intervals(SCHEMA), schema=SCHEMA)
    (lag,) = [lag for lag in await runner.lags() if lag.name == NAME]
    assert (lag.position, lag.failure) == (head, None)


async def test_a_live_stream_ends_when_its_position_is_gone(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Runs last: the database is restored while a client follows it."""
    monkeypatch.setattr(tail, "TAIL_RETRY_S", 0.05)
    monkeypatch.setattr(stream, "STREAM_LOOK_S", 0.05)
    head = int((await service.client.get("/v1/events")).json()["head"])
    async with (
        listening(service) as port,
        asyncio.timeout(20),
        port.stream("GET", "/v1/events/stream", params={"after": head}) as answer,
    ):
        lines = answer.aiter_lines()
        assert await anext(lines) == "retry: 2000"
        async with connection_to(service.owner_url) as owner:
            await owner.execute("ALTER TABLE ledger.events DISABLE TRIGGER USER")
            await owner.execute("DELETE FROM ledger.events WHERE position = $1", head)
            await owner.execute("UPDATE ledger.ledger_head SET position = $1", head - 1)
        # Restoring a database closes the connections to it.
        async with connection_to(service.app_url) as app:
            await app.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE usename = current_user AND datname = current_database() "
                "AND pid <> pg_backend_pid()"
            )
        async for _ in lines:
            pass
