"""CloudEvents on `POST /v1/events`: each mode over HTTP, answered as native events are."""

import itertools
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import httpx
import orjson
import pytest
import pytest_asyncio

from service.keys.scopes import Scope
from service.private_postgres import PrivatePostgres
from tests.support.http_service import Service, running_service

pytestmark = pytest.mark.asyncio(loop_scope="module")

_numbers = itertools.count(1)
STRUCTURED = "application/cloudevents+json; charset=utf-8"
BATCH = "application/cloudevents-batch+json"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        yield running


def a_cloudevent(**changes: Any) -> dict[str, Any]:
    number = next(_numbers)
    return {
        "specversion": "1.0",
        "id": f"cloudevent-{number}",
        "source": "website",
        "type": "form.submitted",
        "time": "2026-11-22T10:15:00.5+09:00",
        "data": {"lead": {"email": f"person{number}@example.co.jp"}, "data": {"form": "x"}},
        **changes,
    }


async def post(service: Service, content: Any, **headers: str) -> httpx.Response:
    body = content if isinstance(content, bytes) else orjson.dumps(content)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await service.client.post("/v1/events", content=body, headers=named)


def binary(event: dict[str, Any]) -> tuple[bytes, dict[str, str]]:
    attributes = {name: value for name, value in event.items() if name != "data"}
    headers = {f"ce_{name}": quote(str(value), safe=" :/+") for name, value in attributes.items()}
    return orjson.dumps(event.get("data")), headers


async def test_an_event_sent_in_every_mode_is_recorded_once(service: Service) -> None:
    event = a_cloudevent(actor="佐藤 花子")
    body, headers = binary(event)
    answers = [
        await post(service, event, content_type=STRUCTURED),
        await post(service, event, content_type="text/plain"),
        await post(service, body, content_type="application/json", **headers),
        await post(service, [event], content_type=BATCH),
    ]
    assert [answer.status_code for answer in answers] == [201, 200, 200, 200]
    position = answers[0].json()["position"]
    duplicate = {"status": "duplicate", "position": position, "leaf": answers[0].json()["leaf"]}
    assert [answer.json() for answer in answers[1:]] == [
        duplicate,
        duplicate,
        {"items": [duplicate]},
    ]


async def test_a_batch_is_answered_item_by_item(service: Service) -> None:
    batch = [a_cloudevent(), a_cloudevent(type="com.example.form"), a_cloudevent(specversion="2")]
    answer = await post(service, batch, content_type=BATCH)
    assert answer.status_code == 207
    items = answer.json()["items"]
    assert [item["status"] for item in items] == ["recorded", "refused", "refused"]
    assert [item["problem"]["code"] for item in items[1:]] == [
        "event-type-unknown",
        "event-invalid",
    ]
    assert [item["problem"]["pointer"] for item in items[1:]] == ["/type", "/specversion"]


async def test_lines_may_be_cloudevents_too(service: Service) -> None:
    lines = b"\n".join(orjson.dumps(a_cloudevent()) for _ in range(3))
    answer = await post(service, lines, content_type="application/x-ndjson")
    assert answer.json()["recorded"] == 3


@pytest.mark.parametrize(
    ("change", "body", "status", "code"),
    [
        ({"ce_id": ""}, None, 422, "event-invalid"),
        ({"ce_id": "%00"}, None, 422, "event-invalid"),
        ({"ce_id": "%FF"}, None, 400, "body-unreadable"),
        ({"ce_specversion": "0.3"}, None, 422, "event-invalid"),
        ({"ce_source": "other"}, None, 403, "source-not-allowed"),
        ({}, b"{", 400, "body-unreadable"),
        ({}, b"", 422, "event-invalid"),
        ({}, b'"text"', 422, "event-invalid"),
        ({}, b'{"lead": {"email": "a\\u0000@b.example"}}', 422, "event-invalid"),
        ({}, b'{"lead": {"user_id": 18446744073709551616}}', 422, "event-invalid"),
        ({}, b'{"data": {"a": "%s"}}' % (b"x" * 70_000), 413, "event-too-large"),
    ],
)
async def test_errors_in_binary_mode_are_reported(
    service: Service, change: dict[str, str], body: bytes | None, status: int, code: str
) -> None:
    key = await service.key(Scope.EVENTS_WRITE)
    good, headers = binary(a_cloudevent())
    answer = await post(service, good if body is None else body, **{**headers, **change, **key})
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_the_document_describes_both_modes(service: Service) -> None:
    document = (await service.client.get("/openapi.json")).json()
    operation = document["paths"]["/v1/events"]["post"]
    assert {"application/cloudevents+json", BATCH} <= set(operation["requestBody"]["content"])
    assert "ce-specversion" in [one["name"] for one in operation["parameters"]]
