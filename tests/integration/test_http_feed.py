"""The feed: every event once, in order, byte for byte as recorded."""

import asyncio
from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any

import orjson
import pytest
import pytest_asyncio

from service.feed.appends import Appends
from service.private_postgres import PrivatePostgres
from tests.support.http_service import Service, running_service
from tests.support.postgres import connection_to

pytestmark = pytest.mark.asyncio(loop_scope="module")

TYPES = ("visit.recorded", "form.submitted")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        await report(running, 40)
        yield running


async def report(service: Service, count: int, name: str = "feed") -> list[int]:
    events = [
        {
            "id": f"{name}-{number}",
            "source": "website",
            "type": TYPES[number % 2],
            "lead": {"anonymous_id": f"c{number}"},
        }
        for number in range(count)
    ]
    answer = await service.client.post("/v1/events", json=events)
    return [int(item["position"]) for item in answer.json()["items"]]


async def read(service: Service, **params: Any) -> dict[str, Any]:
    answer = await service.client.get("/v1/events", params=params)
    assert answer.status_code == 200
    content: dict[str, Any] = answer.json()
    return content


async def test_the_feed_continues_where_it_ended_until_nothing_is_left(service: Service) -> None:
    found, after = [], "0"
    while True:
        page = await read(service, after=after, limit=7)
        found += [int(event["position"]) for event in page["events"]]
        if not page["events"]:
            break
        after = page["next"]
    assert found == list(range(1, int(page["head"]) + 1))
    assert page["next"] == page["head"]


async def test_records_are_delivered_byte_for_byte(service: Service) -> None:
    lines = await service.client.get("/v1/events", headers={"accept": "application/x-ndjson"})
    async with connection_to(service.owner_url) as connection:
        leaves = await connection.fetch("SELECT leaf FROM ledger.events ORDER BY position")
    records = lines.content.splitlines()
    assert [sha256(b"\0" + record).digest() for record in records] == [
        row["leaf"] for row in leaves
    ]
    page = await service.client.get("/v1/events", params={"limit": 3})
    assert page.content.startswith(b'{"events":[' + b",".join(records[:3]) + b"]")


async def test_lines_end_where_the_limit_is(service: Service) -> None:
    answer = await service.client.get(
        "/v1/events", params={"limit": 3, "after": 2}, headers={"accept": "application/x-ndjson"}
    )
    found = [orjson.loads(line)["position"] for line in answer.text.splitlines()]
    assert found == ["3", "4", "5"]


async def test_a_type_filter_still_reports_where_to_continue(service: Service) -> None:
    page = await read(service, type="visit.recorded", limit=1000)
    assert {event["type"] for event in page["events"]} == {"visit.recorded"}
    assert len(page["events"]) == 20
    assert page["next"] == page["head"]
    both = await read(service, type=list(TYPES), limit=1000)
    assert len(both["events"]) == 40
    few = await read(service, type="visit.recorded", limit=2)
    assert few["next"] == few["events"][-1]["position"]


async def test_a_type_that_never_occurred_ends_at_the_head(service: Service) -> None:
    page = await read(service, type="no.such.type")
    assert (page["events"], page["next"]) == ([], page["head"])


async def test_a_waiting_reader_is_answered_as_soon_as_something_happens(service: Service) -> None:
    head = (await read(service))["head"]
    waiting = asyncio.create_task(read(service, after=head, wait=20))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    (position,) = await report(service, 1, "woken")
    async with asyncio.timeout(5):
        page = await waiting
    assert int(page["events"][0]["position"]) == position


async def test_a_reader_that_waits_in_vain_gets_an_empty_answer(service: Service) -> None:
    head = (await read(service))["head"]
    page = await read(service, after=head, wait=0.3)
    assert page == {"events": [], "next": head, "head": head}


async def test_a_waiting_reader_is_answered_when_the_service_stops(service: Service) -> None:
    head = (await read(service))["head"]
    service.part(Appends).closing.set()
    try:
        async with asyncio.timeout(5):
            page = await read(service, after=head, wait=30)
    finally:
        service.part(Appends).closing.clear()
    assert page["events"] == []


@pytest.mark.parametrize(
    "params",
    [
        {"after": "-1"},
        {"after": "x"},
        {"after": str(2**63)},
        {"limit": "0"},
        {"limit": "1001"},
        {"wait": "31"},
        {"wait": "nan"},
        {"type": "a\0b"},
    ],
)
async def test_an_invalid_parameter_is_named(service: Service, params: dict[str, str]) -> None:
    answer = await service.client.get("/v1/events", params=params)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "parameter-invalid")
    assert problem["parameter"] == next(iter(params))
