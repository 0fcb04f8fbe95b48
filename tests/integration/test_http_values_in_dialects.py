"""Text and numbers behave the same in every dialect: kept exactly, or refused."""

import itertools
from collections.abc import AsyncIterator
from enum import Enum, auto
from typing import Any, NamedTuple

import httpx
import orjson
import pytest
import pytest_asyncio

from service.private_postgres import PrivatePostgres
from tests.support.http_service import Service, running_service

pytestmark = pytest.mark.asyncio(loop_scope="module")

_numbers = itertools.count(1)


class AnsweredBy(Enum):
    """Where a sender learns the outcome of a message."""

    STATUS = auto()
    ITEM = auto()
    LINE = auto()
    REFUSALS = auto()
    """Nowhere: the answer is 200, and refused messages are kept."""


class Way(NamedTuple):
    """One way to report, and a message of it; `@id` and `"@value"` are filled in."""

    name: str
    path: str
    message: Any
    answered_by: AnsweredBy
    content_type: str = "application/json"
    is_text: bool = False
    """The value is in JSON inside a string."""

    @property
    def holds_several(self) -> bool:
        """Report whether the body may hold other messages, which a bad one does not affect."""
        return isinstance(self.message, dict) and bool({"batch", "data"} & self.message.keys())


LEAD = {"email": "@id@example.co.jp"}
NATIVE = {
    "id": "@id",
    "source": "website",
    "type": "form.submitted",
    "lead": LEAD,
    "data": {"x": "@value"},
}
CLOUD_EVENT = {
    "specversion": "1.0",
    "id": "@id",
    "source": "website",
    "type": "form.submitted",
    "data": {"lead": LEAD, "data": {"x": "@value"}},
}
TRACK = {
    "type": "track",
    "event": "Form Submitted",
    "messageId": "@id",
    "userId": "@id",
    "properties": {"x": "@value"},
}
CAPTURE = {
    "event": "Form Submitted",
    "uuid": "@id",
    "distinct_id": "@id",
    "properties": {"x": "@value"},
}
PAYLOAD = {"e": "se", "se_ac": "Form Submitted", "eid": "@id", "uid": "@id", "x": "@value"}
SCHEMA = "iglu:com.acme/form_submitted/jsonschema/1-0-0"
DESCRIBED = {"data": {"schema": SCHEMA, "data": {"x": "@value"}}}
TP2 = "/com.snowplowanalytics.snowplow/tp2"
EVENTS = "/v1/events"

WAYS = (
    Way("native", EVENTS, NATIVE, AnsweredBy.STATUS),
    Way("native array", EVENTS, [NATIVE], AnsweredBy.ITEM),
    Way("native lines", EVENTS, NATIVE, AnsweredBy.LINE, "application/x-ndjson"),
    Way("cloudevents", EVENTS, CLOUD_EVENT, AnsweredBy.STATUS, "application/cloudevents+json"),
    Way("cloudevents batch", EVENTS, [CLOUD_EVENT], AnsweredBy.ITEM),
    Way("cloudevents binary", EVENTS, CLOUD_EVENT["data"], AnsweredBy.STATUS),
    Way("segment", "/v1/track", TRACK, AnsweredBy.REFUSALS),
    Way("segment batch", "/v1/batch", {"batch": [TRACK]}, AnsweredBy.REFUSALS),
    Way("posthog", "/capture/", CAPTURE, AnsweredBy.REFUSALS),
    Way("posthog batch", "/batch/", {"batch": [CAPTURE]}, AnsweredBy.REFUSALS),
    Way("snowplow", TP2, {"data": [PAYLOAD]}, AnsweredBy.REFUSALS),
    Way(
        *("snowplow described", TP2),
        {"data": [{"e": "ue", "eid": "@id", "uid": "@id", "ue_pr": DESCRIBED}]},
        AnsweredBy.REFUSALS,
        is_text=True,
    ),
)
UNREADABLE = (
    *(b"NaN", b"Infinity", b"-Infinity", b"1e999", rb'"\ud800"', b'"\xed\xa0\x80"', b'"\xff"'),
    b'{"a":1,"a":2}',
)
"""Not unambiguous JSON."""
INEXACT = (b'"\\u0000"', b'{"\\u0000":1}', b"9223372036854775808", b"-9223372036854775809")
"""Valid JSON that cannot be kept exactly."""
TOO_MUCH = {
    b"[" * 40 + b"]" * 40: 400,
    b"[" + b",".join([b"0"] * 1_100) + b"]": 400,
    b'"' + b"x" * 70_000 + b'"': 413,
}
EXACT: tuple[Any, ...] = (
    *("がか\u3099", "a\u200bb", "\U0001f469\u200d\U0001f4bb", "\u202eabc", " x ", "e\u0301"),
    *(2**63 - 1, -(2**63), 0.1, True, None, [], {}),
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        yield running


async def report(service: Service, way: Way, value: bytes) -> tuple[str, httpx.Response]:
    """Report a message with a value in it; return its id as well."""
    id = f"v{next(_numbers)}"
    headers = {"content-type": way.content_type}
    if way.name == "cloudevents binary":
        attributes = {name: one for name, one in CLOUD_EVENT.items() if name != "data"}
        headers |= {f"ce-{name}": str(one) for name, one in {**attributes, "id": id}.items()}
    body = orjson.dumps(way.message)
    if way.is_text:
        inner = orjson.dumps(DESCRIBED)
        # An undecodable byte is embedded in the string unchanged.
        text = inner.replace(b'"@value"', value).replace(b"\\", b"\\\\").replace(b'"', b'\\"')
        body = body.replace(inner, b'"' + text + b'"')
    body = body.replace(b'"@value"', value).replace(b"@id", id.encode())
    return id, await service.client.post(way.path, content=body, headers=headers)


async def refused(service: Service, way: Way, id: str, answer: httpx.Response) -> dict[str, Any]:
    """Return the problem of the one message that was reported."""
    answered_by = answer.json()
    match way.answered_by:
        case AnsweredBy.STATUS:
            assert answer.status_code == answered_by["status"]
            return dict(answered_by)
        case AnsweredBy.ITEM:
            assert answer.status_code == 207
            return dict(answered_by["items"][0]["problem"])
        case AnsweredBy.LINE:
            assert (answer.status_code, answered_by["refused"]) == (200, 1)
            return dict(answered_by["refusals"][0]["problem"])
    assert (answer.status_code, answered_by) == (200, {"success": True})
    (kept,) = [refusal for refusal in await refusals(service) if refusal["id"] == id]
    return dict(kept["problem"])


async def refusals(service: Service) -> list[dict[str, Any]]:
    answer = await service.client.get("/v1/refusals", params={"limit": 1000})
    return list(answer.json()["refusals"])


async def nothing_is_recorded(service: Service, id: str) -> bool:
    page = (await service.client.get("/v1/events", params={"limit": 1000})).json()
    return all(event["id"] != id for event in page["events"])


def named(value: object) -> str:
    return value.name if isinstance(value, Way) else str(value)[:24]


@pytest.mark.parametrize("value", UNREADABLE, ids=named)
@pytest.mark.parametrize("way", WAYS, ids=named)
async def test_invalid_json_is_unreadable(service: Service, way: Way, value: bytes) -> None:
    before = await refusals(service)
    id, answer = await report(service, way, value)
    if way.answered_by in (AnsweredBy.LINE, AnsweredBy.ITEM):
        assert (await refused(service, way, id, answer))["status"] == 400
    elif way.answered_by is AnsweredBy.REFUSALS and way.holds_several:
        # Only the message is refused; an unreadable one has no id.
        assert (answer.status_code, answer.json()) == (200, {"success": True})
        (kept,) = [refusal for refusal in await refusals(service) if refusal not in before]
        assert kept["id"] in (None, id)
        assert kept["problem"]["status"] == 422
    else:
        assert (answer.status_code, answer.json()["code"]) == (400, "body-unreadable")
    assert await nothing_is_recorded(service, id)


@pytest.mark.parametrize("value", INEXACT, ids=named)
@pytest.mark.parametrize("way", WAYS, ids=named)
async def test_a_value_that_could_not_be_kept_exactly_is_refused_with_a_pointer(
    service: Service, way: Way, value: bytes
) -> None:
    id, answer = await report(service, way, value)
    problem = await refused(service, way, id, answer)
    assert (problem["status"], problem["code"]) == (422, "event-invalid")
    assert problem["pointer"].endswith("/ue_pr" if way.is_text else "/x")
    assert await nothing_is_recorded(service, id)


@pytest.mark.parametrize("value", TOO_MUCH, ids=named)
@pytest.mark.parametrize("way", WAYS, ids=named)
async def test_an_oversized_event_is_refused(service: Service, way: Way, value: bytes) -> None:
    id, answer = await report(service, way, value)
    problem = await refused(service, way, id, answer)
    assert problem["status"] == (422 if way.answered_by is AnsweredBy.REFUSALS else TOO_MUCH[value])
    assert await nothing_is_recorded(service, id)


@pytest.mark.parametrize("value", EXACT, ids=named)
@pytest.mark.parametrize("way", WAYS, ids=named)
async def test_a_valid_value_is_kept_exactly(service: Service, way: Way, value: Any) -> None:
    id, answer = await report(service, way, orjson.dumps(value))
    assert answer.status_code in {200, 201}, answer.text
    client = way.answered_by is AnsweredBy.REFUSALS
    who = {"user_id": id} if client else {"email": f"{id}@example.co.jp"}
    found = await service.client.post("/v1/leads/find", json=who)
    lead = found.json()["id"]
    history = (await service.client.get(f"/v1/leads/{lead}/history")).json()
    (event,) = [one for one in history["events"] if one["id"] == id]
    assert list(values_named("x", event["personal"])) == [value]


def values_named(name: str, held: Any) -> Any:
    """Find values with this name at any depth, also in JSON inside strings."""
    if isinstance(held, str) and held.startswith("{"):
        held = orjson.loads(held)
    if not isinstance(held, dict):
        return
    for key, value in held.items():
        if key == name:
            yield value
        else:
            yield from values_named(name, value)
