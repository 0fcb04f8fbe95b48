"""Read-only requests: HEAD wherever GET is, and no query that waits indefinitely."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from fastapi.routing import APIRoute

from service.feed.tail import Tail
from service.private_postgres import PrivatePostgres
from service.routes import collectors
from tests.support.http_service import Service, listening, running_service
from tests.support.postgres import connection_to

pytestmark = pytest.mark.asyncio(loop_scope="module")

SOME_ID = "01890000-0000-7000-8000-000000000000"
OF_THE_ANSWER = {"content-type", "content-length", "status"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        yield running


def paths_of(service: Service, *, method: str) -> list[str]:
    """List every path of the application that takes a method."""
    routes = [one for one in service.app.routes if isinstance(one, APIRoute)]
    taken = [one for one in routes if method in (one.methods or ()) and "{" not in one.path]
    return sorted({one.path for one in taken if one not in collectors.ROUTES})


async def test_head_is_answered_like_get_without_the_body_wherever_get_is(service: Service) -> None:
    paths = set(paths_of(service, method="GET")) - {"/v1/events/stream", "/metrics"}
    assert {"/livez", "/readyz", "/docs", "/openapi.json", "/v1/events", "/v1/funnel"} <= paths
    async with listening(service) as client:
        for path in [*sorted(paths), f"/v1/leads/{SOME_ID}", "/nowhere"]:
            got, headed = await client.get(path), await client.head(path)
            assert (headed.status_code, headed.content) == (got.status_code, b""), path
            assert headed.headers["content-type"] == got.headers["content-type"], path
            assert headed.headers["content-length"] == got.headers["content-length"], path


async def test_head_of_a_stream_ends_at_once_and_leaves_no_reader(service: Service) -> None:
    async with listening(service) as client, asyncio.timeout(5):
        for path in ("/metrics", "/v1/events/stream"):
            assert (await client.head(path)).status_code == 200
        async with service.part(Tail).reading():
            pass
        assert (await client.head("/livez")).status_code == 200


async def test_head_is_not_allowed_where_get_is_not_and_records_nothing(service: Service) -> None:
    for path in ("/v1/leads/find", "/i"):
        answer = await service.client.head(path)
        assert answer.status_code == 405, path
        assert "HEAD" not in answer.headers["allow"]
    detail = (await service.client.request("DELETE", "/livez")).json()["detail"]
    assert detail == "DELETE is not allowed here; allowed: GET, HEAD."


async def test_a_query_is_answered_even_if_the_database_is_too_busy(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.http.answer_in_time.QUESTION_WAIT_S", 0.5)
    async with connection_to(service.owner_url) as owner, owner.transaction():
        await owner.execute("LOCK TABLE ledger.refusals")
        # Sooner than the database itself would report a lock wait.
        async with asyncio.timeout(3):
            answer = await service.client.get("/v1/refusals")
    assert answer.status_code == 503
    assert answer.json()["code"] == "ledger-unavailable"
    assert "retry-after" in answer.headers
    assert (await service.client.get("/v1/refusals")).status_code == 200


async def test_an_answer_that_has_begun_has_no_time_limit(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.http.answer_in_time.QUESTION_WAIT_S", 0.3)
    event = {"id": "late", "source": "website", "type": "form.submitted"}
    async with listening(service) as client, client.stream("GET", "/v1/events/stream") as stream:
        await asyncio.sleep(0.6)
        sent = await service.client.post("/v1/events", json={**event, "lead": {"user_id": "u"}})
        assert sent.status_code == 201
        async with asyncio.timeout(5):
            async for line in stream.aiter_lines():
                if '"late"' in line:
                    break
