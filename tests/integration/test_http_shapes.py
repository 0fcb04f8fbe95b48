"""Every answer has exactly the shape described in the OpenAPI document."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson
import pytest
import pytest_asyncio
from fastapi.routing import APIRoute
from pydantic import TypeAdapter

from service.app import create_app
from service.private_postgres import PrivatePostgres
from tests.support.http_service import Service, running_service

pytestmark = pytest.mark.asyncio(loop_scope="module")

HANAKO = {"email": "hanako@example.co.jp", "anonymous_id": "c"}
LINES = {"content-type": "application/x-ndjson"}
STORY: list[dict[str, Any]] = [
    {"id": "1", "type": "visit.recorded", "lead": {"anonymous_id": "c"}},
    {"id": "2", "type": "form.submitted", "lead": HANAKO, "data": {"note": "x"}},
    {"id": "3", "type": "lead.accepted", "lead": HANAKO},
    {"id": "4", "type": "lead.excluded", "lead": HANAKO, "data": {"reason": "press"}},
    {"id": "5", "type": "nonsense", "lead": HANAKO},
    {"id": "6", "type": "visit.recorded", "lead": {"anonymous_id": "d"}},
    {"id": "7", "type": "form.submitted", "lead": {**HANAKO, "anonymous_id": "d"}},
    {"id": "8", "type": "visit.recorded", "lead": {"anonymous_id": "d"}},
]
SELECTION = {
    "id": "shape",
    "team": "inside-1",
    "starts_on": "2026-11-02",
    "ends_on": "2026-11-06",
    "capacity": 1,
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        events = [{"source": "website", **event} for event in STORY]
        await running.client.post("/v1/events", json=events)
        for path in ("/v1/selections?dry_run=true", "/v1/selections"):
            answer = await running.client.post(path, json=SELECTION)
            check("POST", "/v1/selections", answer)
        yield running


def shape_of(method: str, path: str, status: int) -> Any:
    """Return the document's schema of an answer."""
    app = create_app(lambda: pytest.fail("the application is not started"))
    for route in app.routes:
        if (
            isinstance(route, APIRoute)
            and route.path_format == path
            and method in (route.methods or ())
        ):
            if status == (route.status_code or 200):
                return route.response_model
            return route.responses[status]["model"]
    raise AssertionError(f"no route {method} {path}")


def check(method: str, path: str, answer: httpx.Response) -> None:
    shape = shape_of(method, path, answer.status_code)
    TypeAdapter(shape).validate_json(answer.content, strict=True)


async def lead_id(service: Service) -> str:
    answer = await service.client.post("/v1/leads/find", json={"email": HANAKO["email"]})
    return str(answer.json()["id"])


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        ({"id": "a", "type": "form.submitted", "lead": {"email": "a@example.org"}}, {}, 201),
        ({"id": "a", "type": "form.submitted", "lead": {"email": "a@example.org"}}, {}, 200),
        ([{"id": "b", "type": "visit.recorded", "lead": {"anonymous_id": "b"}}], {}, 200),
        ([{"id": "b"}, {"id": "c", "type": "form.submitted", "lead": HANAKO}], {}, 207),
        ({"id": "d"}, LINES, 200),
    ],
)
async def test_reports_are_answered_as_described(
    service: Service, content: object, headers: dict[str, str], status: int
) -> None:
    answer = await service.client.post("/v1/events", content=orjson.dumps(content), headers=headers)
    assert answer.status_code == status
    check("POST", "/v1/events", answer)


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("/v1/events", {}),
        ("/v1/leads/{lead_id}", {"lang": "ja"}),
        ("/v1/leads/{lead_id}/history", {}),
        ("/v1/leads/{lead_id}/history", {"limit": "1"}),
        ("/v1/leads/{lead_id}/replay", {"lang": "en"}),
        ("/v1/leads/{lead_id}/replay", {"last": "true"}),
        ("/v1/leads/{lead_id}/replay", {"last": "true", "position": "0"}),
        ("/v1/funnel", {}),
        ("/v1/funnel", {"by": "origin", "lang": "ja", "as_of": "2026-01-01T00:00:00Z"}),
        ("/v1/funnel/flow", {"from": "2026-01-01T00:00:00Z", "to": "2030-01-01T00:00:00Z"}),
        ("/v1/leads/{lead_id}/score", {"lang": "ja"}),
        ("/v1/leads/{lead_id}/score", {"as_of": "2030-01-01T00:00:00Z"}),
        ("/v1/selections", {}),
        ("/v1/selections/shape", {}),
        ("/v1/refusals", {}),
        ("/v1/refusals/{refusal_id}", {}),
        ("/v1/lifecycle", {}),
        ("/v1/keys", {}),
        ("/livez", {}),
        ("/readyz", {}),
    ],
)
async def test_queries_are_answered_as_described(
    service: Service, path: str, params: dict[str, str]
) -> None:
    refusals = (await service.client.get("/v1/refusals")).json()["refusals"]
    found = path.replace("{lead_id}", await lead_id(service))
    found = found.replace("{refusal_id}", refusals[0]["refusal"])
    answer = await service.client.get(found, params=params)
    assert answer.status_code == 200, answer.text
    check("GET", path.replace("/shape", "/{selection_id}"), answer)


async def test_finding_and_keys_are_answered_as_described(service: Service) -> None:
    found = await service.client.post("/v1/leads/find", json={"anonymous_id": "d"})
    check("POST", "/v1/leads/find", found)
    made = await service.client.post("/v1/keys", json={"name": "x", "sources": ["x"]})
    check("POST", "/v1/keys", made)
    revoked = await service.client.delete(f"/v1/keys/{made.json()['id']}")
    check("DELETE", "/v1/keys/{key_id}", revoked)


async def test_keys_that_change_are_answered_as_described(service: Service) -> None:
    made = await service.client.post("/v1/keys", json={"name": "x", "sources": ["x"]})
    path = f"/v1/keys/{made.json()['id']}"
    check("PATCH", "/v1/keys/{key_id}", await service.client.patch(path, json={"name": "y"}))
    check("POST", "/v1/keys/{key_id}/rotate", await service.client.post(f"{path}/rotate"))


async def test_settled_refusals_are_answered_as_described(service: Service) -> None:
    lead = {"email": "later@example.co.jp"}
    early = [
        {"id": id, "source": "website", "type": "lead.qualified", "lead": lead}
        for id in ("qualified", "again", "dismissed")
    ]
    items = (await service.client.post("/v1/events", json=early)).json()["items"]
    first, second, third = (f"/v1/refusals/{item['refusal']}" for item in items)
    form = {"id": "later", "source": "website", "type": "form.submitted", "lead": lead}
    assert (await service.client.post("/v1/events", json=form)).status_code == 201
    for status in (201, 200):
        answer = await service.client.post(f"{first}/retry")
        assert answer.status_code == status
        check("POST", "/v1/refusals/{refusal_id}/retry", answer)
    dismissed = await service.client.post(f"{third}/dismiss", json={"reason": "a test"})
    check("POST", "/v1/refusals/{refusal_id}/dismiss", dismissed)
    many = await service.client.post("/v1/refusals/retry", json={})
    assert many.status_code == 207
    check("POST", "/v1/refusals/retry", many)
    for path in (first, second, third):
        check("GET", "/v1/refusals/{refusal_id}", await service.client.get(path))
    nothing = await service.client.post("/v1/refusals/retry", json={"source": "nobody"})
    check("POST", "/v1/refusals/retry", nothing)
