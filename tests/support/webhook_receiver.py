"""A webhook receiver on a local port: it records what arrives, and answers as configured.

async with receiving(lambda message: 200) as receiver:
    ... receiver.url, receiver.messages
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson


class Message(NamedTuple):
    """One request as it came."""

    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        content: dict[str, Any] = orjson.loads(self.body)
        return content

    @property
    def position(self) -> int:
        return int(self.event["position"])

    @property
    def subject(self) -> str:
        return str(self.event["subject"])


class Reply(NamedTuple):
    """How to answer; `rest` is sent after the head, whatever the head says."""

    status: int = 200
    head: str = "content-length: 0"
    rest: bytes = b""
    after_s: float = 0.0
    is_endless: bool = False


Answering = Callable[[Message], int | Reply]


@dataclass
class Receiver:
    """What has arrived, in order."""

    answering: Answering
    port: int = 0
    scheme: str = "http"
    messages: list[Message] = field(default_factory=list)
    taken: list[Message] = field(default_factory=list)
    """Messages that were answered with success."""
    under_way: int = 0
    under_way_max: int = 0

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/hooks"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.under_way += 1
        self.under_way_max = max(self.under_way_max, self.under_way)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._answer(reader, writer)
        finally:
            self.under_way -= 1
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines[1:] if line)
        exact = dict(line.split(": ", 1) for line in lines[1:] if line)
        headers |= {name.lower(): value for name, value in exact.items()}
        body = await reader.readexactly(int(headers["content-length"]))
        message = Message(lines[0].split(" ")[1], headers, body)
        self.messages.append(message)
        answer = self.answering(message)
        reply = Reply(answer) if isinstance(answer, int) else answer
        await asyncio.sleep(reply.after_s)
        if reply.status < 300:
            self.taken.append(message)
        writer.write(f"HTTP/1.1 {reply.status} X\r\n{reply.head}\r\n\r\n".encode() + reply.rest)
        await writer.drain()
        while reply.is_endless:
            writer.write(b"x" * 65_536)
            await writer.drain()


@asynccontextmanager
async def receiving(
    answering: Answering = lambda _: 200, *, context: ssl.SSLContext | None = None
) -> AsyncIterator[Receiver]:
    """Run a receiver on a free local port."""
    receiver = Receiver(answering, scheme="http" if context is None else "https")
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0, ssl=context)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
