"""The addresses for clients of other services: what they send, and how they are answered."""

import asyncio
import base64
import gzip
import itertools
import json
import zlib
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
import orjson
import pytest
import pytest_asyncio

from events.signals.digests import Digests
from service.keys.scopes import Scope
from service.private_postgres import PrivatePostgres
from service.routes.collectors import (
    PIXEL,
    POSTHOG_BATCH,
    POSTHOG_ONE,
    POSTHOG_RESULTS,
    ROUTES,
    SEGMENT_BATCH,
    SEGMENT_CALLS,
    SNOWPLOW_GET,
    SNOWPLOW_POST,
)
from tests.support.http_service import SECRET, Service, reporting_with, running_service
from tests.support.queues import full

pytestmark = pytest.mark.asyncio(loop_scope="module")

_numbers = itertools.count(1)
SUCCESS = (200, {"success": True})
NO_CORRECTION = {"disable_skew_correction": True}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def key(service: Service) -> str:
    """Make a marketing key that may report facts, as for a web site."""
    headers = await service.key(Scope.EVENTS_WRITE, department="marketing")
    return headers["authorization"].removeprefix("Bearer ")


def a_track(**changes: Any) -> dict[str, Any]:
    number = next(_numbers)
    return {
        "type": "track",
        "event": "Form Submitted",
        "messageId": f"message-{number}",
        "userId": None,
        "anonymousId": f"cookie-{number}",
        "properties": {"form": "whitepaper"},
        "context": {"traits": {"email": f"person{number}@example.co.jp"}},
        "timestamp": "2026-11-22T10:15:00.123+09:00",
        **changes,
    }


def a_capture(**changes: Any) -> dict[str, Any]:
    number = next(_numbers)
    return {
        "event": "Form Submitted",
        "uuid": f"capture-{number}",
        "distinct_id": f"user-{number}",
        "properties": {"form": "whitepaper"},
        "timestamp": "2026-11-22T01:15:00.123456+00:00",
        **changes,
    }


def a_payload(**changes: Any) -> dict[str, Any]:
    number = next(_numbers)
    return {
        "e": "pv",
        "eid": f"payload-{number}",
        "duid": f"cookie-{number}",
        "url": "https://www.example.com/pricing",
        "dtm": "1795310100123",
        "stm": "1795310100124",
        **changes,
    }


def basic(key: str) -> dict[str, str]:
    return {"authorization": f"Basic {base64.b64encode(f'{key}:'.encode()).decode()}"}


async def send(
    service: Service, path: str, content: Any, headers: dict[str, str] | None = None
) -> httpx.Response:
    """Send like a client that knows none of our headers."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    request = service.client.build_request("POST", path, content=body)
    request.headers = httpx.Headers({"host": "leadledger", **(headers or {})})
    if not any(name.lower() == "content-length" for name in request.headers):
        request.headers["content-length"] = str(len(body))
    return await service.client.send(request, auth=None)


def outcome(answer: httpx.Response) -> tuple[int, Any]:
    return answer.status_code, answer.json()


async def records(service: Service, *ids: str) -> list[dict[str, Any]]:
    """Return the feed's records with these ids, in order of position."""
    answer = await service.client.get("/v1/events", params={"limit": 1000})
    return [event for event in answer.json()["events"] if event["id"] in ids]


async def types(service: Service, *ids: str) -> list[str]:
    return [record["type"] for record in await records(service, *ids)]


async def refusals(service: Service, id: str) -> list[dict[str, Any]]:
    answer = await service.client.get("/v1/refusals", params={"limit": 1000})
    found = [refusal for refusal in answer.json()["refusals"] if refusal["id"] == id]
    read = [await service.client.get(f"/v1/refusals/{one['refusal']}") for one in found]
    return [one.json() for one in read]


@pytest.mark.parametrize("path", SEGMENT_BATCH)
async def test_a_batch_of_segment_is_recorded_in_order(
    service: Service, key: str, path: str
) -> None:
    batch = [a_track(), a_track(event="Widget Turned"), a_track(type="page", event=None)]
    answer = await send(
        service, path, {"batch": batch, "sentAt": "2026-11-22T01:15:01Z"}, basic(key)
    )
    assert outcome(answer) == SUCCESS
    assert answer.headers["content-type"] == "application/json"
    assert await types(service, *(one["messageId"] for one in batch)) == [
        "form.submitted",
        "activity.recorded",
        "visit.recorded",
    ]


EXPECTED = {
    "track": "form.submitted",
    "identify": "profile.updated",
    "page": "visit.recorded",
    "screen": "visit.recorded",
    "group": "profile.updated",
    "alias": "profile.updated",
}


@pytest.mark.parametrize(
    ("path", "call"), [(path, str(call)) for call, paths in SEGMENT_CALLS.items() for path in paths]
)
async def test_the_address_of_a_single_call_determines_its_kind(
    service: Service, key: str, path: str, call: str
) -> None:
    message = a_track(groupId="acme", previousId=f"before-{next(_numbers)}")
    del message["type"]
    assert outcome(await send(service, path, message, basic(key))) == SUCCESS
    assert await types(service, message["messageId"]) == [EXPECTED[call]]


@pytest.mark.parametrize("path", POSTHOG_BATCH)
async def test_a_batch_of_posthog_has_its_key_in_the_body(
    service: Service, key: str, path: str
) -> None:
    one, other = a_capture(), a_capture(event="Widget Turned")
    sent = {"api_key": key, "batch": [one, other], "sent_at": "2026-11-22T01:15:01.000Z"}
    assert outcome(await send(service, path, sent)) == SUCCESS
    found = await types(service, one["uuid"], other["uuid"])
    assert found == ["form.submitted", "activity.recorded"]


@pytest.mark.parametrize("path", POSTHOG_ONE)
async def test_a_single_event_of_posthog_is_recorded(service: Service, key: str, path: str) -> None:
    one = a_capture()
    assert outcome(await send(service, path, {**one, "api_key": key})) == SUCCESS
    assert await types(service, one["uuid"]) == ["form.submitted"]


def a_newer_capture(**changes: Any) -> dict[str, Any]:
    """Write an event like posthog for Python with its newer protocol."""
    return {
        **a_capture(),
        "options": {},
        "properties": {
            "form": "whitepaper",
            "$python_runtime": "CPython",
            "$os": "Linux",
            "$geoip_disable": True,
            "$is_server": True,
        },
        **changes,
    }


async def send_newer(
    service: Service, key: str, *events: dict[str, Any], sent_at: str = "2026-11-22T01:15:01+00:00"
) -> httpx.Response:
    batch = {"created_at": "2026-11-22T01:15:00.900000+00:00", "batch": list(events)}
    headers = {
        "authorization": f"Bearer {key}",
        "content-type": "application/json",
        "user-agent": "posthog-python/7.91.1",
        "posthog-sdk-info": "posthog-python/7.91.1",
        "posthog-attempt": "1",
        "posthog-request-id": "9911db59-891a-4467-93da-61ffe546c119",
        "posthog-request-timestamp": sent_at,
    }
    return await send(service, POSTHOG_RESULTS, batch, headers)


async def test_a_newer_posthog_client_gets_an_answer_for_each_event(
    service: Service, key: str
) -> None:
    good, bad = a_newer_capture(), a_newer_capture(timestamp="yesterday")
    nameless = {**a_newer_capture(event="Widget Turned"), "uuid": None}
    answer = await send_newer(service, key, good, bad, nameless)
    (refusal,) = await refusals(service, bad["uuid"])
    assert refusal["problem"]["pointer"] == "/timestamp"
    details = f"event-invalid: {refusal['problem']['detail']} It is kept as refusal "
    assert outcome(answer) == (
        200,
        {
            "results": {
                good["uuid"]: {"result": "ok"},
                bad["uuid"]: {"result": "drop", "details": f"{details}{refusal['refusal']}."},
            }
        },
    )
    again = await send_newer(service, key, good, sent_at="2026-11-22T01:15:09+00:00")
    assert outcome(again) == (200, {"results": {good["uuid"]: {"result": "ok"}}})
    assert await types(service, good["uuid"]) == ["form.submitted"]
    changed = await send_newer(service, key, good, {**good, "distinct_id": "another"})
    found = changed.json()["results"]
    assert found.keys() == {good["uuid"]}
    assert found[good["uuid"]]["details"].startswith("event-id-reused: ")


async def test_a_newer_posthog_client_reports_its_clock_skew_in_a_header(
    service: Service, key: str
) -> None:
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
    slow = a_newer_capture(timestamp=an_hour_ago.isoformat())
    trusted = {**slow, "uuid": f"{slow['uuid']}-trusted", "options": NO_CORRECTION}
    answer = await send_newer(service, key, slow, trusted, sent_at=an_hour_ago.isoformat())
    assert {result["result"] for result in answer.json()["results"].values()} == {"ok"}
    found = [
        datetime.fromisoformat(record["time"]) - an_hour_ago
        for record in await records(service, slow["uuid"], trusted["uuid"])
    ]
    assert timedelta(hours=1) <= found[0] < timedelta(hours=1, minutes=1)
    assert found[1] == timedelta()


async def test_tracker_payloads_carry_the_key_as_their_application_id(
    service: Service, key: str
) -> None:
    payloads = [a_payload(), a_payload()]
    sent = {
        "schema": "iglu:x/payload_data",
        "data": [{**payload, "aid": key} for payload in payloads],
    }
    assert outcome(await send(service, SNOWPLOW_POST, sent)) == SUCCESS
    assert await types(service, *(payload["eid"] for payload in payloads)) == ["visit.recorded"] * 2


async def test_a_tracker_that_sends_by_loading_an_image_gets_one(
    service: Service, key: str
) -> None:
    payload = a_payload()
    query = urlencode({**payload, "aid": key})
    answer = await service.client.get(f"{SNOWPLOW_GET}?{query}", headers={"authorization": ""})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/gif")
    assert answer.content == PIXEL
    await send(service, SNOWPLOW_POST, {"data": [{**payload, "aid": key, "stm": "1795310200000"}]})
    assert await types(service, payload["eid"]) == ["visit.recorded"]
    assert await refusals(service, payload["eid"]) == []


async def test_the_key_of_a_client_is_in_a_header_or_in_the_body(
    service: Service, key: str
) -> None:
    ids = []
    for headers, where in (
        (basic(key), {}),
        ({"authorization": f"Bearer {key}"}, {}),
        (basic(key), {"writeKey": key}),
        ({}, {"writeKey": key}),
    ):
        message = a_track()
        ids.append(message["messageId"])
        answer = await send(service, "/v1/t", {**message, **where}, headers)
        assert outcome(answer) == SUCCESS
    message = a_track(writeKey=key)
    ids.append(message["messageId"])
    assert outcome(await send(service, "/v1/b", {"batch": [message]})) == SUCCESS
    assert len(await types(service, *ids)) == 5


async def test_a_key_in_the_body_is_nowhere_stored(service: Service, key: str) -> None:
    good, bad = a_track(writeKey=key), a_track(writeKey=key, event=None)
    faulty = a_track(writeKey=key, event="nul\0")
    sent = {"writeKey": key, "batch": [good, bad, faulty]}
    assert outcome(await send(service, "/v1/batch", sent)) == SUCCESS
    for message in (bad, faulty):
        (refusal,) = await refusals(service, message["messageId"])
        assert message["anonymousId"] in refusal["content"]
        assert key not in str(refusal)
    async with service.engine.connect() as connection:
        rows = await connection.exec_driver_sql(
            "SELECT convert_from(content, 'UTF8') FROM ledger.event_personal"
        )
        stored = "".join(row[0] for row in rows)
    assert good["messageId"] in stored
    assert key not in stored


async def test_a_message_sent_again_in_any_batch_is_one_event(service: Service, key: str) -> None:
    messages = [a_track() for _ in range(3)]
    first, second, third = messages
    batches = [
        {"batch": [first, second], "sentAt": "2026-11-22T01:15:01Z"},
        {"batch": [second, first, third, third], "sentAt": "2026-11-22T01:16:01Z"},
        {"batch": [{**message, "_metadata": {"retryCount": 2}} for message in messages]},
    ]
    answers = await asyncio.gather(
        *(send(service, "/v1/batch", batch, basic(key)) for batch in batches * 3)
    )
    assert [outcome(answer) for answer in answers] == [SUCCESS] * 9
    ids = [message["messageId"] for message in messages]
    assert sorted(record["id"] for record in await records(service, *ids)) == sorted(ids)
    assert [await refusals(service, id) for id in ids] == [[], [], []]


async def test_without_ignoring_transport_fields_a_retry_would_be_another_event(
    service: Service, key: str
) -> None:
    """The negative twin."""
    message = a_track()
    with reporting_with(service, digests=Digests(SECRET.encode(), {1: frozenset()})):
        for sent_at in ("2026-11-22T01:15:01Z", "2026-11-22T01:16:01Z"):
            await send(service, "/v1/batch", {"batch": [message], "sentAt": sent_at}, basic(key))
    (refusal,) = await refusals(service, message["messageId"])
    assert refusal["reason"] == "event-id-reused"


async def test_one_id_for_two_events_is_kept_as_a_refusal(service: Service, key: str) -> None:
    message = a_track()
    for event in ("Form Submitted", "Widget Turned"):
        sent = {"batch": [{**message, "event": event}]}
        assert outcome(await send(service, "/v1/batch", sent, basic(key))) == SUCCESS
    (refusal,) = await refusals(service, message["messageId"])
    assert (refusal["reason"], refusal["type"]) == ("event-id-reused", "activity.recorded")


def bad_messages() -> Iterator[tuple[dict[str, Any], str | None]]:
    yield a_track(event=None), "/event"
    yield a_track(timestamp="2026-11-22T10:15:00"), "/timestamp"
    yield a_track(properties={"a": {"b": "nul\0"}}), "/properties/a/b"
    yield a_track(properties={"a": 2**64}), "/properties/a"
    yield a_track(properties={"a": "x" * 70_000}), None
    yield a_track(properties={"a": [0] * 2_000}), None


@pytest.mark.parametrize(("message", "pointer"), list(bad_messages()))
async def test_a_bad_message_is_kept_as_a_refusal_and_does_not_delay_others(
    service: Service, key: str, message: dict[str, Any], pointer: str | None
) -> None:
    before, after = a_track(), a_track()
    sent = {"batch": [before, message, after]}
    assert outcome(await send(service, "/v1/batch", sent, basic(key))) == SUCCESS
    assert len(await types(service, before["messageId"], after["messageId"])) == 2
    (refusal,) = await refusals(service, message["messageId"])
    found = (refusal["reason"], refusal["problem"].get("pointer"))
    assert found == ("event-invalid", pointer)


async def test_a_bad_single_call_is_kept_as_a_refusal(service: Service, key: str) -> None:
    message = a_track(event="nul\0", writeKey=key)
    assert outcome(await send(service, "/v1/track", message)) == SUCCESS
    (refusal,) = await refusals(service, message["messageId"])
    assert (refusal["type"], refusal["problem"]["pointer"]) == (None, "/event")


@pytest.mark.parametrize("type", ["text/plain", "application/x-www-form-urlencoded", "x", ""])
async def test_the_content_type_is_ignored(service: Service, key: str, type: str) -> None:
    message = a_track()
    answer = await send(service, "/v1/t", message, {**basic(key), "content-type": type})
    assert outcome(answer) == SUCCESS
    assert await types(service, message["messageId"]) == ["form.submitted"]


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_compressed_bodies_are_decompressed(
    service: Service, key: str, encoding: str
) -> None:
    message = a_track()
    plain = orjson.dumps({"batch": [message]})
    body = gzip.compress(plain) if encoding == "gzip" else zlib.compress(plain)
    type = "application/x-www-form-urlencoded"
    headers = {**basic(key), "content-encoding": encoding, "content-type": type}
    assert outcome(await send(service, "/v1/batch", body, headers)) == SUCCESS
    assert await types(service, message["messageId"]) == ["form.submitted"]


async def test_a_chunked_body_is_reassembled(service: Service, key: str) -> None:
    message = a_track()
    body = orjson.dumps({"batch": [message]})

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 50):
            yield body[start : start + 50]

    answer = await service.client.post("/v1/batch", content=pieces(), headers=basic(key))
    assert outcome(answer) == SUCCESS
    assert await types(service, message["messageId"]) == ["form.submitted"]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/v1/batch", b"{", 400),
        ("/v1/batch", b"[]", 400),
        ("/v1/batch", b'{"batch": {}}', 400),
        ("/v1/batch", b'{"batch": [1}', 400),
        ("/v1/batch", b'{"batch": [1], "sentAt": NaN}', 400),
        ("/v1/batch", b'{"batch": [1], "batch": [2]}', 400),
        ("/v1/batch", b'{"batch": [], "sentAt": "\\u0000"}', 400),
        ("/v1/batch", b"\xef\xbb\xbf{}", 400),
        ("/v1/batch", b"\xff", 400),
        ("/v1/track", b"", 400),
        ("/batch/", b'{"data": []}', 400),
        ("/batch/", gzip.compress(b"{}", mtime=0), 400),
        (SNOWPLOW_POST, b'{"data": 1}', 400),
        ("/v1/batch", b" " * (5 * 1024 * 1024 + 1), 413),
        ("/v1/batch", b'{"batch": [%s0]}' % (b"0," * 100_000), 413),
    ],
)
async def test_an_unreadable_body_is_refused_in_a_form_that_every_client_finds(
    service: Service, key: str, path: str, body: bytes, status: int
) -> None:
    answer = await send(service, path, body, basic(key))
    assert answer.status_code == status
    problem = answer.json()
    assert problem["code"]
    assert problem["message"] == problem["detail"]
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_decompression_bomb_is_stopped(service: Service, key: str) -> None:
    body = gzip.compress(b'{"batch": [%s]}' % (b" " * 3_000_000))
    answer = await send(service, "/v1/batch", body, {**basic(key), "content-encoding": "gzip"})
    assert answer.status_code == 413


@pytest.mark.parametrize("query", ["e", "e=pv&e=pv", "e=%ff"])
async def test_an_unreadable_query_is_refused(service: Service, key: str, query: str) -> None:
    answer = await service.client.get(f"{SNOWPLOW_GET}?{query}", headers=basic(key))
    assert (answer.status_code, answer.json()["code"]) == (400, "body-unreadable")


async def test_a_query_with_nul_is_kept_as_a_refusal(service: Service, key: str) -> None:
    payload = a_payload(duid="nul\0")
    answer = await service.client.get(f"{SNOWPLOW_GET}?{urlencode(payload)}", headers=basic(key))
    assert answer.status_code == 200
    (refusal,) = await refusals(service, payload["eid"])
    assert refusal["problem"]["pointer"] == "/duid"


def requests_of_all() -> list[tuple[str, dict[str, Any], str | None]]:
    """Return every address with a body for it, and the member that may hold a key."""
    empty: dict[str, Any] = {"batch": []}
    batches = [(path, empty, "writeKey") for path in SEGMENT_BATCH]
    calls = [(path, a_track(), "writeKey") for paths in SEGMENT_CALLS.values() for path in paths]
    captures = [(path, empty, "api_key") for path in (*POSTHOG_BATCH, POSTHOG_RESULTS)]
    singles = [(path, a_capture(), "api_key") for path in POSTHOG_ONE]
    return [*batches, *calls, *captures, *singles, (SNOWPLOW_POST, {"data": []}, None)]


async def test_every_address_is_covered_here() -> None:
    asked = {path for path, _, _ in requests_of_all()} | {SNOWPLOW_GET}
    assert {route.path for route in ROUTES} == asked


@pytest.mark.parametrize(("path", "body", "member"), requests_of_all())
async def test_a_key_that_may_report_facts_is_required(
    service: Service, path: str, body: dict[str, Any], member: str | None
) -> None:
    reader = await service.key(Scope.EVENTS_READ, Scope.DECISIONS_WRITE)
    read_key = reader["authorization"].removeprefix("Bearer ")
    wrong = read_key[:-1] + ("0" if read_key[-1] != "0" else "1")
    found = []
    for headers in ({}, basic(wrong), {"authorization": "Basic ?"}, reader):
        answer = await send(service, path, body, headers)
        found.append((answer.status_code, answer.json()["code"]))
    assert found == [
        (401, "key-missing"),
        (401, "key-unknown"),
        (401, "key-unknown"),
        (403, "scope-missing"),
    ]
    if member is not None:
        assert (await send(service, path, {**body, member: wrong})).status_code == 401
        assert (await send(service, path, {**body, member: read_key})).status_code == 403


@pytest.mark.parametrize("path", ["/v1/batch", "/batch/", SNOWPLOW_POST, "/v1/t"])
async def test_without_a_key_errors_in_the_body_are_not_reported(
    service: Service, path: str
) -> None:
    answer = await send(service, path, b"{")
    assert (answer.status_code, answer.json()["code"]) == (401, "key-missing")


async def test_two_keys_in_one_request_are_rejected(service: Service, key: str) -> None:
    other = (await service.key(Scope.EVENTS_WRITE))["authorization"].removeprefix("Bearer ")
    sent = {"data": [a_payload(aid=key), a_payload(aid=other)]}
    answer = await send(service, SNOWPLOW_POST, sent)
    assert (answer.status_code, answer.json()["code"]) == (400, "body-unreadable")
    assert outcome(await send(service, SNOWPLOW_POST, sent, basic(key))) == SUCCESS


async def test_half_a_character_in_one_message_does_not_affect_others(
    service: Service, key: str
) -> None:
    message = a_track()
    body = b'{"batch": [{"event": "\\ud83d"}, %s]}' % orjson.dumps(message)
    assert outcome(await send(service, "/v1/batch", body, basic(key))) == SUCCESS
    assert await types(service, message["messageId"]) == ["form.submitted"]


async def test_an_application_id_that_is_not_a_key_is_kept(service: Service, key: str) -> None:
    payload = a_payload(aid="shop")
    assert outcome(await send(service, SNOWPLOW_POST, {"data": [payload]}, basic(key))) == SUCCESS
    assert await types(service, payload["eid"]) == ["visit.recorded"]


async def test_a_key_over_its_rate_gets_retry_after(service: Service) -> None:
    slow = await service.key(Scope.EVENTS_WRITE, events_per_second=1)
    batch = {"batch": [a_track() for _ in range(20)]}
    assert outcome(await send(service, "/v1/batch", batch, slow)) == SUCCESS
    answer = await send(service, "/v1/batch", batch, slow)
    assert (answer.status_code, answer.json()["code"]) == (429, "rate-exceeded")
    assert int(answer.headers["retry-after"]) >= 1


async def test_a_full_queue_answers_503_and_accepts_nothing(service: Service, key: str) -> None:
    message = a_track()
    with full(service):
        answer = await send(service, "/v1/batch", {"batch": [message]}, basic(key))
    assert (answer.status_code, answer.json()["code"]) == (503, "queue-full")
    assert "retry-after" in answer.headers
    assert await types(service, message["messageId"]) == []
    assert outcome(await send(service, "/v1/batch", {"batch": [message]}, basic(key))) == SUCCESS
    assert await types(service, message["messageId"]) == ["form.submitted"]


async def test_a_visitor_who_is_identified_becomes_a_marketing_lead(
    service: Service, key: str
) -> None:
    cookie = f"cookie-{next(_numbers)}"
    visit = a_track(type="page", anonymousId=cookie, context={})
    email = f"{cookie}@example.co.jp"
    identify = a_track(type="identify", anonymousId=cookie, traits={"email": email}, context={})
    sent = {"batch": [visit, identify]}
    assert outcome(await send(service, "/v1/batch", sent, basic(key))) == SUCCESS
    first, second = await records(service, visit["messageId"], identify["messageId"])
    assert (first["stageto"], second["stagefrom"], second["stageto"]) == ("AL", "AL", "ML")
    assert first["subject"] == second["subject"]


@pytest.mark.parametrize("is_turned", [False, True])
async def test_an_alias_links_a_visitor_to_a_user(
    service: Service, key: str, *, is_turned: bool
) -> None:
    number = next(_numbers)
    anonymous, user = f"anonymous-{number}", f"user-{number}"
    before = a_capture(distinct_id=anonymous, properties={"$process_person_profile": False})
    ids = {"distinct_id": anonymous, "alias": user}
    if is_turned:
        ids = {"distinct_id": user, "alias": anonymous}
    alias = a_capture(event="$create_alias", distinct_id=ids["distinct_id"], properties=ids)
    after = a_capture(distinct_id=user)
    for message in (before, alias, after):
        await send(service, "/batch/", {"api_key": key, "batch": [message]})
    found = await records(service, before["uuid"], alias["uuid"], after["uuid"])
    assert len({row["subject"] for row in found}) == 1
    assert len(found) == 3


async def test_a_group_call_links_a_person_to_a_company(service: Service, key: str) -> None:
    cookie, company = f"cookie-{next(_numbers)}", f"company-{next(_numbers)}"
    group = a_track(type="group", anonymousId=cookie, groupId=company)
    described = a_capture(
        event="$groupidentify",
        properties={"$group_type": "company", "$group_key": company, "$group_set": {"name": "A"}},
    )
    await send(service, "/v1/group", group, basic(key))
    await send(service, "/batch/", {"api_key": key, "batch": [described]})
    person, about = await records(service, group["messageId"], described["uuid"])
    assert person["data"]["effects"]["account"] == about["subject"].removeprefix("account/")


async def test_the_document_describes_the_answers_to_these_clients(service: Service) -> None:
    document = (await service.client.get("/openapi.json")).json()
    operation = document["paths"]["/v1/batch"]["post"]
    assert sorted(operation["responses"]) == [
        *("200", "400", "401", "403", "408", "413", "414", "415", "429", "431", "503")
    ]
    pixel = document["paths"]["/i"]["get"]
    assert list(pixel["responses"]["200"]["content"]) == ["image/gif"]
