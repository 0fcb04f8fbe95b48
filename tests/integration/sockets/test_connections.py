"""What a connection may do, the answer when it exceeds that, and the limit on connections."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import repeat

import orjson
import pytest

from events.limits import BODY_BYTES_MAX
from service.hosting import connections
from service.hosting.connections import BoundedConnection
from service.limits import (
    DRAINED_BYTES_MAX,
    HEAD_BYTES_MAX,
    HEADERS_MAX,
    PIPELINED_MAX,
    TURNED_AWAY_MAX,
    URL_BYTES_MAX,
)
from tests.safety.waiting import until
from tests.support.abused_server import (
    ANSWER_BYTES,
    CUT_WITHIN_S,
    GET,
    HEAD,
    KEPT_FOR_S,
    PATIENT_S,
    WAIT_S,
    Patient,
    Server,
    answer_to,
    connected,
    read_answer,
    send_on,
    serving,
)

# What is allowed


async def test_a_head_and_a_large_body_are_read() -> None:
    body = b"x" * (HEAD_BYTES_MAX * 3)
    async with serving() as server:
        assert await answer_to(server, HEAD % len(body) + body) == (200, b"read %d" % len(body))


async def test_a_head_in_pieces_is_read() -> None:
    head = HEAD % 1
    async with serving(Patient) as server:
        assert await answer_to(server, head[:10], head[10:], b"x", pause_s=0.05) == (200, b"read 1")


async def test_a_body_may_take_longer_than_a_head() -> None:
    pieces = [(HEAD % 2)[:9], (HEAD % 2)[9:], b"x", b"y"]
    async with serving(Patient) as server:
        assert await answer_to(server, *pieces, pause_s=PATIENT_S / 2.5) == (200, b"read 2")


async def test_requests_may_follow_each_other_without_waiting() -> None:
    async with serving() as server, connected(server) as (reader, writer):
        writer.write((HEAD % 1 + b"x") * PIPELINED_MAX)
        answers = [await read_answer(reader) for _ in range(PIPELINED_MAX)]
        assert answers == [(200, b"read 1")] * PIPELINED_MAX


async def test_a_connection_is_kept_for_the_next_request() -> None:
    async with serving() as server, connected(server) as (reader, writer):
        for _ in range(2):
            writer.write(HEAD % 1 + b"x")
            assert await read_answer(reader) == (200, b"read 1")
            await asyncio.sleep(KEPT_FOR_S)


async def test_a_slow_reader_gets_the_whole_answer() -> None:
    async with serving(BoundedConnection) as server, connected(server) as (reader, writer):
        writer.write(GET % b"/long")
        await asyncio.sleep(WAIT_S)
        assert (await read_answer(reader))[1] == b"x" * ANSWER_BYTES


# What is answered with a problem


@pytest.mark.parametrize(
    ("head", "status", "code"),
    [
        (GET % (b"/" + b"x" * URL_BYTES_MAX), 414, "url-too-long"),
        (GET % (b"/?" + b"a=b&" * (URL_BYTES_MAX // 4)), 414, "url-too-long"),
        (GET[:-2] % b"/" + b"X: y\r\n" * HEADERS_MAX + b"\r\n", 431, "head-too-large"),
        (GET[:-2] % b"/" + b"X: " + b"y" * HEAD_BYTES_MAX + b"\r\n\r\n", 431, "head-too-large"),
    ],
)
async def test_an_oversized_head_is_answered_with_a_problem(
    head: bytes, status: int, code: str
) -> None:
    async with serving() as server:
        found, body = await answer_to(server, head)
        if found == 0:
            # The kernel delivered the head in pieces, and the first were enough to disconnect.
            assert len(head) > HEAD_BYTES_MAX
        else:
            assert (found, orjson.loads(body)["code"]) == (status, code)
        assert server.application.begun == 0


async def test_a_head_at_its_limits_is_read() -> None:
    url = b"/" + b"x" * (URL_BYTES_MAX - 1)
    headers = b"".join(b"X-%d: y\r\n" % number for number in range(HEADERS_MAX - 1))
    async with serving() as server:
        assert await answer_to(server, GET[:-2] % url + headers + b"\r\n") == (200, b"read 0")


async def test_the_sender_of_an_oversized_body_can_read_the_answer() -> None:
    body = b"x" * (BODY_BYTES_MAX * 2)
    async with serving() as server:
        status, answer = await answer_to(server, HEAD % len(body), body)
        assert (status, orjson.loads(answer)["code"]) == (413, "body-too-large")


async def test_a_body_without_end_is_answered_and_then_cut_off() -> None:
    chunk = b"%x\r\n" % HEAD_BYTES_MAX + b"x" * HEAD_BYTES_MAX + b"\r\n"
    head = b"POST / HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with serving() as server, connected(server) as (reader, writer):
        sending = asyncio.create_task(send_on(writer, head, repeat(chunk), pause_s=0.0))
        status, answer = await read_answer(reader)
        assert (status, orjson.loads(answer)["code"]) == (413, "body-too-large")
        assert await server.empties(CUT_WITHIN_S)
        sending.cancel()


async def test_the_rest_of_a_body_is_discarded_up_to_a_bound() -> None:
    head = HEAD.replace(b" / ", b" /unread ") % 10**9
    # A bounded part of an oversized body is read, so that its sender sees the answer.
    async with serving(Patient) as server, connected(server) as (reader, writer):
        pieces = repeat(b"x" * HEAD_BYTES_MAX, DRAINED_BYTES_MAX // HEAD_BYTES_MAX + 20)
        sending = asyncio.create_task(send_on(writer, head, pieces, pause_s=0.0))
        assert await read_answer(reader) == (200, b"read nothing")
        assert await server.empties(PATIENT_S)
        await sending


async def test_a_body_in_tiny_chunks_with_pauses_is_read() -> None:
    chunks = b"1\r\nx\r\n" * 300_000
    head = b"POST / HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with serving(BoundedConnection) as server:
        assert await answer_to(server, head, chunks + b"0\r\n\r\n") == (200, b"read 300000")


# How many connections there may be


@asynccontextmanager
async def busy(server: Server, count: int) -> AsyncIterator[None]:
    """Keep `count` requests waiting for their answers."""
    opened = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(count)]
    before = server.application.begun
    for _, writer in opened:
        writer.write(GET % b"/held")
    await until(lambda: server.application.begun == before + count)
    try:
        yield
    finally:
        for _, writer in opened:
            writer.transport.abort()


async def test_a_connection_beyond_the_limit_gets_503_while_all_are_busy() -> None:
    async with serving(connections_max=3) as server:
        async with busy(server, 3), connected(server) as (reader, writer):
            writer.write(GET % b"/")
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            assert head.startswith(b"http/1.1 503")
            assert b"retry-after: 2\r\n" in head
            assert b"connection: close\r\n" in head
            assert orjson.loads(await reader.read())["code"] == "too-many-connections"
        assert await server.empties(CUT_WITHIN_S)
        assert await answer_to(server, GET % b"/") == (200, b"read 0")


async def test_the_longest_idle_connection_makes_room() -> None:
    async with (
        serving(BoundedConnection, connections_max=3) as server,
        busy(server, 1),
        connected(server) as (oldest, first),
        connected(server) as (newer, second),
    ):
        for reader, writer in ((oldest, first), (newer, second)):
            writer.write(GET % b"/")
            assert await read_answer(reader) == (200, b"read 0")
        assert await answer_to(server, GET % b"/") == (200, b"read 0")
        async with asyncio.timeout(CUT_WITHIN_S):
            assert await oldest.read() == b""
        second.write(GET % b"/")
        assert await read_answer(newer) == (200, b"read 0")


async def test_a_silent_connection_makes_room_too() -> None:
    async with serving(BoundedConnection, connections_max=1) as server, connected(server):
        await until(lambda: server.state.connections)
        assert await answer_to(server, GET % b"/") == (200, b"read 0")


async def test_beyond_those_answered_with_503_no_connection_is_accepted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connections, "TURNED_AWAY_MAX", 0)
    async with serving(connections_max=2) as server, busy(server, 2):
        assert await answer_to(server, GET % b"/") == (0, b"")
    assert TURNED_AWAY_MAX > 0
