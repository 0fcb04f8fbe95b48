"""No key can grant what its holder lacks, and the log holds every change of a key."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio

from service.keys.directory import KeyDirectory
from service.keys.key_text import parse
from service.keys.scopes import Scope
from service.private_postgres import PrivatePostgres
from tests.support.http_service import SCHEMA, Service, running_service
from tests.support.postgres import connection_to
from tests.support.verified import verify

pytestmark = pytest.mark.asyncio(loop_scope="module")

SOON = datetime.now(UTC) + timedelta(days=10)
WRITES = [str(Scope.KEYS_ADMIN), str(Scope.EVENTS_WRITE), str(Scope.DECISIONS_WRITE)]
MODEST: Mapping[str, Any] = {
    "name": "web",
    "sources": ["website"],
    "scopes": ["events:write"],
    "department": "marketing",
    "expires_at": SOON.isoformat(),
    "events_per_second": 10,
}
"""The most that the key below may grant."""
BEYOND: Mapping[str, Mapping[str, Any]] = {
    "scopes": {"scopes": ["events:write", "personal:read"]},
    "sources": {"sources": ["website", "crm"]},
    "any source": {"sources": ["website", "*"]},
    "department": {"department": "field_sales"},
    "expires_at": {"expires_at": (SOON + timedelta(seconds=1)).isoformat()},
    "no expires_at": {"expires_at": None},
    "events_per_second": {"events_per_second": 11},
    "no events_per_second": {"events_per_second": None},
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        yield running


async def modest_administrator(service: Service) -> dict[str, str]:
    return await service.key(
        *(Scope(one) for one in WRITES),
        sources=("website", "blog"),
        department="marketing",
        expires_at=SOON,
        events_per_second=10,
    )


async def make(
    service: Service, terms: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> httpx.Response:
    return await service.client.post("/v1/keys", json=dict(terms), headers=dict(headers or {}))


async def log_of_keys(service: Service) -> list[dict[str, Any]]:
    params = {"type": ["key.created", "key.changed", "key.revoked"], "limit": "1000"}
    answer = await service.client.get("/v1/events", params=params)
    return list(answer.json()["events"])


@pytest.mark.parametrize("what", BEYOND)
async def test_a_key_cannot_make_a_key_with_more_rights_than_its_own(
    service: Service, what: str
) -> None:
    """By making one, by changing one, or by rotating one that another key made."""
    headers = await modest_administrator(service)
    refused = await make(service, {**MODEST, **BEYOND[what]}, headers)
    field = what.rpartition(" ")[2].replace("source", "sources").replace("sourcess", "sources")
    assert (refused.status_code, refused.json()["code"]) == (403, "grant-not-held")
    assert refused.json()["pointer"] == f"/{field}"
    assert {"expected", "found"} <= refused.json().keys()
    made = (await make(service, MODEST, headers)).json()
    path = f"/v1/keys/{made['id']}"
    changed = await service.client.patch(path, json=dict(BEYOND[what]), headers=headers)
    assert (changed.status_code, changed.json()["code"]) == (403, "grant-not-held")
    others = (await make(service, {**MODEST, **BEYOND[what]})).json()
    taken = await service.client.post(f"/v1/keys/{others['id']}/rotate", headers=headers)
    assert (taken.status_code, taken.json()["code"]) == (403, "grant-not-held")
    listed = (await service.client.get("/v1/keys", params={"limit": 1000})).json()["keys"]
    for one in (*listed, made, others):
        # Their text was shown once, and their names only to keys that may read personal data.
        one.pop("key", None)
        one.pop("name")
    assert made in listed
    assert others in listed


async def test_a_key_can_grant_what_it_holds(service: Service) -> None:
    headers = await modest_administrator(service)
    made = await make(service, MODEST, headers)
    assert made.status_code == 201
    path = f"/v1/keys/{made.json()['id']}"
    changes = {"sources": ["website", "blog"], "scopes": ["events:write", "decisions:write"]}
    assert (await service.client.patch(path, json=changes, headers=headers)).status_code == 200
    rotated = await service.client.post(
        f"{path}/rotate", params={"expires_at": MODEST["expires_at"]}, headers=headers
    )
    assert rotated.status_code == 201
    unnamed = await make(service, {**MODEST, "department": None}, headers)
    assert unnamed.status_code == 201


async def test_a_key_administrator_can_reduce_every_key(service: Service) -> None:
    """An administrator can end a compromised key, whatever its rights, or reduce them."""
    headers = await modest_administrator(service)
    rich = (await make(service, {"name": "all", "sources": ["crm"], "scopes": [*Scope]})).json()
    path = f"/v1/keys/{rich['id']}"
    less = {"scopes": [Scope.PERSONAL_READ], "name": "less"}
    assert (await service.client.patch(path, json=less, headers=headers)).status_code == 200
    # The administrator's own source, with a scope that it lacks: more than it holds.
    more = await service.client.patch(path, json={"sources": ["crm", "website"]}, headers=headers)
    assert more.json()["code"] == "grant-not-held"
    assert (await service.client.delete(path, headers=headers)).status_code == 200


async def test_a_page_key_is_not_released_from_its_origins_by_a_key_that_holds_less(
    service: Service,
) -> None:
    """The origins of a key are a restriction like any other: without them it could do more."""
    headers = await modest_administrator(service)
    pages = {"sources": ["crm"], "scopes": ["events:write"], "origins": ["https://a.example"]}
    path = f"/v1/keys/{(await make(service, {'name': 'pages', **pages})).json()['id']}"
    for origins in ([], ["https://a.example", "https://b.example"]):
        more = await service.client.patch(path, json={"origins": origins}, headers=headers)
        assert (more.status_code, more.json()["code"]) == (403, "grant-not-held")


async def test_a_key_does_not_outlive_its_expiry_by_rotating_itself(service: Service) -> None:
    headers = await modest_administrator(service)
    own = parse(headers["authorization"].removeprefix("Bearer ")).key_id
    answer = await service.client.post(f"/v1/keys/{own}/rotate", headers=headers)
    assert (answer.json()["code"], answer.json()["pointer"]) == ("grant-not-held", "/expires_at")
    until: dict[str, str | int] = {"expires_at": SOON.isoformat(), "overlap_s": 0}
    answer = await service.client.post(f"/v1/keys/{own}/rotate", params=until, headers=headers)
    assert answer.status_code == 201


async def test_a_ledger_administrator_can_grant_every_department(service: Service) -> None:
    headers = await service.key(Scope.KEYS_ADMIN, Scope.LEDGER_ADMIN, Scope.DECISIONS_WRITE)
    for department in ("marketing", "field_sales", None):
        terms = {"name": "x", "sources": ["website"], "scopes": ["decisions:write"]}
        answer = await make(service, {**terms, "department": department}, headers)
        assert answer.status_code == 201


async def test_the_first_key_grants_what_it_lacks_and_cannot_be_taken_over(
    service: Service,
) -> None:
    """A later version has scopes that no key has yet; some key must be able to grant them."""
    listed = (await service.client.get("/v1/keys", params={"limit": 1000})).json()["keys"]
    (founder,) = (row for row in listed if row["founder"])
    headers = await service.key(*Scope, sources=("admin", "*"))
    path = f"/v1/keys/{founder['id']}"
    taken = await service.client.post(f"{path}/rotate", headers=headers)
    assert (taken.json()["code"], taken.json()["pointer"]) == ("grant-not-held", "/founder")
    less = [scope for scope in Scope if scope is not Scope.PERSONAL_READ]
    assert (await service.client.patch(path, json={"scopes": less})).status_code == 200
    await service.part(KeyDirectory)._refresh()
    given = {"name": "all", "sources": ["*x", "crm"], "scopes": [*Scope]}
    assert (await make(service, given)).status_code == 201
    new = (await service.client.post(f"{path}/rotate", params={"overlap_s": 3600})).json()
    assert (new["founder"], new["replaces"]["founder"]) == (True, True)
    service.client.headers["authorization"] = f"Bearer {new['key']}"
    again = await service.client.patch(f"/v1/keys/{new['id']}", json={"scopes": [*Scope]})
    assert again.status_code == 200


async def test_the_log_holds_every_change_of_a_key_but_not_its_name(service: Service) -> None:
    before = len(await log_of_keys(service))
    headers = await service.key(*Scope, sources=("website", "crm"))
    asking = parse(headers["authorization"].removeprefix("Bearer ")).key_id
    terms = {**MODEST, "name": "Planted 花子", "origins": ["https://www.example.jp"]}
    made = (await make(service, terms, headers)).json()
    path = f"/v1/keys/{made['id']}"
    await service.client.patch(path, json={"sources": ["crm"]}, headers=headers)
    await service.client.patch(path, json={"sources": ["crm"]}, headers=headers)
    await service.client.patch(path, json={"name": "Planted 太郎"}, headers=headers)
    new = (await service.client.post(f"{path}/rotate", headers=headers)).json()
    for _ in range(2):
        await service.client.delete(f"/v1/keys/{new['id']}", headers=headers)
    recorded_changes = (await log_of_keys(service))[before + 1 :]
    # Identifies the key's secret: the same until the key is rotated.
    secrets = [change["data"].pop("secret_check", None) for change in recorded_changes]
    assert secrets[0] == secrets[1] == secrets[2] == secrets[4] != secrets[3]
    recorded = {
        "key": made["id"],
        "scopes": ["events:write"],
        "sources": ["crm"],
        "department": "marketing",
        "origins": ["https://www.example.jp"],
        "events_per_second": 10,
        "expires_at": made["expires_at"],
    }
    assert [(change["type"], change["data"]) for change in recorded_changes] == [
        ("key.created", {**recorded, "sources": ["website"]}),
        ("key.changed", recorded),
        ("key.changed", recorded),
        (
            "key.created",
            {
                **recorded,
                "key": new["id"],
                "expires_at": new["expires_at"],
                "replaces": made["id"],
            },
        ),
        ("key.changed", {**recorded, "expires_at": new["replaces"]["expires_at"]}),
        ("key.revoked", {"key": new["id"]}),
    ]
    assert {change.get("key") for change in recorded_changes} == {asking, None}
    assert [change for change in recorded_changes if "key" not in change] == [recorded_changes[4]]
    assert recorded_changes[4]["cause"] == recorded_changes[3]["position"]
    assert [one["time"] for one in (recorded_changes[0], recorded_changes[5])] == [
        made["created_at"],
        (await service.client.delete(f"/v1/keys/{new['id']}")).json()["revoked_at"],
    ]
    assert "Planted" not in str(recorded_changes)


async def test_keys_are_made_while_events_are_recorded(service: Service) -> None:
    """Both take the same lock: nothing is lost, doubled, out of order or refused."""

    async def report(number: int) -> int:
        event = {"id": f"among-{number}", "type": "visit.recorded", "source": "website"}
        who = {"lead": {"anonymous_id": f"c-{number}"}}
        return (await service.client.post("/v1/events", json={**event, **who})).status_code

    async def change() -> int:
        made = await make(service, {"name": "x", "sources": ["x"]})
        await service.client.delete(f"/v1/keys/{made.json()['id']}")
        return made.status_code

    before = len(await log_of_keys(service))
    work = [work for number in range(30) for work in (report(number), change())]
    assert set(await asyncio.gather(*work)) == {201}
    assert len(await log_of_keys(service)) == before + 60


async def test_a_key_is_not_made_if_its_event_cannot_be_written(service: Service) -> None:
    """Here, because the log is ahead of the database's clock."""
    async with connection_to(service.owner_url) as owner:
        listed = (await service.client.get("/v1/keys", params={"limit": 1000})).json()
        recorded_at = await owner.fetchval("SELECT recorded_at FROM ledger.ledger_head")
        late = "UPDATE ledger.ledger_head SET recorded_at = $1"
        await owner.execute(late, recorded_at + timedelta(hours=1))
        answer = await make(service, {"name": "x", "sources": ["x"]})
        await owner.execute(late, recorded_at)
    assert (answer.status_code, answer.json()["code"]) == (503, "ledger-unavailable")
    assert (await service.client.get("/v1/keys", params={"limit": 1000})).json() == listed


async def test_the_log_with_its_keys_is_verified(service: Service) -> None:
    verified = await verify(service.engine, schema=SCHEMA)
    assert (verified.not_decided_again, verified.position > 1) == (0, True)
