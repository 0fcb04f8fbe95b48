"""Rosters over HTTP: leads, lists, companies, and work lists."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from service.private_postgres import PrivatePostgres
from tests.support.http_service import Service, running_service

pytestmark = pytest.mark.asyncio(loop_scope="module")

OLD = "2024-01-15T00:00:00Z"
NEW = (datetime.now(UTC) - timedelta(days=10)).isoformat()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        await report(running, "visit.recorded", {"anonymous_id": "c"}, at=OLD)
        await report(running, "form.submitted", {"email": "hanako@acme.example"}, at=OLD)
        await report(running, "form.submitted", {"email": "taro@acme.example"}, at=NEW)
        await report(running, "form.submitted", {"email": "jiro@other.example"}, at=NEW)
        await report(running, "lead.qualified", {"email": "taro@acme.example"})
        await report(running, "lead.sales_accepted", {"email": "taro@acme.example"})
        await report(running, "owner.assigned", {"email": "hanako@acme.example"}, owner="sato")
        yield running


async def report(
    service: Service, type: str, lead: dict[str, str], *, at: str | None = None, **data: Any
) -> str:
    who = " ".join(lead.values()).replace("@", " at ")
    event: dict[str, Any] = {"id": f"{type} {who} {at}", "source": "test", "type": type}
    event |= {"lead": lead, "data": data} | ({"time": at} if at is not None else {})
    answer = await service.client.post("/v1/events", json=event)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["subject"]).removeprefix("lead/")


async def read(service: Service, path: str, **asked: Any) -> Any:
    head = (await service.client.get("/v1/events?limit=1")).json()["head"]
    answer = await service.client.get(path, params={"wait_for": head, **asked})
    assert answer.status_code == 200, answer.text
    content = answer.json()
    assert content["as_of_position"] == head
    return content


async def ids(service: Service, **asked: Any) -> list[str]:
    return [lead["id"] for lead in (await read(service, "/v1/leads", **asked))["leads"]]


async def find(service: Service, email: str) -> str:
    answer = await service.client.post("/v1/leads/find", json={"email": email})
    return str(answer.json()["id"])


async def test_leads_are_listed_in_their_current_state_and_filters_combine(
    service: Service,
) -> None:
    hanako, taro, jiro = [
        await find(service, f"{one}.example") for one in ("hanako@acme", "taro@acme", "jiro@other")
    ]
    assert len(await ids(service)) == 4
    assert await ids(service, stage="SAL") == [taro]
    assert sorted(await ids(service, stage="マーケ受入リード")) == sorted([hanako, jiro])
    assert await ids(service, stage="MAL", owner="sato") == [hanako]
    assert await ids(service, stage="SAL", owner="sato") == []
    account = (await read(service, "/v1/leads", stage="SAL"))["leads"][0]["account"]
    assert sorted(await ids(service, account=account)) == sorted([hanako, taro])


async def test_leads_come_page_by_page_each_once(service: Service) -> None:
    found: list[str] = []
    after: dict[str, str] = {}
    while True:
        page = await read(service, "/v1/leads", limit=1, **after)
        found += [lead["id"] for lead in page["leads"]]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert found == await ids(service)


async def test_an_unknown_stage_or_list_is_answered_with_the_nearest_name(
    service: Service,
) -> None:
    answer = await service.client.get("/v1/leads", params={"stage": "MQQL"})
    assert (answer.status_code, answer.json()["code"]) == (422, "parameter-invalid")
    assert "MQL" in answer.json()["detail"]
    answer = await service.client.get("/v1/lists/hous")
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    assert "house" in answer.json()["detail"]


async def test_lists_have_sizes_labels_and_time_bounds(service: Service) -> None:
    lists = {one["list"]: one for one in (await read(service, "/v1/lists", lang="ja"))["lists"]}
    assert lists["house"]["label"] == "ハウスリスト"
    sizes = {name: lists[name]["leads"] for name in ("house", "acquired", "held")}
    assert sizes == {"house": 3, "acquired": 2, "held": 1}
    for lead in (await read(service, "/v1/leads"))["leads"]:
        acquired = lead["acquired_at"]
        expected = {"held" if acquired < "2026" else "acquired"} if acquired else set()
        assert {"acquired", "held"} & set(lead["lists"]) == expected


async def test_a_list_is_requested_by_any_of_its_names(service: Service) -> None:
    hanako = await find(service, "hanako@acme.example")
    for name in ("held", "保有リスト"):
        page = await read(service, f"/v1/lists/{name}", lang="en")
        assert [lead["id"] for lead in page["leads"]] == [hanako]
        assert page["list"] == "held"
    assert await ids(service, list="保有リスト") == [hanako]


async def test_companies_are_listed_with_their_known_people(service: Service) -> None:
    page = await read(service, "/v1/accounts", stage="PROSPECT", lang="ja")
    assert sorted(account["people"] for account in page["accounts"]) == [1, 2]
    acme = next(account for account in page["accounts"] if account["people"] == 2)
    assert acme["stage_label"] == "見込客"
    path = f"/v1/accounts/{acme['id']}"
    whole = await read(service, path)
    assert len(whole["leads"]) == 2
    stranger = await service.client.get(f"/v1/accounts/{whole['leads'][0]['id']}")
    assert (stranger.status_code, stranger.json()["code"]) == (404, "account-unknown")


async def test_a_work_list_shows_unassigned_leads(service: Service) -> None:
    taro = await find(service, "taro@acme.example")
    work = await read(service, "/v1/worklist", owner="sato", lang="ja")
    assert [one["lead"] for one in work["unassigned"]] == [taro]
    assert (work["callbacks"], work["truncated"]) == ([], False)
    assert work["to_be_judged"] == []


async def test_a_work_list_shows_leads_waiting_for_judgement(
    postgres_server: PrivatePostgres,
) -> None:
    async with running_service(postgres_server) as other:
        waiting = [
            await report(other, "form.submitted", {"email": f"{name}@gmail.com"}, at=at)
            for name, at in (("first", OLD), ("second", NEW))
        ]
        await report(other, "owner.assigned", {"email": "second@gmail.com"}, owner="sato")
        for owner, leads in (("sato", waiting), ("suzuki", waiting[:1])):
            work = await read(other, "/v1/worklist", owner=owner)
            assert [one["lead"] for one in work["to_be_judged"]] == leads


@pytest.mark.parametrize("path", ["/v1/leads", "/v1/lists", "/v1/accounts", "/v1/worklist?owner=a"])
async def test_reading_requires_the_scope(service: Service, path: str) -> None:
    answer = await service.client.get(path, headers=await service.key())
    assert (answer.status_code, answer.json()["code"]) == (403, "scope-missing")
