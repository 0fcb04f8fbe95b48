"""Serve on a real socket with our protocol or uvicorn's own, and talk to it byte by byte."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send
from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from service.bodies.body import read_body
from service.bodies.body_memory import BodyMemory, MemoryBudget
from service.hosting.connections import BoundedConnection
from service.http.answer import problem_answer
from service.http.head import BoundedHeads
from service.http.problem import Problem
from service.http.request_headers import read_transfer

HEAD = b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: %d\r\n\r\n"
GET = b"GET %s HTTP/1.1\r\nHost: here\r\n\r\n"
WAIT_S = 0.2
PATIENT_S = 1.5
CUT_WITHIN_S = 20 * WAIT_S
"""Far more than needed, even on a busy machine."""
KEPT_FOR_S = 3 * WAIT_S
ANSWER_BYTES = 32 * 1024 * 1024
"""More than the kernel buffers for a client that does not read."""


class Impatient(BoundedConnection):
    head_wait_s = body_wait_s = answer_wait_s = WAIT_S


class Patient(BoundedConnection):
    """Waits long enough for slow but honest clients, even on a busy machine."""

    head_wait_s = body_wait_s = answer_wait_s = PATIENT_S


@dataclass(slots=True)
class Application:
    """The application being served: just enough to abuse."""

    begun: int = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.begun += 1
        request = Request(scope, receive)
        answer = await self._answer(request)
        await answer(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if request.url.path == "/long":
            return Response(b"x" * ANSWER_BYTES)
        if request.url.path == "/unread":
            return PlainTextResponse("read nothing")
        if request.url.path == "/held":
            # Like a long poll, which checks now and then that the client is still connected.
            while not await request.is_disconnected():  # noqa: ASYNC110 - there is no event for it
                await asyncio.sleep(0.001)
            return PlainTextResponse("read by nobody")
        try:
            body = await read_body(
                request.receive, read_transfer(request.scope), BodyMemory(MemoryBudget())
            )
        except Problem as problem:
            return problem_answer(problem)
        return PlainTextResponse(f"read {len(body)}")


@dataclass(frozen=True, slots=True)
class Server:
    port: int
    application: Application
    state: ServerState

    async def empties(self, within_s: float) -> bool:
        """Report whether all connections have closed, as soon as they have."""
        deadline = asyncio.get_running_loop().time() + within_s
        while self.state.connections:
            if asyncio.get_running_loop().time() > deadline:
                return False
            await asyncio.sleep(0.01)
        return True


@asynccontextmanager
async def serving(
    protocol: type[HttpToolsProtocol] = Impatient, *, connections_max: int | None = None
) -> AsyncIterator[Server]:
    application, state = Application(), ServerState()
    config = Config(
        BoundedHeads(application),
        ws="none",
        lifespan="off",
        log_config=None,
        timeout_keep_alive=1_000,
        limit_concurrency=connections_max,
    )
    config.load()
    listening = await asyncio.get_running_loop().create_server(
        lambda: protocol(config, state, {}), "127.0.0.1", 0
    )
    try:
        yield Server(listening.sockets[0].getsockname()[1], application, state)
    finally:
        listening.close()
        for connection in list(state.connections):
            connection.transport.abort()
        for task in list(state.tasks):
            task.cancel()
        await asyncio.gather(*state.tasks, return_exceptions=True)


@asynccontextmanager
async def connected(
    server: Server,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def answer_to(server: Server, *pieces: bytes, pause_s: float = 0.0) -> tuple[int, bytes]:
    """Send piece by piece; return status and body. A dropped connection has status 0."""
    async with connected(server) as (reader, writer):
        try:
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(pause_s)
        except ConnectionError:
            pass
        return await read_answer(reader)


async def read_answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    try:
        async with asyncio.timeout(CUT_WITHIN_S):
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
            return int(head[9:12]), await reader.readexactly(length)
    except (asyncio.IncompleteReadError, ConnectionError):
        return 0, b""


async def send_on(
    writer: asyncio.StreamWriter,
    first: bytes,
    then: Iterable[bytes],
    *,
    pause_s: float = WAIT_S / 10,
) -> None:
    try:
        writer.write(first)
        for piece in then:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause_s)
    except ConnectionError:
        pass
