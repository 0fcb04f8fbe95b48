"""What uvicorn does not bound by itself: the head of a request."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send
from uvicorn import Config
from uvicorn.server import ServerState

from service.hosting.heads import HEAD_BYTES_MAX, BoundedHeads

HEAD = b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: %d\r\n\r\n"


class ShortWait(BoundedHeads):
    head_wait_s = 0.1


async def answer_length(scope: Scope, receive: Receive, send: Send) -> None:
    body = await Request(scope, receive).body()
    await PlainTextResponse(f"read {len(body)}")(scope, receive, send)


@pytest.fixture
async def port() -> AsyncIterator[int]:
    config = Config(answer_length, ws="none", lifespan="off", log_config=None)
    config.load()
    state = ServerState()
    server = await asyncio.get_running_loop().create_server(
        lambda: ShortWait(config, state, {}), "127.0.0.1", 0
    )
    async with server:
        yield server.sockets[0].getsockname()[1]


async def answer_to(port: int, *pieces: bytes, pause_s: float = 0.0) -> bytes:
    """Send piece by piece, and return what comes back until the other side has said it all."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause_s)
        return await asyncio.wait_for(reader.readuntil(b"read "), timeout=5) + (
            await reader.readexactly(1)
        )
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""
    finally:
        writer.close()


async def test_a_head_and_a_large_body_are_read(port: int) -> None:
    body = b"x" * (HEAD_BYTES_MAX * 3)
    assert b"200 OK" in await answer_to(port, HEAD % len(body) + body)


async def test_a_head_in_pieces_is_read(port: int) -> None:
    head = HEAD % 1
    assert b"200 OK" in await answer_to(port, head[:10], head[10:], b"x", pause_s=0.02)


async def test_a_body_may_take_longer_than_a_head(port: int) -> None:
    assert b"200 OK" in await answer_to(
        port, (HEAD % 2)[:9], (HEAD % 2)[9:], b"x", b"y", pause_s=0.08
    )


async def test_a_head_without_end_is_hung_up_on(port: int) -> None:
    endless = (b"x" * 8_192 for _ in range(1_000))
    assert await answer_to(port, b"GET / HTTP/1.1\r\nHost: here\r\nX-Long: ", *endless) == b""


async def test_a_connection_that_says_nothing_is_hung_up_on(port: int) -> None:
    assert await answer_to(port) == b""


async def test_a_head_that_trickles_is_hung_up_on(port: int) -> None:
    trickle = (b"X-%d: y\r\n" % number for number in range(20))
    assert await answer_to(port, b"GET / HTTP/1.1\r\n", *trickle, pause_s=0.03) == b""
