"""A proxy between a service and PostgreSQL that drops the connection at a chosen moment.

It knows just enough of the protocol to see which message causes a commit: the Bind of the
appending statement, or the COMMIT after it. A cut `before` withholds that message from the server;
a cut `after` lets the server commit, waits for its answer, and withholds the answer from the
service.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

from sqlalchemy import URL

Statement = Literal["append", "commit"]
When = Literal["before", "after"]

_APPEND = b".append("
_PARSE, _BIND, _QUERY, _READY = b"P", b"B", b"Q", b"Z"


class Cut(NamedTuple):
    when: When


Chooser = Callable[[Statement], Cut | None]
"""Decides at every statement that may commit whether to cut there."""


def never(_: Statement) -> Cut | None:
    return None


@dataclass(slots=True)
class CuttingProxy:
    """Listens on its own socket. A class, because the choice of cuts changes while it runs."""

    choose: Chooser = never
    cuts: list[tuple[Statement, When]] = field(default_factory=list)
    """The cuts made so far."""

    def cut_once(self, statement: Statement, when: When) -> None:
        """Cut at the next such statement on any connection, and never again."""

        def choose(found: Statement) -> Cut | None:
            if found != statement:
                return None
            self.choose = never
            return Cut(when)

        self.choose = choose

    def chosen(self, statement: Statement) -> Cut | None:
        cut = self.choose(statement)
        if cut is not None:
            self.cuts.append((statement, cut.when))
        return cut


@asynccontextmanager
async def cutting_proxy(url: URL, directory: Path) -> AsyncIterator[tuple[CuttingProxy, URL]]:
    """Run a proxy in front of a URL's server; return the proxy, and the URL through it."""
    port = str(url.query["port"])
    behind = Path(str(url.query["host"])) / f".s.PGSQL.{port}"
    proxy = CuttingProxy()
    under_way: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        under_way.add(task)
        try:
            server = await asyncio.open_unix_connection(str(behind))
        except OSError:
            # The server is being started again.
            writer.transport.abort()
            under_way.discard(task)
            return
        await _Conversation(proxy, (reader, writer), server).run()
        under_way.discard(task)

    listening = await asyncio.start_unix_server(accept, str(directory / f".s.PGSQL.{port}"))
    try:
        yield proxy, url.update_query_dict({"host": str(directory), "port": port})
    finally:
        listening.close()
        await asyncio.gather(*under_way)


Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class _Conversation:
    """One connection through the proxy. A class, because both directions share the cut."""

    def __init__(self, proxy: CuttingProxy, client: Stream, server: Stream) -> None:
        self._proxy = proxy
        self._client = client
        self._server = server
        self._appends: set[bytes] = set()
        self._has_appended = False
        self._is_swallowing = False

    async def run(self) -> None:
        both = [asyncio.create_task(self._to_server()), asyncio.create_task(self._to_client())]
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        for _, writer in (self._client, self._server):
            writer.transport.abort()
        for task in both:
            task.cancel()
        for outcome in await asyncio.gather(*both, return_exceptions=True):
            if not isinstance(outcome, (asyncio.CancelledError, EOFError, OSError, type(None))):
                raise outcome

    async def _to_server(self) -> None:
        reader, writer = self._client[0], self._server[1]
        # The first message has no type.
        length = await reader.readexactly(4)
        writer.write(length + await reader.readexactly(int.from_bytes(length) - 4))
        while True:
            kind, body = await _read(reader)
            cut = self._look(kind, body)
            if cut is not None:
                if cut.when == "before":
                    return
                self._is_swallowing = True
            _write(writer, kind, body)
            await writer.drain()

    async def _to_client(self) -> None:
        reader, writer = self._server[0], self._client[1]
        while True:
            kind, body = await _read(reader)
            if not self._is_swallowing and not writer.is_closing():
                _write(writer, kind, body)
                with suppress(ConnectionError):
                    await writer.drain()
            elif kind == _READY:
                return

    def _look(self, kind: bytes, body: bytes) -> Cut | None:
        """Return the cut to make at a message, if it is one where a cut is possible."""
        if self._is_swallowing:
            return None
        if kind == _PARSE:
            name, query, _ = body.split(b"\0", 2)
            self._appends.discard(name)
            if _APPEND in query:
                self._appends.add(name)
        elif kind == _BIND:
            _, name, _ = body.split(b"\0", 2)
            if name in self._appends:
                self._has_appended = True
                return self._proxy.chosen("append")
        elif kind == _QUERY and body.startswith(b"COMMIT"):
            # Projections commit too, but they do not concern a sender.
            has_appended, self._has_appended = self._has_appended, False
            return self._proxy.chosen("commit") if has_appended else None
        return None


async def _read(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    kind = await reader.readexactly(1)
    length = int.from_bytes(await reader.readexactly(4))
    return kind, await reader.readexactly(length - 4)


def _write(writer: asyncio.StreamWriter, kind: bytes, body: bytes) -> None:
    writer.write(kind + (len(body) + 4).to_bytes(4) + body)
