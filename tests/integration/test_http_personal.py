"""Without `personal:read` nobody sees personal data, whatever is asked, wherever it was put."""

import itertools
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import httpx
import orjson
import pytest
import pytest_asyncio

from events.shipped import read_lifecycle_text
from service.keys.scopes import Scope
from service.private_postgres import PrivatePostgres
from service.routes.collectors import POSTHOG_BATCH, SEGMENT_BATCH, SNOWPLOW_POST
from tests.http_service import Service, running_service

pytestmark = pytest.mark.asyncio(loop_scope="module")

MARK = "Planted"
"""Begins every piece of personal data below; stands in nothing else."""
_numbers = itertools.count(1)

QUERIES: Mapping[str, Sequence[Mapping[str, str]]] = {
    "/v1/events": [{}, {"wait": "0", "limit": "1000"}],
    "/v1/leads/{lead_id}": [{}, {"lang": "ja"}],
    "/v1/leads/{lead_id}/replay": [{}, {"last": "true"}, {"lang": "en"}],
    "/v1/leads/{lead_id}/score": [{}, {"lang": "ja"}],
    "/v1/funnel": [{}, {"by": "origin"}, {"by": "channel"}],
    "/v1/funnel/flow": [{"from": "2020-01-01T00:00:00Z", "to": "2040-01-01T00:00:00Z"}],
    "/v1/leads": [{}, {"lang": "ja"}, {"stage": "MAL"}],
    "/v1/worklist": [{"owner": "nobody"}],
    "/v1/refusals": [{}, {"status": "open"}, {"status": "dismissed"}, {"reason": "event-invalid"}],
}
"""Questions beside the plain one; a route that is not named here is asked that alone."""

SELECTION = {
    "id": "week",
    "team": "inside-1",
    "starts_on": "2026-11-02",
    "ends_on": "2026-11-06",
    "capacity": 9,
}


ENDLESS = "/v1/events/stream"
"""Sends the very records that the feed shows, and never ends."""
Places = Mapping[str, Sequence[str]]
"""What stands for the parameters of paths."""


class Asked(NamedTuple):
    method: str
    path: str
    answer: httpx.Response


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        yield running


def planted() -> dict[str, Any]:
    """A fact that holds personal data wherever an event can hold any, values and names alike."""
    lead = {
        "email": "Planted.email@acme.example",
        "phone": "+81 3-1234-5678",
        "user_id": "PlantedUser",
        "anonymous_id": "PlantedCookie",
        "external_ids": {"crm": "PlantedCrm"},
        "name": "PlantedName 花子",
        "profile": {"title": "PlantedTitle", "PlantedField": "PlantedValue"},
    }
    account = {"name": "PlantedCompany", "external_ids": {"erp": "PlantedErp"}}
    data = {"form": "whitepaper", "message": "PlantedMessage", "PlantedQuestion": "PlantedAnswer"}
    return {
        "id": f"plant-{next(_numbers)}",
        "source": "website",
        "type": "form.submitted",
        "lead": lead,
        "account": account,
        "data": data,
    }


def refused() -> Iterator[dict[str, Any]]:
    """What is turned down for each reason that can quote what was sent."""
    yield planted() | {"type": "lead.sales_accepted"}
    yield planted() | {"type": "PlantedType 花子"}
    yield planted() | {"time": "PlantedTime"}
    yield planted() | {"PlantedMember": 1}
    yield planted() | {"lead": {"PlantedKey": "PlantedValue"}}
    yield planted() | {"lead": {"email": "PlantedNoAddress"}}
    yield planted() | {"lead": {"external_ids": {"PlantedSystem": ["PlantedId"]}}}
    yield planted() | {"data": {"form": "whitepaper", "PlantedKey": {"PlantedKey": 2**70}}}
    yield planted() | {"data": {"PlantedKey": "Planted\0Value"}}
    yield planted() | {"data": {"PlantedText": ["PlantedItem", {"PlantedDeep": "a\0b"}]}}
    yield planted() | {"id": ["PlantedId"]}
    yield planted() | {"source": "PlantedSource 花子"}


async def plant(service: Service) -> Places:
    """Report and have refused what is personal; return where to look for it."""
    recorded = await service.client.post("/v1/events", json=planted())
    assert recorded.status_code == 201, recorded.text
    lead_id = recorded.json()["subject"].removeprefix("lead/")
    kept = []
    for event in refused():
        answer = await service.client.post("/v1/events", content=_written(event))
        assert answer.is_client_error, answer.text
        kept.append(answer.json()["refusal"])
    dismissed = await service.client.post(
        f"/v1/refusals/{kept[0]}/dismiss", json={"reason": "PlantedRemark"}
    )
    assert dismissed.status_code == 200
    webhook = await service.client.post(
        "/v1/webhooks", json={"url": "https://receiver.example/", "description": "test"}
    )
    assert webhook.status_code == 201, webhook.text
    selected = await service.client.post("/v1/selections", json=SELECTION)
    assert selected.status_code == 201
    head = (await service.client.get("/v1/events", params={"limit": 1})).json()["head"]
    await service.client.get("/v1/lists", params={"wait_for": head})
    lead = (await service.client.get(f"/v1/leads/{lead_id}")).json()
    return {
        "lead_id": [lead_id],
        "account_id": [lead["account"]],
        "refusal_id": kept,
        "key_id": ["nobody"],
        "selection_id": [str(SELECTION["id"])],
        "name": ["house"],
        "webhook_id": [webhook.json()["id"]],
        "position": ["1"],
    }


def _written(event: dict[str, Any]) -> bytes:
    """Write an event that our own encoder would not: an integer beyond 64 bits."""
    return orjson.dumps(event, default=str) if 2**70 not in _values(event) else _wide(event)


def _wide(event: dict[str, Any]) -> bytes:
    event["data"]["PlantedKey"]["PlantedKey"] = "WIDE"
    return orjson.dumps(event).replace(b'"WIDE"', str(2**70).encode())


def _values(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for one in value.values():
            yield from _values(one)
    yield value


async def ask_everything(
    service: Service, headers: Mapping[str, str], places: Places
) -> list[Asked]:
    """Call every GET and POST of the document."""
    document = (await service.client.get("/openapi.json")).json()
    asked: list[Asked] = []
    for path, methods in document["paths"].items():
        if path == ENDLESS:
            continue
        for method in {"get", "post"} & set(methods):
            for place in _filled(path, places):
                for params, content in _requests(path, method):
                    answer = await service.client.request(
                        method, place, params=params, content=content, headers=dict(headers)
                    )
                    asked.append(Asked(method, path, answer))
    return asked


def _filled(path: str, places: Places) -> list[str]:
    names = re.findall(r"\{(\w+)\}", path)
    assert set(names) <= places.keys(), f"nothing stands for {path}: plant something for it"
    filled = []
    for values in itertools.product(*(places[name] for name in names)):
        found = path
        for name, value in zip(names, values, strict=True):
            found = found.replace("{" + name + "}", value)
        filled.append(found)
    return filled


def _requests(path: str, method: str) -> Iterator[tuple[Mapping[str, str], bytes | None]]:
    if method == "get":
        for params in QUERIES.get(path, [{}]):
            yield params, None
        return
    yield {}, b"{}"
    if path == "/v1/lifecycle":
        yield {"dry_run": "true"}, read_lifecycle_text("merged").encode()
    lead = planted()["lead"]
    bodies: Mapping[str, Sequence[Any]] = {
        "/v1/events": [planted(), [planted(), planted() | {"lead": {"email": "PlantedNo"}}]],
        "/v1/leads/find": [{"email": lead["email"]}, {"user_id": "PlantedNobody"}, {"email": "Pl"}],
        "/v1/keys": [{"name": "x", "sources": ["x"]}],
        "/v1/webhooks": [{"url": "https://receiver.example/", "description": "another"}],
        "/v1/selections": [SELECTION],
        "/v1/refusals/{refusal_id}/dismiss": [{"reason": "PlantedRemark"}],
        **{path: [{"batch": [_message()]}] for path in (*SEGMENT_BATCH, *POSTHOG_BATCH)},
        SNOWPLOW_POST: [{"data": [{"e": "pv", "eid": "1", "url": "https://a.example/?PlantedQ"}]}],
    }
    for body in bodies.get(path, []):
        yield {}, orjson.dumps(body)


def _message() -> dict[str, Any]:
    """A message that can be read neither by one client's rules nor by the other's."""
    return {"type": "track", "event": None, "userId": "PlantedUser", "messageId": "PlantedId"}


def betrayed(asked: Sequence[Asked]) -> set[str]:
    return {
        f"{one.method} {one.path}: {one.answer.text}"
        for one in asked
        if MARK.lower() in one.answer.text.lower()
        or MARK.lower() in str(one.answer.headers).lower()
        or "1234-5678" in one.answer.text
    }


async def test_no_route_shows_personal_data_to_a_key_without_the_scope(service: Service) -> None:
    places = await plant(service)
    most = [scope for scope in Scope if scope is not Scope.PERSONAL_READ]
    headers = await service.key(*most, sources=("website", "*"))
    asked = await ask_everything(service, headers, places)
    statuses = {f"{one.method} {one.path}": set[int]() for one in asked}
    for one in asked:
        statuses[f"{one.method} {one.path}"].add(one.answer.status_code)
    assert not any(status >= 500 for found in statuses.values() for status in found)
    # Not for want of an answer: each route has answered something, but where nobody is meant.
    silent = {name for name, found in statuses.items() if not found & {200, 201, 207}}
    assert silent == {
        "post /v1/conflicts/{lead_id}",
        "post /v1/keys/{key_id}/rotate",
        "post /v1/refusals/{refusal_id}/retry",
        "post /v1/webhooks/{webhook_id}/dead-letters/{position}/replay",
    }
    assert betrayed(asked) == set()


async def test_with_the_scope_the_same_questions_show_it(service: Service) -> None:
    """The twin: what is searched for is there to be found."""
    places = await plant(service)
    headers = await service.key(*Scope, sources=("website", "*"))
    asked = await ask_everything(service, headers, places)
    telling = {one.partition(":")[0] for one in betrayed(asked)}
    assert {
        "get /v1/leads/{lead_id}/history",
        "get /v1/refusals",
        "get /v1/refusals/{refusal_id}",
        "post /v1/refusals/{refusal_id}/dismiss",
    } <= telling


async def test_a_place_is_told_as_far_as_it_has_names_of_ours(service: Service) -> None:
    blind = await service.key(Scope.EVENTS_READ)
    for changes, seen, shown in (
        ({"lead": {"PlantedKey": 1}}, "/lead/PlantedKey", "/lead"),
        (
            {"data": {"PlantedKey": [{"PlantedKey": "\0"}]}},
            "/data/PlantedKey/0/PlantedKey",
            "/data",
        ),
        ({"data": {"form": ["\0"]}}, None, "/data/form/0"),
        ({"PlantedKey": 1}, "/PlantedKey", ""),
    ):
        answer = await service.client.post("/v1/events", json=planted() | changes)
        path = f"/v1/refusals/{answer.json()['refusal']}"
        assert answer.json()["pointer"] == (seen or shown)
        told = (await service.client.get(path, headers=blind)).json()["problem"]
        assert told["pointer"] == shown
        assert MARK not in told["detail"]
