"""Without `personal:read`, no answer and no log holds a sender's free text."""

import itertools
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import httpx
import orjson
import pytest
import pytest_asyncio
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import Route
from structlog.testing import capture_logs

from events.lifecycles.shipped import read_lifecycle_text
from service.keys.scopes import Scope
from service.private_postgres import PrivatePostgres
from service.routes.collectors import (
    POSTHOG_BATCH,
    POSTHOG_ONE,
    POSTHOG_RESULTS,
    SEGMENT_BATCH,
    SEGMENT_CALLS,
    SNOWPLOW_GET,
    SNOWPLOW_POST,
)
from tests.support.api_routes import api_routes, page_paths
from tests.support.http_service import Service, running_service
from tests.support.page_visits import browsing, log_in
from tests.support.planted import Garden, facts, form, refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

IN_RECORDS = {
    "native id", "native source", "native form",
    "cloudevent id", "cloudevent source", "cloudevent form",
    "segment message", "posthog uuid", "snowplow eid",
    "native external system", "cloudevent external system",
    "owner", "opportunity", "product",
}  # fmt: skip
"""Shown because a record holds it: the event's id and source, the name of a system that has an id
for a person, and fields that the lifecycle declares not to be personal."""

OF_ADMINISTRATORS = {
    "webhook url", "webhook type", "key source", "selection team",
}  # fmt: skip
"""Shown because it is a setting that its administrator must be able to check: where messages go and
which, the sources of a key, the team of a selection."""

MEASURES = ("entered", "in", "base")
"""One of each figure that the walk asks for."""
QUESTIONS: Mapping[str, Sequence[Mapping[str, str]]] = {
    "/v1/events": [{}, {"wait": "0", "limit": "1000"}],
    "/v1/leads/{lead_id}": [{}, {"lang": "ja"}],
    "/v1/leads/{lead_id}/replay": [{}, {"last": "true"}, {"lang": "en"}],
    "/v1/leads/{lead_id}/score": [{}, {"lang": "ja"}],
    "/v1/funnel": [{}, {"by": "origin"}, {"by": "channel"}],
    "/v1/funnel/flow": [{"from": "2020-01-01T00:00:00Z", "to": "2040-01-01T00:00:00Z"}],
    "/v1/figures/{name}": [{"by": "origin"}, {"lang": "ja"}],
    "/v1/figures/{name}/leads": [
        {"row": stage, "measure": measure} for stage in ("MAL", "reach") for measure in MEASURES
    ],
    "/v1/figures/{name}/compare": [
        {"row": stage, "measure": measure, "other_as_of": "2020-01-01"}
        for stage in ("MAL", "reach")
        for measure in MEASURES
    ],
    "/v1/leads": [{}, {"lang": "ja"}, {"stage": "MAL"}],
    "/v1/worklist": [{"owner": "nobody"}],
    "/v1/refusals": [
        {"limit": "1000"},
        {"status": "dismissed"},
        {"source": "walked", "type": "walked", "reason": "event-invalid"},
    ],
    "/v1/keys": [{"limit": "1000"}],
    SNOWPLOW_GET: [{"e": "pv", "duid": "walked"}],
}
"""Queries in addition to the plain one; a route not named here gets only the plain one."""
PAGE_QUESTIONS: Mapping[str, Sequence[str]] = {
    "/leads": ["", "?row=MAL", "?list=house"],
    "/compare": ["?row=MAL&other_as_of=2020-01-01"],
    "/audit": ["", "?show=rules", "?show=intake"],
    "/worklist": ["", "?owner=nobody"],
}
SELECTION = {"starts_on": "2026-11-02", "ends_on": "2026-11-06", "capacity": 9}
BODIES: Mapping[str, Sequence[Any]] = {
    "/v1/events": [
        {"id": "walked", "type": "form.submitted", "lead": {"email": "walked@acme.example"}},
        [{"id": "walked-2", "type": "form.submitted", "lead": {"email": "walked"}}],
    ],
    "/v1/events/compare": [
        [{"id": "walked", "type": "form.submitted", "lead": {"email": "walked@acme.example"}}]
    ],
    "/v1/leads/find": [{"email": "walked@acme.example"}, {"user_id": "owned"}, {"email": "Pl"}],
    "/v1/keys": [{"name": "x", "sources": ["website"]}],
    "/v1/keys/{key_id}": [{"events_per_second": 100}],
    "/v1/webhooks": [{"url": "https://receiver.example/", "description": "another"}],
    "/v1/webhooks/{webhook_id}": [{"enabled": False}],
    "/v1/selections": [{"id": "walked", "team": "one", **SELECTION}],
    "/v1/refusals/{refusal_id}/dismiss": [{"reason": "walked"}],
    **{path: [{"batch": []}] for path in (*SEGMENT_BATCH, *POSTHOG_BATCH, POSTHOG_RESULTS)},
    **{
        path: [{"type": call, "userId": "walked"}]
        for call, found in SEGMENT_CALLS.items()
        for path in found
    },
    **{path: [{"event": "walked", "distinct_id": "walked"}] for path in POSTHOG_ONE},
    SNOWPLOW_POST: [{"data": []}],
}
ENDLESS = {"/v1/events/stream"}
"""Sends the same records as the feed, and never ends."""
METHODS = ("GET", "PATCH", "POST", "DELETE")
"""Routes that end something are called last."""
Places = Mapping[str, Sequence[str]]
"""The values of path parameters."""


class Asked(NamedTuple):
    method: str
    path: str
    answer: httpx.Response

    @property
    def text(self) -> str:
        return f"{self.answer.headers}\n{self.answer.text}"


class Planting(NamedTuple):
    garden: Garden
    places: Places


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def planting(service: Service) -> Planting:
    """Report personal data, have some refused, and write it where administrators write."""
    garden, client = Garden(), service.client
    for sent in facts(garden):
        answer = await client.post(
            sent.path, content=sent.body, headers={"content-type": sent.content_type}
        )
        assert answer.status_code in {200, 201}, answer.text
    for sent in refused(garden):
        answer = await client.post(sent.path, content=sent.body)
        assert answer.status_code == 200 or answer.is_client_error, answer.text
    found = await client.get("/v1/refusals", params={"limit": "1000"})
    refusals = [refusal["refusal"] for refusal in found.json()["refusals"]]
    assert len(refusals) >= 19
    dismissal = {"reason": garden.text("dismissal")}
    await client.post(f"/v1/refusals/{refusals[0]}/dismiss", json=dismissal)
    terms = {
        "url": f"https://receiver.example/{garden.word('webhook url')}",
        "description": garden.text("webhook description"),
        "types": [garden.word("webhook type")],
    }
    webhook = (await client.post("/v1/webhooks", json=terms)).json()
    named = {"name": garden.text("key name"), "sources": ["website", garden.word("key source")]}
    key = (await client.post("/v1/keys", json=named)).json()
    asked = {"id": "weekly", "team": garden.word("selection team"), **SELECTION}
    assert (await client.post("/v1/selections", json=asked)).status_code == 201
    head = (await client.get("/v1/events", params={"limit": 1})).json()["head"]
    await client.get("/v1/lists", params={"wait_for": head})
    leads = (await client.get("/v1/leads", params={"limit": 1000})).json()["leads"]
    lead_ids = [lead["id"] for lead in leads]
    accounts = (await client.get("/v1/accounts")).json()["accounts"]
    page = await client.get("/docs")
    ((digest, file),) = re.findall(r'"docs/(\w+)/(start\.js)"', page.text)
    return Planting(
        garden,
        {
            "lead_id": lead_ids,
            "account_id": [account["id"] for account in accounts],
            "refusal_id": refusals,
            "key_id": [key["id"]],
            "selection_id": ["weekly"],
            "digest": [digest],
            "file": [file],
            "name": ["house", "stock", "flow", "conversion"],
            "webhook_id": [webhook["id"]],
            "position": ["1"],
        },
    )


async def walk(
    service: Service, headers: Mapping[str, str], places: Places, *, methods: Sequence[str]
) -> list[Asked]:
    """Call every route that has one of these methods, for every place."""
    routes = [
        (method, route.path_format)
        for method in methods
        for route in (*api_routes(service.app), *_plain_routes(service.app))
        if method in (route.methods or ())
    ]
    asked: list[Asked] = []
    for method, path in routes:
        if path in ENDLESS:
            continue
        for place in _filled(path, places):
            for params, content in _requests(method, path):
                answer = await service.client.request(
                    method, place, params=params, content=content, headers=dict(headers)
                )
                asked.append(Asked(method, path, answer))
    return asked


async def walk_pages(service: Service, headers: Mapping[str, str], places: Places) -> list[Asked]:
    """Read every page, with a session of the key."""
    pages = [
        (path, f"{place}{query}")
        for path in page_paths(service.app)
        for place in _filled(path, places)
        for query in PAGE_QUESTIONS.get(path, [""])
    ]
    async with browsing(service) as client:
        await log_in(client, headers["authorization"].removeprefix("Bearer "))
        return [Asked("GET", path, await client.get(place)) for path, place in pages]


def _plain_routes(app: FastAPI) -> list[Route]:
    """Return the routes that FastAPI does not describe."""
    return [one for one in app.routes if isinstance(one, Route) and not isinstance(one, APIRoute)]


def _filled(path: str, places: Places) -> list[str]:
    names = re.findall(r"\{(\w+)(?::\w+)?\}", path)
    assert set(names) <= places.keys(), f"no value for {path}: plant one"
    filled = []
    for values in itertools.product(*(places[name] for name in names)):
        found = path
        for name, value in zip(names, values, strict=True):
            found = re.sub(rf"\{{{name}(:\w+)?\}}", value, found)
        filled.append(found)
    return filled


def _requests(method: str, path: str) -> Iterator[tuple[Mapping[str, str], bytes | None]]:
    if method in {"GET", "DELETE"}:
        for params in QUESTIONS.get(path, [{}]):
            yield params, None
        return
    yield {}, b"{}"
    if path == "/v1/figures/{name}/compare":
        yield {"row": "MAL", "measure": "standing"}, b"lead,email\n,nobody@nowhere.example\n"
    if path == "/v1/lifecycle":
        yield {"dry_run": "true"}, read_lifecycle_text("merged").encode()
    for body in BODIES.get(path, []):
        yield {}, orjson.dumps(body)


def shown(planting: Planting, asked: Sequence[Asked]) -> dict[str, set[str]]:
    """Return the places seen in answers, with their routes."""
    seen: dict[str, set[str]] = {}
    for one in asked:
        for place in planting.garden.found_in(one.text):
            seen.setdefault(place, set()).add(f"{one.method} {one.path}")
    return seen


async def test_with_the_scope_the_same_requests_show_all_of_it(
    service: Service, planting: Planting
) -> None:
    """The negative twin: the values can be found in answers, but still not in the log."""
    headers = await service.key(*Scope, sources=("website", "*"))
    with capture_logs() as logged:
        asked = await walk(service, headers, planting.places, methods=["GET"])
    missing = {value.place for value in planting.garden.planted} - shown(planting, asked).keys()
    # The subject of a sender's CloudEvent is not kept anywhere.
    assert missing == {"cloudevent subject"}
    assert planting.garden.found_in(str(logged)) == set()


async def test_no_route_shows_free_text_to_a_key_without_the_scope(
    service: Service, planting: Planting
) -> None:
    """With each scope alone, then with all of them; the log is checked as well."""
    most = [scope for scope in Scope if scope is not Scope.PERSONAL_READ]
    with capture_logs() as logged:
        asked: list[Asked] = []
        for scope in most:
            headers = await service.key(scope, sources=("website", "*"))
            asked += await walk(service, headers, planting.places, methods=METHODS[:-1])
        headers = await service.key(*most, sources=("website", "*"), person="E1")
        asked += await walk(service, headers, planting.places, methods=METHODS)
        asked += await walk_pages(service, headers, planting.places)
    statuses = {f"{one.method} {one.path}": set[int]() for one in asked}
    for one in asked:
        statuses[f"{one.method} {one.path}"].add(one.answer.status_code)
    assert not any(status >= 500 for found in statuses.values() for status in found)
    # Not for lack of an answer: each route has answered, except those about no one.
    silent = {name for name, found in statuses.items() if not found & {200, 201, 207}}
    assert silent == {
        "GET /login",
        "POST /v1/conflicts/{lead_id}",
        "POST /v1/refusals/{refusal_id}/retry",
        "POST /v1/webhooks/{webhook_id}/dead-letters/{position}/replay",
    }
    assert shown(planting, asked).keys() == IN_RECORDS | OF_ADMINISTRATORS
    assert len(planting.garden.planted) - len(IN_RECORDS | OF_ADMINISTRATORS) >= 60
    assert len(logged) > len(asked) // 2
    assert planting.garden.found_in(str(logged)) == set()
    assert "walked" not in str(logged)


async def test_a_pointer_is_shown_as_far_as_its_names_are_ours(service: Service) -> None:
    blind, garden = await service.key(Scope.EVENTS_READ), Garden()
    name = garden.word("name")
    for changes, seen, shown in (
        ({"lead": {name: 1}}, f"/lead/{name}", "/lead"),
        ({"data": {name: [{name: "\0"}]}}, f"/data/{name}/0/{name}", "/data"),
        ({"data": {"form": ["\0"]}}, None, "/data/form/0"),
        ({name: 1}, f"/{name}", ""),
    ):
        event = {**form(Garden(), "native"), "source": "website", **changes}
        answer = await service.client.post("/v1/events", json=event)
        path = f"/v1/refusals/{answer.json()['refusal']}"
        assert answer.json()["pointer"] == (seen or shown)
        problem = (await service.client.get(path, headers=blind)).json()["problem"]
        assert problem["pointer"] == shown
        assert not garden.found_in(problem["detail"])


async def test_an_unknown_type_is_answered_with_a_hint_and_not_repeated(
    service: Service,
) -> None:
    blind = await service.key(Scope.EVENTS_READ)
    event = {"id": "hint", "source": "website", "type": "form.submited", "lead": {"user_id": "u"}}
    answer = (await service.client.post("/v1/events", json=event)).json()
    assert (answer["found"], answer["nearest"]) == ("form.submited", ["form.submitted"])
    path = f"/v1/refusals/{answer['refusal']}"
    seen = (await service.client.get(path)).json()
    hidden = (await service.client.get(path, headers=blind)).json()
    written = {"source": "website", "id": "hint", "type": "form.submited"}
    assert {name: seen[name] for name in written} == written
    assert {name: hidden[name] for name in written} == dict.fromkeys(written)
    assert "found" not in hidden["problem"]
    assert hidden["problem"]["detail"].endswith("Did you mean form.submitted?")
