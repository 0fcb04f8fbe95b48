"""Keys are changed and rotated without a moment in which their holders are rejected."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio

from service.keys.directory import KeyDirectory
from service.keys.key_text import parse
from service.keys.scopes import Scope
from service.private_postgres import PrivatePostgres
from tests.support.http_service import Service, running_service

pytestmark = pytest.mark.asyncio(loop_scope="module")

DECISION = {"type": "lead.qualified", "lead": {"email": "hanako@example.co.jp"}}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        yield running


async def make(service: Service, **terms: Any) -> dict[str, Any]:
    asked = {"name": "web site", "sources": ["website", "blog"], **terms}
    answer = await service.client.post("/v1/keys", json=asked)
    assert answer.status_code == 201
    return dict(answer.json())


async def report(service: Service, key: str, id: str) -> httpx.Response:
    event = {"id": id, "type": "visit.recorded", "lead": {"anonymous_id": "c"}}
    headers = {"authorization": f"Bearer {key}"}
    return await service.client.post("/v1/events", json=event, headers=headers)


async def rotate(service: Service, key_id: str, **params: Any) -> httpx.Response:
    return await service.client.post(f"/v1/keys/{key_id}/rotate", params=params)


async def test_a_new_key_takes_over_while_the_old_one_still_works(service: Service) -> None:
    old = await make(service, events_per_second=9)
    answer = await rotate(service, old["id"], overlap_s=3600)
    new = answer.json()
    assert answer.status_code == 201
    changing = {"id", "key", "created_at", "expires_at", "replaces"}
    assert {name: new[name] for name in new if name not in changing} == {
        name: old[name] for name in old if name not in changing
    }
    assert new["expires_at"] is None
    assert new["replaces"]["id"] == old["id"]
    left = datetime.fromisoformat(new["replaces"]["expires_at"]) - datetime.now(UTC)
    assert timedelta(minutes=59) < left <= timedelta(hours=1)
    assert (await report(service, old["key"], "old")).status_code == 201
    assert (await report(service, new["key"], "new")).status_code == 201
    listed = (await service.client.get("/v1/keys", params={"limit": 1000})).json()["keys"]
    assert new["replaces"] in listed


async def test_after_the_overlap_the_new_key_alone_works(service: Service) -> None:
    old = await make(service)
    new = (await rotate(service, old["id"], overlap_s=0)).json()
    assert (await report(service, old["key"], "none")).status_code == 401
    assert (await report(service, new["key"], "only")).status_code == 201


async def test_a_key_with_a_lifetime_is_rotated_to_one_with_the_same_lifetime(
    service: Service,
) -> None:
    until = datetime.now(UTC) + timedelta(days=10)
    old = await make(service, expires_at=until.isoformat())
    new = (await rotate(service, old["id"], overlap_s=30 * 86_400)).json()
    life = datetime.fromisoformat(new["expires_at"]) - datetime.fromisoformat(new["created_at"])
    assert abs(life - timedelta(days=10)) < timedelta(minutes=1)
    assert new["replaces"]["expires_at"] == old["expires_at"]
    given = await rotate(service, new["id"], expires_at="2040-01-01T00:00:00Z")
    assert given.json()["expires_at"] == "2040-01-01T00:00:00.000000Z"


async def test_a_key_that_has_ended_is_not_rotated(service: Service) -> None:
    old = await make(service)
    await service.client.delete(f"/v1/keys/{old['id']}")
    answer = await rotate(service, old["id"])
    assert (answer.status_code, answer.json()["code"]) == (409, "key-ended")
    assert (await rotate(service, "nobody")).status_code == 404


async def test_a_key_can_be_given_a_department(service: Service) -> None:
    lead = {"id": "f", "type": "form.submitted", "lead": DECISION["lead"]}
    await service.client.post("/v1/events", json={**lead, "source": "website"})
    made = await make(service, scopes=["events:write", "decisions:write"])
    headers = {"authorization": f"Bearer {made['key']}"}
    decision = {"id": "q", **DECISION}
    answer = await service.client.post("/v1/events", json=decision, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "department-not-allowed")
    path = f"/v1/keys/{made['id']}"
    changed = await service.client.patch(path, json={"department": "marketing"})
    assert changed.json() == {
        **{name: value for name, value in made.items() if name != "key"},
        "department": "marketing",
    }
    await service.part(KeyDirectory)._refresh()
    answer = await service.client.post("/v1/events", json=decision, headers=headers)
    assert answer.status_code == 201
    again = await service.client.patch(path, json={"department": None, "name": "field"})
    assert (again.json()["department"], again.json()["name"]) == (None, "field")


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"name": None}, "/name"),
        ({"sources": None}, "/sources"),
        ({"sources": []}, "/sources"),
        ({"sources": ["leadledger"]}, "/sources"),
        ({"sources": ["ウェブ"]}, "/sources/0"),
        ({"scopes": ["everything"]}, "/scopes/0"),
        ({"department": "kitchen"}, "/department"),
        ({"origins": ["https://www.example.jp"], "scopes": ["leads:read"]}, "/scopes"),
        ({"events_per_second": 0}, "/events_per_second"),
        ({"revoked_at": None}, "/revoked_at"),
    ],
)
async def test_an_invalid_change_changes_nothing(
    service: Service, changes: dict[str, Any], pointer: str
) -> None:
    made = await make(service)
    path = f"/v1/keys/{made['id']}"
    answer = await service.client.patch(path, json=changes)
    assert (answer.status_code, answer.json()["pointer"]) == (422, pointer)
    assert (await service.client.patch(path, json={})).json()["name"] == made["name"]


async def test_a_change_of_an_unknown_key_is_not_found(service: Service) -> None:
    answer = await service.client.patch("/v1/keys/nobody", json={"name": "x"})
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


async def test_the_rate_of_a_key_can_be_changed(service: Service) -> None:
    headers = await service.key(Scope.EVENTS_WRITE, events_per_second=1)
    key = parse(headers["authorization"].removeprefix("Bearer "))
    for number in range(6):
        last = await report(service, key.text, f"rate-{number}")
    assert last.status_code == 429
    await service.client.patch(f"/v1/keys/{key.key_id}", json={"events_per_second": None})
    await service.part(KeyDirectory)._refresh()
    assert (await report(service, key.text, "rate-now")).status_code == 201
