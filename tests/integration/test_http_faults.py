"""What a sender sees when something fails below the service: no false answer, and no fault."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from service.keys.directory import KeyDirectory
from service.keys.key_text import parse
from service.keys.scopes import Scope
from service.keys.store import KeyStore
from service.private_postgres import PrivatePostgres
from tests.support.http_service import Service, running_service
from tests.support.postgres import connection_to

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    # The socket of a connection that the server cut is closed by the garbage collector.
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

SENDERS, EVENTS_EACH = 8, 15


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        yield running


def an_event(name: str) -> dict[str, Any]:
    return {
        "id": name,
        "source": "website",
        "type": "visit.recorded",
        "lead": {"anonymous_id": name},
    }


async def kill_connections(service: Service) -> int:
    """Make the database cut every connection of the service."""
    async with connection_to(service.app_url) as connection:
        killed = await connection.fetch(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            "   AND usename = current_user"
        )
    return len(killed)


async def ids_in_feed(service: Service) -> list[str]:
    for _ in range(5):
        answer = await service.client.get(
            "/v1/events", headers={"accept": "application/x-ndjson"}, params={"limit": 1000}
        )
        if answer.status_code == 200:
            break
    lines = httpx.Response(200, content=answer.content).text.splitlines()
    return [line.split('"id":"', 1)[1].split('"', 1)[0] for line in lines]


async def test_events_answered_as_recorded_are_there_once_when_connections_are_cut(
    service: Service,
) -> None:
    recorded: list[str] = []
    statuses: set[int] = set()

    async def send(sender: int) -> None:
        for number in range(EVENTS_EACH):
            name = f"cut-{sender}-{number}"
            answer = await service.client.post("/v1/events", json=an_event(name))
            statuses.add(answer.status_code)
            if answer.status_code in {200, 201}:
                recorded.append(name)

    sending = [asyncio.create_task(send(sender)) for sender in range(SENDERS)]
    killed = 0
    while not all(task.done() for task in sending):
        killed += await kill_connections(service)
        await asyncio.sleep(0.05)
    await asyncio.gather(*sending)
    found = await ids_in_feed(service)
    assert killed > 0
    assert statuses <= {200, 201, 503}
    assert len(recorded) > 0
    assert sorted(id for id in found if id.startswith("cut-")) == sorted(set(recorded))


async def test_readers_do_not_notice_that_their_connections_were_cut(service: Service) -> None:
    for _ in range(3):
        assert (await service.client.get("/v1/events")).status_code == 200
        assert await kill_connections(service) > 0
        # The driver notices as soon as it listens again.
        await asyncio.sleep(0.05)


async def test_a_sender_that_disconnects_loses_nothing(service: Service) -> None:
    sending = [
        asyncio.create_task(service.client.post("/v1/events", json=an_event(f"gone-{number}")))
        for number in range(20)
    ]
    await asyncio.sleep(0.005)
    for task in sending:
        task.cancel()
    await asyncio.gather(*sending, return_exceptions=True)
    answer = await service.client.post("/v1/events", json=an_event("stayed"))
    assert answer.status_code == 201
    found = await ids_in_feed(service)
    assert found.count("stayed") == 1
    assert len(found) == len(set(found))


async def test_the_queue_is_drained_before_the_service_ends(
    postgres_server: PrivatePostgres,
) -> None:
    async with running_service(postgres_server) as running:
        assert (await running.client.post("/v1/events", json=an_event("first"))).is_success
        sending = [
            asyncio.create_task(running.client.post("/v1/events", json=an_event(f"last-{number}")))
            for number in range(30)
        ]
        # Long enough to be queued, too short to be answered.
        for _ in range(3):
            await asyncio.sleep(0)
        assert not any(task.done() for task in sending)
    answers = await asyncio.gather(*sending)
    assert {answer.status_code for answer in answers} == {201}


async def test_without_its_refresh_a_process_would_keep_trusting_a_revoked_key(
    service: Service,
) -> None:
    """The negative twin: it is the refresh that makes the process reject a revoked key."""
    headers = await service.key(Scope.EVENTS_READ)
    key = parse(headers["authorization"].removeprefix("Bearer "))
    careless = KeyDirectory(service.part(KeyStore))
    assert await careless.find(key) is not None
    await service.part(KeyStore).revoke(key.key_id, by=None)
    await asyncio.sleep(1.5)
    assert careless.recall(key) is not None
