"""Backpressure: what waits, what gets 503, and how much is held meanwhile."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import orjson
import pytest
import pytest_asyncio

from events.append.ledger import Ledger
from events.limits import MIB
from service.bodies.body_memory import MemoryBudget, MemoryBudgets
from service.ingest import stream, wait_for_queue
from service.ingest.reporting import Reporting
from service.limits import QUEUE_PAUSE_S
from service.private_postgres import PrivatePostgres
from tests.safety.waiting import until
from tests.support.http_service import Service, reporting_with, running_service, serving_with
from tests.support.queues import FullQueue, full

pytestmark = pytest.mark.asyncio(loop_scope="module")

LINES = {"content-type": "application/x-ndjson"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        yield running


def an_event(name: str, **data: str) -> dict[str, Any]:
    lead = {"anonymous_id": name}
    return {"id": name, "source": "website", "type": "visit.recorded", "lead": lead, "data": data}


def lines(events: list[dict[str, Any]]) -> bytes:
    return b"".join(orjson.dumps(event) + b"\n" for event in events)


async def post(service: Service, content: Any, **headers: str) -> httpx.Response:
    return await service.client.post("/v1/events", content=content, headers=headers, timeout=60)


async def test_a_full_queue_answers_503_before_reading_the_body(service: Service) -> None:
    async def never() -> AsyncIterator[bytes]:
        raise AssertionError("the body should not be read")
        yield b""

    with full(service):
        answer = await post(service, never())
    assert (answer.status_code, answer.json()["code"]) == (503, "queue-full")
    assert answer.headers["retry-after"] == "2"


async def test_a_stream_waits_for_its_turn(service: Service) -> None:
    with full(service):
        sending = asyncio.create_task(post(service, lines([an_event("turn")]), **LINES))
        await asyncio.sleep(3 * QUEUE_PAUSE_S)
        assert not sending.done()
    assert (await sending).json()["recorded"] == 1


async def test_a_stream_whose_turn_does_not_come_reports_how_far_it_got(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wait_for_queue, "TURN_WAIT_S", 0.1)
    with full(service):
        answer = await post(service, lines([an_event("never")]), **LINES)
    assert (answer.status_code, answer.json()["code"]) == (503, "queue-full")
    assert answer.json()["recorded"] == 0


async def test_a_batch_that_has_begun_is_not_rejected_midway(service: Service) -> None:
    tried = itertools.count(1)
    queue = FullQueue(service.part(Reporting).queue, is_full=lambda: next(tried) % 2 == 0)
    body = orjson.dumps([an_event(f"begun-{number}") for number in range(1_200)])
    with reporting_with(service, queue=queue):
        answer = await post(service, body)
    assert answer.status_code == 200
    assert next(tried) > 4


async def test_events_of_a_stream_are_recorded_when_it_pauses(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "STREAM_PAUSE_S", 0.05)
    before, over = service.part(Ledger).memory.position, asyncio.Event()

    async def live() -> AsyncIterator[bytes]:
        yield lines([an_event("live-1")])
        await over.wait()
        yield lines([an_event("live-2")])

    sending = asyncio.create_task(post(service, live(), **LINES))
    await until(lambda: service.part(Ledger).memory.position > before)
    await until(lambda: service.part(MemoryBudgets).senders.held_bytes == 0)
    over.set()
    assert (await sending).json()["recorded"] == 2


@contextmanager
def small_room(service: Service, bytes_max: int) -> Iterator["Watched"]:
    room = Watched(bytes_max)
    with serving_with(service, MemoryBudgets, MemoryBudgets(room)):
        yield room


async def test_bodies_that_find_no_room_get_503(service: Service) -> None:
    over = asyncio.Event()
    body = orjson.dumps(an_event("large", text="x" * 40_000))

    async def slow() -> AsyncIterator[bytes]:
        yield body[:-1]
        await over.wait()
        yield body[-1:]

    with small_room(service, 125_000) as room:
        first = asyncio.create_task(post(service, slow()))
        await until(lambda: room.held_bytes > 40_000)
        answer = await post(service, orjson.dumps(an_event("no-room", text="x" * 48_000)))
        assert (answer.status_code, answer.json()["code"]) == (503, "queue-full")
        assert answer.headers["retry-after"] == "2"
        over.set()
        assert (await first).status_code == 201
        assert room.held_bytes == 0


class Watched(MemoryBudget):
    """Room that records the most that was held."""

    def __init__(self, bytes_max: int) -> None:
        super().__init__(bytes_max)
        self.most = 0

    def has(self, size: int, *, for_large: bool = False) -> bool:
        self.most = max(self.most, self.held_bytes)
        return super().has(size, for_large=for_large)


async def greedy(service: Service, name: str, bytes_max: int) -> tuple[list[int], int]:
    """Send 12 MB streams concurrently; return the events recorded, and the most bytes held."""
    bodies = [
        lines([an_event(f"{name}-{one}-{number}", text="x" * 10_000) for number in range(150)])
        for one in range(8)
    ]
    with small_room(service, bytes_max) as room:
        answers = await asyncio.gather(*(post(service, body, **LINES) for body in bodies))
    return [answer.json()["recorded"] for answer in answers], room.most


async def test_greedy_streams_share_the_room_and_all_complete(service: Service) -> None:
    recorded, most = await greedy(service, "greedy", 2 * MIB)
    assert recorded == [150] * 8
    assert MIB < most <= 2 * MIB


async def test_without_a_bound_greedy_streams_would_hold_more(service: Service) -> None:
    """The negative twin: the same streams, and unlimited room."""
    _, most = await greedy(service, "endless", 1_000 * MIB)
    assert most > 2 * MIB
