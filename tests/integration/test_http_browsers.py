"""Keys in web pages: valid only from their origins, and with very few rights."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from service.app import OPEN_PATHS
from service.keys.directory import KeyDirectory
from service.keys.scopes import Scope
from service.keys.store import KeyStore
from service.limits import KEYS_REFRESH_S
from service.private_postgres import PrivatePostgres
from tests.support.http_service import SCHEMA, SEALS, Service, running_service, serving_with

pytestmark = pytest.mark.asyncio(loop_scope="module")

PAGE = "https://www.example.co.jp"
ELSEWHERE = "https://evil.example"
VISIT = {"id": "v", "type": "visit.recorded", "lead": {"anonymous_id": "c"}}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        yield running


async def a_key(service: Service, *origins: str, **terms: Any) -> dict[str, str]:
    headers = await service.key(Scope.EVENTS_WRITE, origins=origins or (PAGE,), **terms)
    # A process may have cached the origins a moment ago.
    service.part(KeyDirectory)._origins_read_at -= 2 * KEYS_REFRESH_S
    return headers


async def preflight(service: Service, origin: str, path: str = "/v1/events") -> httpx.Response:
    return await service.client.options(
        path,
        headers={
            "authorization": "",
            "origin": origin,
            "access-control-request-method": "POST",
            "access-control-request-headers": "authorization,content-type",
        },
    )


async def test_a_preflight_allows_a_page_to_report(service: Service) -> None:
    await a_key(service)
    answer = await preflight(service, PAGE)
    assert answer.status_code == 200
    assert answer.content == b""
    allowed = {name: value for name, value in answer.headers.items() if name.startswith("access-")}
    assert allowed == {
        "access-control-allow-origin": PAGE,
        "access-control-allow-methods": "POST",
        "access-control-allow-headers": "authorization, content-type, content-encoding, prefer, "
        "posthog-attempt, posthog-request-id, posthog-request-timestamp, posthog-sdk-info",
        "access-control-max-age": "600",
    }
    assert answer.headers["vary"] == "origin"


async def test_a_page_without_a_key_is_rejected(service: Service) -> None:
    await a_key(service)
    for origin in (ELSEWHERE, "null", PAGE + ".evil.example", PAGE.upper()):
        answer = await preflight(service, origin)
        assert (answer.status_code, answer.json()["code"]) == (403, "origin-not-allowed")
        assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("path", ["/v1/leads/find", "/v1/keys", "/v1/refusals/retry"])
async def test_only_reporting_routes_are_open_to_pages(service: Service, path: str) -> None:
    await a_key(service)
    answer = await preflight(service, PAGE, path)
    assert answer.status_code == 405
    assert "access-control-allow-origin" not in answer.headers


async def test_a_page_reports_a_fact_and_may_read_the_answer(service: Service) -> None:
    headers = await a_key(service)
    answer = await service.client.post("/v1/events", json=VISIT, headers=headers | {"origin": PAGE})
    assert answer.status_code == 201
    assert answer.headers["access-control-allow-origin"] == PAGE
    wrong = await service.client.post("/v1/events", json={}, headers=headers | {"origin": PAGE})
    assert wrong.status_code == 422
    assert wrong.headers["access-control-allow-origin"] == PAGE


@pytest.mark.parametrize("origin", [{}, {"origin": ELSEWHERE}, {"origin": "null"}])
async def test_a_page_key_is_rejected_from_other_origins(
    service: Service, origin: dict[str, str]
) -> None:
    headers = await a_key(service)
    answer = await service.client.post("/v1/events", json=VISIT, headers=headers | origin)
    assert (answer.status_code, answer.json()["code"]) == (403, "origin-not-allowed")
    assert "access-control-allow-origin" not in answer.headers


async def test_another_page_with_its_own_key_cannot_use_this_one(service: Service) -> None:
    """A preflight succeeds for any page that has a key; the check of the key distinguishes them."""
    other = "https://shop.example.co.jp"
    headers = await a_key(service)
    await a_key(service, other)
    assert (await preflight(service, other)).status_code == 200
    answer = await service.client.post(
        "/v1/events", json=VISIT, headers=headers | {"origin": other}
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "origin-not-allowed")


async def test_a_server_key_needs_no_origin(service: Service) -> None:
    headers = await service.key(Scope.EVENTS_WRITE)
    event = VISIT | {"id": "server"}
    answer = await service.client.post(
        "/v1/events", json=event, headers=headers | {"origin": ELSEWHERE}
    )
    assert answer.status_code == 201
    assert "access-control-allow-origin" not in answer.headers


async def test_a_page_cannot_decide_or_read(service: Service) -> None:
    headers = await a_key(service) | {"origin": PAGE}
    decision = {"id": "d", "type": "lead.accepted", "lead": {"email": "a@example.co.jp"}}
    answer = await service.client.post("/v1/events", json=decision, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "scope-missing")
    for path in ("/v1/events", "/v1/refusals", "/v1/funnel", "/v1/keys"):
        assert (await service.client.get(path, headers=headers)).status_code == 403


async def test_an_origin_is_forgotten_with_its_last_key(service: Service) -> None:
    origin = "https://gone.example.co.jp"
    soon = datetime.now(UTC) + timedelta(seconds=0.5)
    await a_key(service, origin, expires_at=soon)
    revoked = await a_key(service, origin)
    assert (await preflight(service, origin)).status_code == 200
    key_id = revoked["authorization"].split("_")[1]
    await service.client.delete(f"/v1/keys/{key_id}")
    while datetime.now(UTC) < soon:
        service.part(KeyDirectory)._origins_read_at -= KEYS_REFRESH_S / 4
        await preflight(service, origin)
    service.part(KeyDirectory)._origins_read_at -= 2 * KEYS_REFRESH_S
    assert (await preflight(service, origin)).status_code == 403


class WatchedKeyStore(KeyStore):
    """A key store that counts how often it is asked for origins, and may be unavailable."""

    asked = 0
    is_away = False

    async def origins(self, *, limit: int) -> frozenset[str]:
        self.asked += 1
        if self.is_away:
            raise OSError
        return await super().origins(limit=limit)


@pytest.fixture
def watched(service: Service) -> Iterator[WatchedKeyStore]:
    """Serve with a directory that has read nothing yet, and a watched store behind it."""
    store = WatchedKeyStore(service.engine, SCHEMA, SEALS)
    with serving_with(service, KeyDirectory, KeyDirectory(store)):
        yield store


async def test_the_database_is_queried_once_a_second_however_many_browsers_ask(
    service: Service, watched: WatchedKeyStore
) -> None:
    await a_key(service)
    for number in range(50):
        await preflight(service, f"https://{number}.example")
    assert 1 <= watched.asked <= 2


async def test_an_unavailable_database_does_not_lock_pages_out(
    service: Service, watched: WatchedKeyStore
) -> None:
    await a_key(service)
    assert (await preflight(service, PAGE)).status_code == 200
    watched.is_away = True
    service.part(KeyDirectory)._origins_read_at -= 2 * KEYS_REFRESH_S
    with capture_logs() as lines:
        assert (await preflight(service, PAGE)).status_code == 200
    assert "keys.origins_not_read" in {line["event"] for line in lines}


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"scopes": ["events:write", "leads:read"]}, "/scopes"),
        ({"scopes": ["events:read"]}, "/scopes"),
        ({"sources": ["website", "*"]}, "/sources"),
        ({"origins": [PAGE, "https://www.example.co.jp/"]}, "/origins/1"),
        ({"origins": ["*"]}, "/origins/0"),
        ({"origins": ["null"]}, "/origins/0"),
        ({"origins": ["www.example.co.jp"]}, "/origins/0"),
        ({"origins": ["https://*.example.co.jp"]}, "/origins/0"),
        ({"origins": ["https://WWW.example.co.jp"]}, "/origins/0"),
        ({"origins": ["https://www.example.co.jp:443"]}, "/origins/0"),
        ({"origins": ["https://user@www.example.co.jp"]}, "/origins/0"),
    ],
)
async def test_a_page_key_has_few_rights(
    service: Service, changes: dict[str, Any], pointer: str
) -> None:
    asked = {"name": "page", "sources": ["website"], "origins": [PAGE], **changes}
    answer = await service.client.post("/v1/keys", json=asked)
    assert (answer.status_code, answer.json()["pointer"]) == (422, pointer)


@pytest.mark.parametrize("origin", [PAGE, "http://localhost:3000", "https://[::1]:8443"])
async def test_origins_are_as_browsers_write_them(service: Service, origin: str) -> None:
    asked = {"name": "page", "sources": ["website"], "origins": [origin]}
    answer = await service.client.post("/v1/keys", json=asked)
    assert (answer.status_code, answer.json().get("origins")) == (201, [origin])


async def test_the_paths_of_pages_are_paths_of_the_service(service: Service) -> None:
    document = (await service.client.get("/openapi.json")).json()
    assert set(document["paths"]) >= OPEN_PATHS
