"""Server-sent events: the log from any position, every event once, in order, and then live."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import httpx
import pytest
import pytest_asyncio
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from service.feed.appends import Appends
from service.feed.log import ALL, Log
from service.feed.tail import Tail
from service.hosting.connections import BoundedConnection
from service.keys.key_text import parse
from service.keys.scopes import Scope
from service.private_postgres import PrivatePostgres
from service.routes import stream
from tests.safety.waiting import until
from tests.support.http_service import (
    SCHEMA,
    Service,
    listening,
    running_service,
    serving_with,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

PATH = "/v1/events/stream"
WAIT_S = 10


class StreamEvent(NamedTuple):
    """The fields between two empty lines; None for a missing one."""

    id: str | None
    data: str | None


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        await report(running, "begin", 30)
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def port(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    async with listening(service) as client:
        yield client


async def report(service: Service, name: str, count: int, **data: Any) -> list[dict[str, Any]]:
    events = [
        {
            "id": f"{name}-{number}",
            "source": "website",
            "type": "form.submitted" if number % 3 else "visit.recorded",
            "lead": {"anonymous_id": f"{name}-{number}", "email": f"{name}{number}@a.example"}
            if number % 3
            else {"anonymous_id": f"{name}-{number}"},
            "data": data,
        }
        for number in range(count)
    ]
    answer = await service.client.post("/v1/events", json=events)
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def records(service: Service, **params: Any) -> dict[str, str]:
    """Return the feed's records by position."""
    answer = await service.client.get(
        "/v1/events", params=params, headers={"accept": "application/x-ndjson"}
    )
    lines = answer.text.splitlines()
    return {line.partition('"position":"')[2].partition('"')[0]: line for line in lines}


@asynccontextmanager
async def streaming(
    client: httpx.AsyncClient, headers: dict[str, str] | None = None, **params: Any
) -> AsyncIterator[AsyncIterator[StreamEvent]]:
    async with client.stream("GET", PATH, params=params, headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield _received(answer)


async def _received(answer: httpx.Response) -> AsyncIterator[StreamEvent]:
    fields: dict[str, str] = {}
    async for line in answer.aiter_lines():
        if line and not line.startswith(":"):
            name, _, value = line.partition(": ")
            assert name not in fields, "one line of data an event"
            fields[name] = value
        elif not line and {"id", "data"} & set(fields):
            yield StreamEvent(fields.get("id"), fields.get("data"))
            fields = {}
        elif not line:
            fields = {}


async def take(events: AsyncIterator[StreamEvent], count: int) -> dict[str, str]:
    """Return the next `count` events by position, in order of arrival."""
    taken: dict[str, str] = {}
    async with asyncio.timeout(WAIT_S):
        while len(taken) < count:
            received = await anext(events)
            if received.data is not None:
                assert received.id is not None
                assert received.id not in taken
                taken[received.id] = received.data
    return taken


async def test_a_stream_sends_the_stored_records_and_continues_live(
    service: Service, port: httpx.AsyncClient
) -> None:
    before = await records(service)
    async with streaming(port) as events:
        assert await take(events, len(before)) == before
        await report(service, "live", 7)
        grown = await records(service)
        live = await take(events, len(grown) - len(before))
    assert list({**before, **live}.items()) == list(grown.items())


async def test_a_stream_resumes_where_it_broke_off(
    service: Service, port: httpx.AsyncClient
) -> None:
    every = await records(service)
    async with streaming(port, {"last-event-id": "7"}, after=2) as events:
        assert next(iter(await take(events, 3))) == "8"
    async with streaming(port, after=len(every) - 2) as events:
        assert list(await take(events, 2)) == list(every)[-2:]


@pytest.mark.parametrize(
    "params",
    [
        {"type": "visit.recorded"},
        {"stage": "MAL"},
        {"stage": "マーケ受入リード"},
        {"stage": ["marketing accepted lead", "AL"]},
        {"stage": "mal", "type": ["lead.accepted", "visit.recorded"]},
    ],
)
async def test_a_filter_passes_the_same_events_live_as_from_the_log(
    service: Service, port: httpx.AsyncClient, params: dict[str, Any]
) -> None:
    head = (await service.client.get("/v1/events")).json()["head"]
    async with streaming(port, after=head, **params) as live:
        await asyncio.sleep(0.1)
        await report(service, f"filtered-{hash(str(params))}", 9)
        expected = await records(service, after=head, limit=1000, **params)
        assert 0 < len(expected) < len(await records(service, after=head))
        assert await take(live, len(expected)) == expected
    async with streaming(port, after=head, **params) as late:
        assert await take(late, len(expected)) == expected


async def test_a_filter_matches_a_restatement_by_the_outcomes_that_it_names(
    service: Service, port: httpx.AsyncClient
) -> None:
    head = (await service.client.get("/v1/events")).json()["head"]
    wanted = {"after": head, "type": "opportunity.created", "stage": "OPP"}
    about = {"source": "sales", "lead": {"email": "late@a.example"}}
    later = {**about, "id": "later", "type": "email.opened", "time": "2026-11-03T00:00:00Z"}
    late = {**about, "id": "late", "type": "opportunity.created", "time": "2026-11-02T00:00:00Z"}
    async with streaming(port, **wanted) as live:
        answers = [
            await service.client.post("/v1/events", json=one)
            for one in (later, {**late, "data": {"opportunity": "late"}})
        ]
        restated, expected = answers[-1].json()["restated"], await records(service, **wanted)
        assert await take(live, 1) == {restated: "".join(expected.values())}


async def test_the_name_of_a_stage_in_data_is_not_a_move(service: Service) -> None:
    records = {
        '{"data":{"stageto":"ML"},"stagefrom":"AL","stageto":"MAL"}': [False, True],
        '{"data":{"note":"\\"stageto\\":\\"ML\\""}}': [False, False],
        '{"stageto":"ML"}': [True, False],
        '{"stagefrom":"AL"}': [False, True],
        "{}": [False, False],
    }
    async with service.engine.connect() as connection:
        for record, expected in records.items():
            for stage, touches in zip(("ML", "AL"), expected, strict=True):
                found = await connection.exec_driver_sql(
                    "SELECT ledger.touches_stage($1, $2)", (record, [stage])
                )
                assert found.scalar() is touches, (record, stage)


async def test_an_unknown_stage_is_refused_with_similar_names(
    service: Service,
) -> None:
    for path in (PATH, "/v1/events"):
        answer = await service.client.get(path, params={"stage": "MAM"})
        problem = answer.json()
        assert (answer.status_code, problem["parameter"]) == (422, "stage")
        assert "MAL" in problem["detail"]


async def test_an_idle_stream_reports_how_far_it_has_looked(
    service: Service, port: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "HEARTBEAT_S", 0.1)
    monkeypatch.setattr(stream, "STREAM_LOOK_S", 0.05)
    head = (await service.client.get("/v1/events")).json()["head"]
    async with (
        port.stream("GET", PATH, params={"type": "no.such.type"}) as answer,
        asyncio.timeout(WAIT_S),
    ):
        lines = answer.aiter_lines()
        while await anext(lines) != f"id: {head}":
            pass
        while await anext(lines) != ": still here":
            pass


async def test_a_stream_ends_when_the_service_does(
    service: Service, port: httpx.AsyncClient
) -> None:
    async with streaming(port) as events:
        await take(events, 1)
        service.part(Appends).closing.set()
        try:
            async with asyncio.timeout(WAIT_S):
                async for _ in events:
                    pass
        finally:
            service.part(Appends).closing.clear()


async def test_a_stream_ends_when_its_key_is_revoked(
    service: Service, port: httpx.AsyncClient
) -> None:
    headers = await service.key(Scope.EVENTS_READ)
    key_id = parse(headers["authorization"].removeprefix("Bearer ")).key_id
    async with streaming(port, headers) as events:
        await take(events, 1)
        await service.client.delete(f"/v1/keys/{key_id}")
        async with asyncio.timeout(5):
            async for _ in events:
                pass


async def test_the_number_of_streams_is_limited(service: Service, port: httpx.AsyncClient) -> None:
    log = Log(service.engine, SCHEMA)
    tail = Tail(log, service.part(Appends), readers_max=1)
    with serving_with(service, Tail, tail):
        async with streaming(port) as events:
            await take(events, 1)
            answer = await port.get(PATH)
            assert (answer.status_code, answer.json()["code"]) == (503, "streams-full")
            assert answer.headers["retry-after"] == "2"
        await until(lambda: not tail.is_full)
        async with streaming(port) as events:
            await take(events, 1)


async def connection_left_by_a_reader_that_stalls(
    service: Service, protocol: type[HttpToolsProtocol]
) -> bool:
    """Request more than buffers hold, read nothing, and return whether the server disconnects."""
    await report(service, f"large-{protocol.__name__}", 400)
    lost = asyncio.Event()

    class Watched(protocol):  # type: ignore[valid-type, misc]
        def connection_made(self, transport: asyncio.Transport) -> None:
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
            transport.set_write_buffer_limits(high=4096)
            super().connection_made(transport)

        def connection_lost(self, exc: Exception | None) -> None:
            lost.set()
            super().connection_lost(exc)

    async with listening(service, Watched) as client:
        with socket.socket() as reader:
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            reader.settimeout(0)
            url = client.base_url
            loop = asyncio.get_running_loop()
            await loop.sock_connect(reader, (url.host, url.port))
            head = f"GET {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: "
            authorization = client.headers["authorization"]
            await loop.sock_sendall(reader, f"{head}{authorization}\r\n\r\n".encode())
            try:
                await asyncio.wait_for(lost.wait(), 2)
            except TimeoutError:
                return False
            return True


async def test_a_reader_that_takes_nothing_is_cut_off(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "STREAM_STALLED_S", 0.2)
    assert await connection_left_by_a_reader_that_stalls(service, BoundedConnection)


async def test_without_hanging_up_a_reader_that_takes_nothing_would_stay(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative twin: ending the response waits for a buffer that is never emptied."""
    monkeypatch.setattr(stream, "STREAM_STALLED_S", 0.2)
    assert not await connection_left_by_a_reader_that_stalls(service, HttpToolsProtocol)


async def test_a_reader_too_slow_for_the_tail_reads_the_log(service: Service) -> None:
    tail = Tail(Log(service.engine, SCHEMA), service.part(Appends), kept_events_max=5)
    source = Log(service.engine, SCHEMA)
    async with tail.reading():
        begin = await source.head()
        await tail.wait(begin, 0.2)
        await report(service, "slow", 20)
        end = await source.head()
        await tail.wait(end - 1, WAIT_S)
        page = tail.after(end - 5, limit=9, wanted=ALL)
        assert page is not None
        assert [event.position for event in page.events] == list(range(end - 4, end + 1))
        assert tail.after(end - 6, limit=9, wanted=ALL) is None
        assert tail.after(end, limit=9, wanted=ALL) == ((), end, end)
        assert tail.after(end + 1, limit=9, wanted=ALL) is None
    assert tail.after(end - 1, limit=1, wanted=ALL) is None
