"""Selections and scores over HTTP: requested, tried out, listed, explained, refused."""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
import pytest_asyncio

from service.keys.scopes import Scope
from service.private_postgres import PrivatePostgres
from tests.support.http_service import Service, running_service

pytestmark = pytest.mark.asyncio(loop_scope="module")

HANAKO = {"email": "hanako@example.co.jp"}
PROFILE = {"industry": "steel", "position": "director"}
WEEK = {"team": "inside-1", "starts_on": "2026-11-02", "ends_on": "2026-11-06"}
STORY: list[dict[str, Any]] = [
    {"id": "1", "type": "form.submitted", "time": "2026-01-10T00:00:00Z",
     "lead": {**HANAKO, "profile": PROFILE}},
    {"id": "2", "type": "seminar.attended", "time": "2026-03-01T00:00:00Z", "lead": HANAKO},
    {"id": "3", "type": "visit.recorded", "time": "2026-03-02T00:00:00Z", "lead": HANAKO,
     "data": {"page": "/pricing"}},
    {"id": "4", "type": "form.submitted", "lead": {"email": "b@b.example", "profile": PROFILE}},
    {"id": "5", "type": "form.submitted", "lead": {"email": "c@c.example"}},
]  # fmt: skip


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        events = [{"source": "website", **event} for event in STORY]
        await running.client.post("/v1/events", json=events)
        yield running


async def lead_id(service: Service, email: str) -> str:
    answer = await service.client.post("/v1/leads/find", json={"email": email})
    return str(answer.json()["id"])


async def score(service: Service, email: str, **params: str) -> dict[str, Any]:
    path = f"/v1/leads/{await lead_id(service, email)}/score"
    answer = await service.client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_every_point_is_explained_and_the_sum_is_exact(service: Service) -> None:
    found = await score(service, HANAKO["email"], as_of="2026-04-05T00:00:00Z", lang="ja")
    assert [(attribute["rule"], attribute["points"]) for attribute in found["attributes"]] == [
        ("decides", 20), ("target_industry", 10),
    ]  # fmt: skip
    assert found["attributes"][0]["saw"] == {"lead.position": "director"}
    shown = ("type", "rule", "percent", "counts")
    assert [tuple(one[name] for name in shown) for one in found["events"]] == [
        ("form.submitted", "sent_a_form", 75, "7.5"),
        ("seminar.attended", "attended", 75, "15"),
        ("visit.recorded", "visited", 75, "1.5"),
        ("visit.recorded", "saw_prices", 75, "7.5"),
    ]  # fmt: skip
    assert found["events"][0]["age_days"] == 85
    parts = [Decimal(event["counts"]) for event in found["events"]]
    assert Decimal(found["interest"]) == sum(parts) == Decimal("31.5")
    assert (found["score"], found["fit"], found["grade"]) == ("61.5", 30, "B")
    assert (found["grade_label"], found["events"][0]["label"]) == ("見込み度B", "フォーム送信")
    assert (found["market"], found["priority"]) == ("manufacturing", "high")
    assert "obstacle" not in found


async def test_a_past_score_ignores_later_events(service: Service) -> None:
    found = await score(service, HANAKO["email"], as_of="2026-01-11T00:00:00Z")
    assert (found["score"], found["next_grade_change"]) == ("40", "2026-02-09T00:00:00.000000Z")
    nothing = await score(service, HANAKO["email"], as_of="2025-01-01T00:00:00Z")
    assert (nothing["score"], nothing["stage"], nothing["events"]) == ("0", None, [])


async def test_the_obstacle_to_being_a_candidate_is_shown(service: Service) -> None:
    found = [await score(service, email) for email in ("b@b.example", "c@c.example")]
    assert [row["obstacle"] for row in found] == [None, "not_likely"]


async def test_a_selection_is_tried_out_run_listed_and_read(service: Service) -> None:
    asked = {**WEEK, "capacity": 1, "id": "week-45"}
    tried = await service.client.post("/v1/selections?dry_run=true", json=asked)
    assert (tried.status_code, tried.json()["status"]) == (200, "dry_run")
    assert (await service.client.get("/v1/selections")).json()["selections"] == []
    ran = await service.client.post("/v1/selections", json=asked)
    run = ran.json()
    assert (ran.status_code, run["status"], run["qualified"]) == (201, "completed", 1)
    same = ("digest", "candidates", "selected", "places", "leads")
    assert [run[name] for name in same] == [tried.json()[name] for name in same]
    assert run["deferred"] == run["candidates"] - 1
    again = await service.client.post("/v1/selections", json=asked)
    assert again.json() == run
    assert (await service.client.get("/v1/selections/week-45")).json() == run
    listed = (await service.client.get("/v1/selections", params={"limit": "1"})).json()
    assert [one["id"] for one in listed["selections"]] == ["week-45"]
    second = await service.client.get("/v1/selections/week-45", params={"after": "1"})
    assert [lead["rank"] for lead in second.json()["leads"]] == [
        lead["rank"] for lead in run["leads"][1:]
    ]
    history = f"/v1/leads/{run['leads'][0]['lead']}/history"
    events = (await service.client.get(history)).json()["events"]
    qualified = next(event for event in events if event["type"] == "lead.qualified")
    assert qualified["why"]["cause"]["type"] == "selection.run"


async def test_a_run_can_use_a_declared_capacity(service: Service) -> None:
    week = {"team": "inside-2", "starts_on": "2026-11-09", "ends_on": "2026-11-13"}
    unknown = await service.client.post("/v1/selections", json=week)
    assert (unknown.status_code, unknown.json()["code"]) == (422, "capacity-unknown")
    declared = {"id": "k", "source": "sales", "type": "capacity.declared"}
    data = {**week, "capacity": 0}
    shown = await service.client.post("/v1/events", json={**declared, "data": data})
    assert shown.status_code == 201
    run = (await service.client.post("/v1/selections", json=week)).json()
    assert (run["capacity"], run["selected"]) == (0, 0)
    assert run["capacity_declared_at"] == shown.json()["position"]


async def test_an_id_names_one_run_permanently(service: Service) -> None:
    await service.client.post("/v1/selections", json={**WEEK, "capacity": 0, "id": "once"})
    other = await service.client.post("/v1/selections", json={**WEEK, "capacity": 5, "id": "once"})
    assert (other.status_code, other.json()["code"]) == (409, "selection-id-reused")


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"id": "a.b"}, "/id"),
        ({"team": ""}, "/team"),
        ({"starts_on": "tomorrow"}, "/starts_on"),
        ({"ends_on": "2026-11-31"}, "/ends_on"),
        ({"ends_on": "2026-11-01"}, "/ends_on"),
        ({"market": "nowhere"}, "/market"),
        ({"capacity": -1}, "/capacity"),
        ({"capacity": "7"}, "/capacity"),
        ({"colour": "red"}, "/colour"),
    ],
)
async def test_an_invalid_selection_is_not_run(
    service: Service, changes: dict[str, Any], pointer: str
) -> None:
    answer = await service.client.post("/v1/selections", json={**WEEK, "capacity": 1, **changes})
    assert (answer.status_code, answer.json()["pointer"]) == (422, pointer)


async def test_an_unknown_run_is_not_found(service: Service) -> None:
    answer = await service.client.get("/v1/selections/nothing")
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


async def test_reports_may_not_use_the_event_types_of_runs(service: Service) -> None:
    headers = await service.key(Scope.EVENTS_WRITE, Scope.DECISIONS_WRITE, Scope.LEDGER_ADMIN)
    for type in ("selection.run", "selection.ranked", "selection.completed", "grade.changed"):
        event = {"id": type, "type": type, "lead": HANAKO}
        answer = await service.client.post("/v1/events", json=event, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "event-type-reserved")
