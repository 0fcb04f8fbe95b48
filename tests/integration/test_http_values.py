"""Text and numbers: every row of the table of values kept exactly and values refused."""

from collections.abc import AsyncIterator

import orjson
import pytest
import pytest_asyncio

from service.private_postgres import PrivatePostgres
from tests.support.http_service import Service, running_service

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        yield running


def with_data(text: str) -> bytes:
    return (
        '{"id":"values","source":"website","type":"form.submitted",'
        '"lead":{"email":"a@example.co.jp"},"data":' + text + "}"
    ).encode("utf-8", "surrogatepass")


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        (with_data('{"a":NaN}'), 400, None),
        (with_data('{"a":Infinity}'), 400, None),
        (with_data('{"a":-Infinity}'), 400, None),
        (with_data('{"a":1e999}'), 400, None),
        (with_data('{"a":"\\u0000"}'), 422, "/data/a"),
        (with_data('{"a":[1,"x\\u0000y"]}'), 422, "/data/a/1"),
        (with_data('{"a\\u0000":1}'), 422, "/data"),
        (with_data('{"a":"\\ud800"}'), 400, None),
        (with_data('{"a":"\ud800"}'), 400, None),
        (with_data('{"a":1}').replace(b"values", b"\xff\xfe"), 400, None),
        (b"\xef\xbb\xbf" + with_data('{"a":1}'), 400, None),
        (with_data('{"a":1}').decode().encode("utf-16"), 400, None),
        (with_data('{"a":1,"a":2}'), 400, None),
        (with_data('{"a":9223372036854775808}'), 422, "/data/a"),
        (with_data('{"a":-9223372036854775809}'), 422, "/data/a"),
        (with_data("[" * 40 + "]" * 40), 400, None),
        (with_data('{"a":[' + ",".join("0" * 1_100) + "]}"), 400, None),
        (with_data('{"a":"' + "x" * 66_000 + '"}'), 413, None),
    ],
    ids=lambda value: str(value)[:40] if isinstance(value, bytes) else None,
)
async def test_a_value_that_cannot_be_kept_exactly_is_refused(
    service: Service, body: bytes, status: int, pointer: str | None
) -> None:
    answer = await service.client.post("/v1/events", content=body)
    problem = answer.json()
    assert (answer.status_code, problem.get("pointer")) == (status, pointer)
    assert ("refusal" in problem) == (status == 422)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("time", "0"),
        ("time", "1763773200"),
        ("time", '"2026-11-22T10:15:00"'),
        ("time", '"1969-12-31T23:59:59Z"'),
        ("time", '"2201-01-01T00:00:00Z"'),
        ("time", '"2026-02-30T00:00:00Z"'),
        ("id", "7"),
        ("id", "true"),
        ("type", '"formular.ü"'),
        ("source", '"ウェブ"'),
    ],
)
async def test_a_value_of_the_wrong_type_is_never_coerced(
    service: Service, member: str, value: str
) -> None:
    event = {"id": "x", "type": "form.submitted", "lead": {"email": "a@example.co.jp"}}
    event[member] = orjson.Fragment(value)
    answer = await service.client.post("/v1/events", content=orjson.dumps(event))
    problem = answer.json()
    assert (answer.status_code, problem["pointer"]) == (422, f"/{member}")


@pytest.mark.parametrize("value", ['"7"', "7.0", "true", "null"])
async def test_a_whole_number_must_be_written_as_one(service: Service, value: str) -> None:
    """An amount is an integer or a decimal number in a string, but not a float or a boolean."""
    event = orjson.dumps(
        {
            "id": f"amount-{value}",
            "source": "website",
            "type": "opportunity.created",
            "lead": {"email": "buyer@example.co.jp"},
            "data": {"opportunity": f"o-{value}", "value": orjson.Fragment(value)},
        }
    )
    answer = await service.client.post("/v1/events", content=event)
    taken = value in {'"7"', "null"}
    assert answer.status_code == (201 if taken else 422)
    assert taken or answer.json()["pointer"] == "/data/value"


async def test_text_is_kept_exactly_as_it_came(service: Service) -> None:
    texts = ["がか\u3099", "a\u200bb", "\U0001f469\u200d\U0001f4bb", "\u202eabc", " x ", "\u00e9"]
    event = {
        "id": "exact  text",
        "source": "website",
        "type": "form.submitted",
        "lead": {"email": "exact@example.co.jp", "name": texts[0]},
        "data": {"form": "a  b", "message": texts},
    }
    answer = await service.client.post("/v1/events", content=orjson.dumps(event))
    assert answer.status_code == 201
    lead = answer.json()["subject"].removeprefix("lead/")
    history = (await service.client.get(f"/v1/leads/{lead}/history")).json()
    first = history["events"][0]
    assert first["id"] == event["id"]
    assert first["data"]["form"] == "a  b"
    assert first["personal"] == {
        "lead": {"email": "exact@example.co.jp", "name": texts[0]},
        "data": {"message": texts},
    }
