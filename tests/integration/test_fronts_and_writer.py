"""Several fronts and one writer: what each sees of the others, and what the socket takes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import msgspec
import orjson
import pytest
import pytest_asyncio

from events.lifecycles.known import Lifecycles
from events.lifecycles.shipped import shipped_text
from events.limits import FRAME_BYTES_MAX, OUTCOME_WAIT_S
from events.outcomes import Recorded
from events.remote.messages import PROTOCOL, Bulletin, Hello, decode_writer, encode
from events.submission import Item, Submission
from service.ingest.read_items import receive_one
from service.ingest.reporting import Reporting
from service.keys.store import KeyStore
from service.keys.terms import KeyTerms
from service.private_postgres import PrivatePostgres
from tests.safety.waiting import until
from tests.support.apart import Apart, apart
from tests.support.ledger_in_memory import SENDER

pytestmark = pytest.mark.asyncio(loop_scope="module")


def form(id: str, email: str = "hanako@example.co.jp") -> dict[str, object]:
    return {"id": id, "type": "form.submitted", "lead": {"email": email}, "data": {"form": "paper"}}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Apart]:
    async with apart(postgres_server) as running:
        yield running


async def test_what_one_front_takes_another_one_knows(service: Apart) -> None:
    one, other = service.fronts
    head = (await other.client.get("/v1/events")).json()["head"]
    asking = asyncio.create_task(other.client.get("/v1/events", params={"after": head, "wait": 20}))
    recorded = await one.client.post("/v1/events", json=form("shared"))
    assert recorded.status_code == 201
    page = (await asking).json()
    assert page["events"][0]["position"] == recorded.json()["position"]
    again = await other.client.post("/v1/events", json=form("shared"))
    assert (again.status_code, again.json()["status"]) == (200, "duplicate")
    refused = await other.client.post("/v1/events", json=form("shared", "taro@example.co.jp"))
    assert (refused.status_code, refused.json()["code"]) == (409, "event-id-reused")


async def test_a_lifecycle_published_at_one_front_is_in_force_at_the_others(
    service: Apart,
) -> None:
    one, other = service.fronts
    text = shipped_text("demand_funnel").replace(
        "competitor_domains: []", "competitor_domains: [rival.example]", 1
    )
    published = await one.client.post(
        "/v1/lifecycle", content=text, headers={"content-type": "application/yaml"}
    )
    assert (published.status_code, published.json()["version"]) == (201, 2)
    await until(lambda: other.part(Lifecycles).last_version == 2)
    words = (await other.client.get("/v1/lifecycle")).json()
    assert words["version"] == 2


async def test_what_was_read_under_an_earlier_lifecycle_is_read_again(service: Apart) -> None:
    """A report that comes just before a publication, and reaches the writer just after."""
    one, other = service.fronts
    reporting = other.part(Reporting)
    sent = orjson.dumps(form("early") | {"data": {"form": "paper", "content": "prices"}})
    item = receive_one(sent, reporting.context(SENDER))
    assert isinstance(item, Item)
    version = other.part(Lifecycles).last_version
    fields = "fields: [form, content, page, channel, campaign]"
    text = shipped_text("demand_funnel").replace(
        fields, "fields: [form, page, channel, campaign]", 1
    )
    published = await one.client.post(
        "/v1/lifecycle", content=text, headers={"content-type": "application/yaml"}
    )
    assert published.status_code == 201
    (outcome,) = await reporting.queue.submit(Submission((item,)))
    assert other.part(Lifecycles).last_version == version + 1
    assert isinstance(outcome, Recorded)
    after = {"after": str(outcome.position - 1)}
    event = (await one.client.get("/v1/events", params=after)).json()["events"][0]
    # The new lifecycle does not declare the content, so it is not in the record.
    assert (event["data"]["form"], event["data"].get("content")) == ("paper", None)


async def test_a_rate_counts_what_other_fronts_have_taken(service: Apart) -> None:
    one, other = service.fronts
    terms = KeyTerms(
        name="limited", sources=("limited",), scopes=("events:write",), events_per_second=1
    )
    key, _ = await one.part(KeyStore).create(terms, by=None)
    headers = {"authorization": f"Bearer {key.text}"}
    warm = await other.client.post("/v1/events", json=form("limit-0"), headers=headers)
    assert warm.status_code == 201
    batch = [form(f"limit-{number}") for number in range(1, 100)]
    sent = await one.client.post("/v1/events", json=batch, headers=headers)
    assert sent.status_code == 200
    await asyncio.sleep(0.3)
    late = await other.client.post("/v1/events", json=form("limit-100"), headers=headers)
    assert (late.status_code, late.json()["code"]) == (429, "rate-exceeded")


async def test_a_front_waits_for_a_writer_that_starts_again(service: Apart) -> None:
    one, _ = service.fronts
    await service.stop_writer()
    waiting = asyncio.create_task(one.client.post("/v1/events", json=form("patient")))
    await asyncio.sleep(0.2)
    assert not waiting.done()
    await service.start_writer()
    assert (await waiting).status_code == 201


async def test_without_a_writer_nothing_is_acknowledged_and_readiness_says_so(
    service: Apart, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, _ = service.fronts
    monkeypatch.setattr("events.submission_queue.OUTCOME_WAIT_S", 0.5)
    await service.stop_writer()
    try:
        answer = await one.client.post("/v1/events", json=form("unheard"))
        assert (answer.status_code, answer.json()["code"]) == (503, "ledger-unavailable")
        assert "retry-after" in answer.headers
        await asyncio.sleep(2)
        ready = await one.client.get("/readyz")
        assert ready.status_code == 503
        assert "writer's process does not answer" in ready.text
    finally:
        await service.start_writer()
    again = await one.client.post("/v1/events", json=form("unheard"))
    assert again.status_code in {200, 201}


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        (FRAME_BYTES_MAX + 1).to_bytes(4, "big"),
        (3).to_bytes(4, "big") + b"\x80\x04K",
        (4).to_bytes(4, "big") + msgspec.msgpack.encode([1, 2, 3]),
    ],
)
async def test_a_client_that_sends_anything_else_is_cut_off_and_the_others_go_on(
    service: Apart, sent: bytes
) -> None:
    assert await answer_to(service, sent) == b""
    recorded = await service.fronts[0].client.post("/v1/events", json=form("undisturbed"))
    assert recorded.status_code in {200, 201}


async def test_a_process_of_another_version_is_turned_away(service: Apart) -> None:
    assert await answer_to(service, framed(encode(Hello(PROTOCOL + 1, "front", 1)))) == b""


async def test_nothing_is_taken_before_a_client_has_said_who_it_is(service: Apart) -> None:
    submit = msgspec.msgpack.encode(["submit", 1, 1, [], False, [], None, False])
    assert await answer_to(service, framed(submit)) == b""


async def test_a_client_learns_at_once_where_the_log_ends(service: Apart) -> None:
    # With this the writer learns of what others have appended themselves, such as keys.
    await service.fronts[0].client.post("/v1/events", json=form("newest"))
    answer = await answer_to(service, framed(encode(Hello(PROTOCOL, "reader", 1))), upto=1)
    bulletin = decode_writer(answer[4:])
    assert isinstance(bulletin, Bulletin)
    head = (await service.fronts[0].client.get("/v1/events")).json()["head"]
    assert str(bulletin.position) == head
    assert bulletin.clients == {"front": 2, "reader": 1}


def framed(message: bytes) -> bytes:
    return len(message).to_bytes(4, "big") + message


async def answer_to(service: Apart, sent: bytes, *, upto: int = 0) -> bytes:
    """Send bytes to the writer; return what it answers until it hangs up, or one message."""
    reader, writer = await asyncio.open_unix_connection(str(service.socket.path))
    writer.write(sent)
    try:
        async with asyncio.timeout(OUTCOME_WAIT_S):
            if not upto:
                with suppress(ConnectionError):
                    return await reader.read()
                return b""
            length = await reader.readexactly(4)
            return length + await reader.readexactly(int.from_bytes(length, "big"))
    finally:
        writer.close()
