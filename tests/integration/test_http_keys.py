"""Keys and scopes: no route is open by accident, and a revoked key is rejected everywhere."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from service.app import create_app
from service.composition.whole import open_parts
from service.keys.bootstrap import ADMINISTRATOR, BootstrapKeyMalformed, bootstrap
from service.keys.directory import KeyDirectory
from service.keys.key_text import KeyText, mint, parse
from service.keys.scopes import Scope
from service.keys.store import KeyStore
from service.limits import KEYS_TRUST_S
from service.openapi.document import needed_scopes
from service.private_postgres import PrivatePostgres
from tests.support.api_routes import api_routes
from tests.support.http_service import Service, prepare, running_service, settings_for
from tests.support.postgres import connection_to, fresh_database

pytestmark = pytest.mark.asyncio(loop_scope="module")

OPEN = {"/livez", "/readyz", "/openapi.json", "/docs", "/docs/{digest}/{file}"}
SOME_ID = "01890000-0000-7000-8000-000000000000"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        yield running


def routes() -> list[tuple[str, str, tuple[Scope, ...]]]:
    """List every route of the application with its scopes, of which a key needs one."""
    app = create_app(lambda: pytest.fail("the application is not started"))
    return [
        (method, route.path_format, needed_scopes(route))
        for route in api_routes(app)
        for method in route.methods or ()
    ]


async def call(service: Service, method: str, path: str, headers: dict[str, str]) -> int:
    path = path.replace("{lead_id}", SOME_ID).replace("{refusal_id}", SOME_ID)
    path = path.replace("{key_id}", "nobody").replace("{webhook_id}", SOME_ID)
    path = path.replace("{position}", "1")
    # An invalid number, so that the stream, which would never end, does not begin.
    headers = {**headers, "last-event-id": "none"}
    answer = await service.client.request(method, path, headers=headers, content=b"{}")
    return answer.status_code


async def test_only_the_intended_routes_are_open() -> None:
    assert {path for _, path, scopes in routes() if not scopes} == OPEN


async def test_every_route_requires_its_scope_and_no_other(service: Service) -> None:
    keys = {scope: await service.key(scope) for scope in Scope}
    for method, path, needed in routes():
        if path in OPEN:
            # No key is asked for, even where there is no such file.
            expected = 404 if "{" in path else 200
            assert await call(service, method, path, {"authorization": ""}) == expected
            continue
        assert await call(service, method, path, {"authorization": ""}) == 401
        for scope in Scope:
            status = await call(service, method, path, keys[scope])
            assert (status == 403) == (scope not in needed), (method, path, scope, status)


async def test_a_key_is_shown_once_and_works(service: Service) -> None:
    asked = {
        "name": "web site",
        "sources": ["website", "blog"],
        "department": "marketing",
        "scopes": ["events:write", "decisions:write"],
        "events_per_second": 50,
    }
    answer = await service.client.post("/v1/keys", json=asked)
    made = answer.json()
    key = made.pop("key")
    assert answer.status_code == 201
    assert made == {
        **asked,
        "id": parse(key).key_id,
        "holder": "system",
        "person": None,
        "origins": [],
        "created_at": made["created_at"],
        "expires_at": None,
        "revoked_at": None,
        "founder": False,
    }
    event = {"id": "k", "type": "form.submitted", "lead": {"email": "k@example.co.jp"}}
    headers = {"authorization": f"Bearer {key}"}
    assert (await service.client.post("/v1/events", json=event, headers=headers)).status_code == 201
    feed = (await service.client.get("/v1/events?type=form.submitted")).json()["events"]
    record = next(one for one in feed if one["id"] == "k")
    assert (record["source"], record["key"], record["department"]) == (
        "website",
        made["id"],
        "marketing",
    )
    listed = (await service.client.get("/v1/keys")).json()["keys"]
    assert made in listed


async def test_whether_a_key_is_a_persons_is_in_the_log_and_who_it_is_only_with_the_key(
    service: Service,
) -> None:
    asked = {"name": "x", "sources": ["pages"], "person": "E1042"}
    made = (await service.client.post("/v1/keys", json=asked)).json()
    assert (made["holder"], made["person"]) == ("person", "E1042")
    feed = (await service.client.get("/v1/events?type=key.created")).json()["events"]
    record = next(one for one in feed if one["data"]["key"] == made["id"])
    assert record["data"]["person"] is True
    assert "E1042" not in str(feed)
    rotated = (await service.client.post(f"/v1/keys/{made['id']}/rotate")).json()
    assert rotated["person"] == "E1042"
    change = {"person": "E7"}
    changed = await service.client.patch(f"/v1/keys/{made['id']}", json=change)
    assert (changed.status_code, changed.json()["pointer"]) == (422, "/person")
    blind = await service.key(Scope.KEYS_ADMIN)
    listed = (await service.client.get("/v1/keys", headers=blind)).json()["keys"]
    assert {one["person"] for one in listed} == {None}
    assert {one["holder"] for one in listed} == {"person", "system"}


async def test_a_new_key_may_report_facts_and_nothing_else(service: Service) -> None:
    answer = await service.client.post("/v1/keys", json={"name": "x", "sources": ["x"]})
    assert answer.json()["scopes"] == ["events:write"]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"scopes": ["everything"]}, "/scopes/0"),
        ({"sources": []}, "/sources"),
        ({"sources": ["leadledger"]}, "/sources"),
        ({"sources": ["*"]}, "/sources"),
        ({"sources": ['"' * 250 + str(number) for number in range(70)]}, "/sources"),
        ({"origins": [f"https://{'a.' * 17_000}jp"]}, "/origins"),
        ({"department": "kitchen"}, "/department"),
        ({"expires_at": "tomorrow"}, "/expires_at"),
        ({"events_per_second": 0}, "/events_per_second"),
        ({"events_per_second": "7"}, "/events_per_second"),
        ({"colour": "red"}, "/colour"),
        ({"name": "a\0b"}, "/name"),
        ({"person": "hanako@example.co.jp"}, "/person"),
        ({"person": "E1", "origins": ["https://www.example.jp"]}, "/person"),
    ],
)
async def test_an_invalid_key_is_not_made(
    service: Service, changes: dict[str, Any], pointer: str
) -> None:
    asked = {"name": "x", "sources": ["x"], **changes}
    answer = await service.client.post("/v1/keys", json=asked)
    assert (answer.status_code, answer.json()["pointer"]) == (422, pointer)


async def test_no_secret_is_stored_or_listed(service: Service) -> None:
    made = (await service.client.post("/v1/keys", json={"name": "x", "sources": ["x"]})).json()
    secret = parse(made["key"]).secret
    listed = await service.client.get("/v1/keys", params={"limit": 1000})
    assert secret not in listed.text
    async with connection_to(service.owner_url) as connection:
        stored = await connection.fetch("SELECT CAST(key AS text) FROM ledger.api_keys AS key")
    assert all(secret not in row[0] for row in stored)


async def test_the_right_id_with_another_secret_is_unknown(service: Service) -> None:
    headers = await service.key(Scope.LEADS_READ)
    key = parse(headers["authorization"].removeprefix("Bearer "))
    keys = service.part(KeyDirectory)
    assert await keys.find(key) is not None
    other = mint()
    assert await keys.find(KeyText(key.key_id, other.secret, "")) is None


async def test_an_expired_key_is_unknown(service: Service) -> None:
    past = await service.key(Scope.EVENTS_READ, expires_at=datetime.now(UTC) - timedelta(seconds=1))
    soon = await service.key(Scope.EVENTS_READ, expires_at=datetime.now(UTC) + timedelta(hours=1))
    assert await call(service, "GET", "/v1/events", past) == 401
    assert await call(service, "GET", "/v1/events", soon) == 200


async def test_a_revoked_key_is_rejected_in_every_process(service: Service) -> None:
    headers = await service.key(Scope.EVENTS_READ)
    key = parse(headers["authorization"].removeprefix("Bearer "))
    elsewhere = KeyDirectory(service.part(KeyStore))
    elsewhere.start()
    try:
        assert await elsewhere.find(key) is not None
        assert await call(service, "GET", "/v1/events", headers) == 200
        answer = await service.client.delete(f"/v1/keys/{key.key_id}")
        assert answer.json()["revoked_at"] is not None
        # From its cache alone, long before that would expire.
        async with asyncio.timeout(KEYS_TRUST_S - 1):
            known = True
            while known:
                await asyncio.sleep(0.05)
                status = await call(service, "GET", "/v1/events", headers)
                known = status == 200 or elsewhere.recall(key) is not None
        assert await elsewhere.find(key) is None
    finally:
        await elsewhere.close()


async def test_a_key_is_not_trusted_from_a_stale_cache(service: Service) -> None:
    headers = await service.key(Scope.EVENTS_READ)
    key = parse(headers["authorization"].removeprefix("Bearer "))
    stale = KeyDirectory(service.part(KeyStore))
    assert await stale.find(key) is not None
    assert stale.recall(key) is not None
    stale._read_at -= KEYS_TRUST_S + 0.1
    assert stale.recall(key) is None
    assert await stale.find(key) is not None
    await service.client.delete(f"/v1/keys/{key.key_id}")
    stale._read_at -= KEYS_TRUST_S + 0.1
    assert await stale.find(key) is None


async def test_unknown_keys_do_not_exhaust_the_database(postgres_server: PrivatePostgres) -> None:
    """However many unknown keys arrive at once while the database is slow to look one up."""
    async with running_service(postgres_server, pool_size=6) as slow:
        headers = await slow.key(Scope.EVENTS_READ)
        assert await call(slow, "GET", "/v1/events", headers) == 200
        unknown = [{"authorization": f"Bearer {mint().text}"} for _ in range(10)]
        async with connection_to(slow.owner_url) as owner, owner.transaction():
            await owner.execute("LOCK TABLE ledger.api_keys")
            strangers = [
                asyncio.create_task(call(slow, "GET", "/v1/events", one)) for one in unknown
            ]
            await asyncio.sleep(0.1)
            async with asyncio.timeout(2):
                assert await call(slow, "GET", "/v1/events", headers) == 200
        assert {*await asyncio.gather(*strangers)} == {401}


async def test_the_first_key_is_made_once(postgres_server: PrivatePostgres) -> None:
    _, app_url = fresh_database(postgres_server, prepare=prepare)
    async with open_parts(settings_for(), app_url) as parts:
        texts = await asyncio.gather(*(bootstrap(parts[KeyStore], None) for _ in range(5)))
        (text,) = (one for one in texts if one is not None)
        holder = await parts[KeyDirectory].find(parse(text))
    assert holder is not None
    assert holder.key.terms == ADMINISTRATOR


async def test_the_first_key_can_be_given(postgres_server: PrivatePostgres) -> None:
    _, app_url = fresh_database(postgres_server, prepare=prepare)
    given = mint()
    async with open_parts(settings_for(), app_url) as parts:
        assert await bootstrap(parts[KeyStore], given.text) is None
        assert await bootstrap(parts[KeyStore], mint().text) is None
        keys = await parts[KeyStore].list(after="", limit=10)
        with pytest.raises(BootstrapKeyMalformed):
            await bootstrap(parts[KeyStore], "change-me")
    assert [key.key_id for key in keys] == [given.key_id]
