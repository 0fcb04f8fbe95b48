"""The rights of every key: a table of every route, with each scope alone, and with none."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
import pytest
import pytest_asyncio

from service.keys.scopes import Scope
from service.private_postgres import PrivatePostgres
from tests.support.http_service import Service, running_service

pytestmark = pytest.mark.asyncio(loop_scope="module")

REPORTS = {Scope.EVENTS_WRITE, Scope.DECISIONS_WRITE, Scope.LEDGER_ADMIN}
OPEN: set[Scope] = set()

MAY: Mapping[str, set[Scope]] = {
    "GET /livez": OPEN,
    "GET /readyz": OPEN,
    "GET /metrics": {Scope.PROJECTIONS_READ},
    "POST /v1/events": REPORTS,
    "POST /v1/events/complete": {Scope.EVENTS_WRITE},
    "POST /v1/events/compare": REPORTS,
    "POST /v1/batch": {Scope.EVENTS_WRITE},
    "POST /v1/b": {Scope.EVENTS_WRITE},
    "POST /v1/import": {Scope.EVENTS_WRITE},
    "POST /v1/track": {Scope.EVENTS_WRITE},
    "POST /v1/t": {Scope.EVENTS_WRITE},
    "POST /v1/identify": {Scope.EVENTS_WRITE},
    "POST /v1/i": {Scope.EVENTS_WRITE},
    "POST /v1/page": {Scope.EVENTS_WRITE},
    "POST /v1/p": {Scope.EVENTS_WRITE},
    "POST /v1/screen": {Scope.EVENTS_WRITE},
    "POST /v1/s": {Scope.EVENTS_WRITE},
    "POST /v1/group": {Scope.EVENTS_WRITE},
    "POST /v1/g": {Scope.EVENTS_WRITE},
    "POST /v1/alias": {Scope.EVENTS_WRITE},
    "POST /v1/a": {Scope.EVENTS_WRITE},
    "POST /batch/": {Scope.EVENTS_WRITE},
    "POST /batch": {Scope.EVENTS_WRITE},
    "POST /capture/": {Scope.EVENTS_WRITE},
    "POST /capture": {Scope.EVENTS_WRITE},
    "POST /i/v0/e/": {Scope.EVENTS_WRITE},
    "POST /i/v1/analytics/events": {Scope.EVENTS_WRITE},
    "POST /e/": {Scope.EVENTS_WRITE},
    "POST /com.snowplowanalytics.snowplow/tp2": {Scope.EVENTS_WRITE},
    "GET /i": {Scope.EVENTS_WRITE},
    "GET /v1/events": {Scope.EVENTS_READ},
    "GET /v1/events/stream": {Scope.EVENTS_READ},
    "GET /v1/figures": {Scope.PROJECTIONS_READ},
    "GET /v1/figures/targets": {Scope.PROJECTIONS_READ},
    "GET /v1/figures/{name}": {Scope.PROJECTIONS_READ},
    "GET /v1/figures/{name}/compare": {Scope.LEADS_READ},
    "POST /v1/figures/{name}/compare": {Scope.LEADS_READ},
    "GET /v1/figures/{name}/leads": {Scope.LEADS_READ},
    "GET /v1/webhooks": {Scope.WEBHOOKS_ADMIN},
    "POST /v1/webhooks": {Scope.WEBHOOKS_ADMIN},
    "GET /v1/webhooks/{webhook_id}": {Scope.WEBHOOKS_ADMIN},
    "PATCH /v1/webhooks/{webhook_id}": {Scope.WEBHOOKS_ADMIN},
    "DELETE /v1/webhooks/{webhook_id}": {Scope.WEBHOOKS_ADMIN},
    "POST /v1/webhooks/{webhook_id}/rotate-secret": {Scope.WEBHOOKS_ADMIN},
    "POST /v1/webhooks/{webhook_id}/test": {Scope.WEBHOOKS_ADMIN},
    "GET /v1/webhooks/{webhook_id}/dead-letters": {Scope.WEBHOOKS_ADMIN},
    "POST /v1/webhooks/{webhook_id}/dead-letters/replay": {Scope.WEBHOOKS_ADMIN},
    "POST /v1/webhooks/{webhook_id}/dead-letters/{position}/replay": {Scope.WEBHOOKS_ADMIN},
    "POST /v1/leads/find": {Scope.LEADS_READ},
    "GET /v1/leads": {Scope.LEADS_READ},
    "GET /v1/leads/{lead_id}": {Scope.LEADS_READ},
    "GET /v1/leads/{lead_id}/history": {Scope.LEADS_READ},
    "GET /v1/leads/{lead_id}/replay": {Scope.LEADS_READ},
    "GET /v1/leads/{lead_id}/score": {Scope.LEADS_READ},
    "GET /v1/selections": {Scope.LEADS_READ},
    "POST /v1/selections": {Scope.SELECTIONS_WRITE},
    "GET /v1/selections/{selection_id}": {Scope.LEADS_READ},
    "GET /v1/funnel": {Scope.PROJECTIONS_READ},
    "GET /v1/funnel/flow": {Scope.PROJECTIONS_READ},
    "GET /v1/contribution": {Scope.PROJECTIONS_READ},
    "GET /v1/deadlines": {Scope.LEADS_READ},
    "GET /v1/lists": {Scope.PROJECTIONS_READ},
    "GET /v1/lists/{name}": {Scope.LEADS_READ},
    "GET /v1/worklist": {Scope.LEADS_READ},
    "GET /v1/accounts": {Scope.LEADS_READ},
    "GET /v1/accounts/{account_id}": {Scope.LEADS_READ},
    "GET /v1/lifecycle": {Scope.PROJECTIONS_READ},
    "GET /v1/lifecycle/versions": {Scope.PROJECTIONS_READ},
    "POST /v1/lifecycle": {Scope.LEDGER_ADMIN},
    "GET /v1/conflicts": {Scope.LEADS_READ},
    "POST /v1/conflicts/{lead_id}": {Scope.REFUSALS_WRITE},
    "GET /v1/intake": {Scope.EVENTS_READ},
    "GET /v1/refusals": {Scope.EVENTS_READ},
    "GET /v1/refusals/{refusal_id}": {Scope.EVENTS_READ},
    "POST /v1/refusals/retry": {Scope.REFUSALS_WRITE},
    "POST /v1/refusals/{refusal_id}/retry": {Scope.REFUSALS_WRITE},
    "POST /v1/refusals/{refusal_id}/dismiss": {Scope.REFUSALS_WRITE},
    "GET /v1/keys": {Scope.KEYS_ADMIN},
    "POST /v1/keys": {Scope.KEYS_ADMIN},
    "PATCH /v1/keys/{key_id}": {Scope.KEYS_ADMIN},
    "POST /v1/keys/{key_id}/rotate": {Scope.KEYS_ADMIN},
    "DELETE /v1/keys/{key_id}": {Scope.KEYS_ADMIN},
}
"""Written by hand: what a route declares about itself proves nothing. A new route needs a row."""

SOMEBODY = {"lead": {"email": "hanako@example.co.jp"}}
SOME_ID = "01890000-0000-7000-8000-000000000000"
IN_PATHS = {
    "lead_id": SOME_ID,
    "account_id": SOME_ID,
    "refusal_id": SOME_ID,
    "key_id": "nobody",
    "selection_id": "nothing",
    "name": "house",
    "webhook_id": SOME_ID,
    "position": "1",
}
WRONGLY: Mapping[str, Mapping[str, str]] = {"GET /v1/events/stream": {"after": "-1"}}
"""Endless routes get an invalid query, which is reported only to keys with the right."""
TYPES: Mapping[str, Scope] = {
    "form.submitted": Scope.EVENTS_WRITE,
    "lead.qualified": Scope.DECISIONS_WRITE,
    "stage.corrected": Scope.LEDGER_ADMIN,
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        yield running


async def call(service: Service, route: str, headers: Mapping[str, str]) -> httpx.Response:
    method, _, path = route.partition(" ")
    for name, value in IN_PATHS.items():
        path = path.replace("{" + name + "}", value)
    assert "{" not in path, f"no value for the parameter of {path}: add it here"
    return await service.client.request(
        method, path, params=WRONGLY.get(route), headers=dict(headers), content=b"{}"
    )


def verdict(answer: httpx.Response) -> str:
    if answer.status_code == 401:
        return "unknown"
    return "forbidden" if answer.status_code == 403 else "allowed"


async def test_the_table_names_every_route(service: Service) -> None:
    document = (await service.client.get("/openapi.json")).json()
    described = {
        f"{method.upper()} {path}"
        for path, methods in document["paths"].items()
        for method in methods
    }
    assert described == set(MAY)


@pytest.mark.parametrize("route", MAY)
async def test_a_route_admits_exactly_the_scopes_in_the_table(service: Service, route: str) -> None:
    found = {
        "no key": verdict(await call(service, route, {"authorization": ""})),
        "no scope": verdict(await call(service, route, await service.key())),
    }
    expected = {"no key": "unknown", "no scope": "forbidden"}
    for scope in Scope:
        found[scope] = verdict(await call(service, route, await service.key(scope)))
        expected[scope] = "allowed" if scope in MAY[route] else "forbidden"
    if MAY[route] is OPEN:
        expected = dict.fromkeys(found, "allowed")
    assert found == expected


@pytest.mark.parametrize("type", TYPES)
async def test_an_event_type_requires_its_own_scope_and_no_other(
    service: Service, type: str
) -> None:
    """With the department that it may require, so that only the scope decides."""
    for scope in Scope:
        headers = await service.key(scope, department="marketing")
        event = {"id": f"{type}-{scope}", "type": type, **SOMEBODY}
        answer = await service.client.post("/v1/events", json=event, headers=headers)
        if scope is TYPES[type]:
            assert verdict(answer) == "allowed", answer.text
        else:
            assert (answer.status_code, answer.json()["code"]) == (403, "scope-missing")


async def test_a_decision_requires_the_department_that_the_lifecycle_names(
    service: Service,
) -> None:
    lifecycle = (await service.client.get("/v1/lifecycle")).json()
    decided = [
        event
        for event in lifecycle["events"]
        if event["departments"] and event["scope"] == Scope.DECISIONS_WRITE
    ]
    departments = [one["code"] for one in lifecycle["departments"]]
    assert len(decided) >= 5
    keys: dict[Any, dict[str, str]] = {
        name: await service.key(Scope.DECISIONS_WRITE, department=name)
        for name in (*departments, None)
    }
    for event in decided:
        for department, headers in keys.items():
            report = {"id": f"{event['type']}-{department}", "type": event["type"], **SOMEBODY}
            answer = await service.client.post("/v1/events", json=report, headers=headers)
            is_rejected = answer.json().get("code") == "department-not-allowed"
            assert is_rejected == (department not in event["departments"]), answer.text


async def test_no_key_may_report_event_types_of_the_service(service: Service) -> None:
    lifecycle = (await service.client.get("/v1/lifecycle")).json()
    own = [event["type"] for event in lifecycle["events"] if event["scope"] is None]
    assert {"identity.linked", "lifecycle.published", "key.created", "key.revoked"} <= set(own)
    for type in own:
        event = {"id": type, "source": "website", "type": type, **SOMEBODY}
        answer = await service.client.post("/v1/events", json=event)
        assert (answer.status_code, answer.json()["code"]) == (403, "event-type-reserved")
