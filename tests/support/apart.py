"""A writer and several fronts, connected by a socket as separate processes are."""

import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from fastapi import FastAPI
from sqlalchemy import URL

from service.app import create_app
from service.composition.front import open_front
from service.composition.writer import open_writer
from service.hosting.address import WriterSocket, writer_socket
from service.http.parts import Part
from service.keys.bootstrap import bootstrap
from service.keys.store import KeyStore
from service.private_postgres import PrivatePostgres
from tests.support.http_service import prepare, settings_for
from tests.support.postgres import fresh_database, scratch_directory


@dataclass
class Front:
    """One front, and a client of it with the administrator's key."""

    app: FastAPI
    client: httpx.AsyncClient

    def part(self, kind: type[Part]) -> Part:
        part: Part = self.app.state.parts[kind]
        return part


@dataclass
class Apart:
    """A ledger whose writer can be stopped and started."""

    app_url: URL
    socket: WriterSocket
    fronts: list[Front]
    writer: AsyncExitStack

    async def start_writer(self) -> None:
        listener = socket.socket(fileno=self.socket.listener.dup().detach())
        await self.writer.enter_async_context(open_writer(settings_for(), self.app_url, listener))

    async def stop_writer(self) -> None:
        await self.writer.aclose()


@asynccontextmanager
async def apart(server: PrivatePostgres, *, fronts: int = 2) -> AsyncIterator[Apart]:
    """Run a writer and fronts on a fresh ledger."""
    _, app_url = fresh_database(server, prepare=prepare)
    async with AsyncExitStack() as stack:
        directory = stack.enter_context(scratch_directory())
        inner = stack.enter_context(writer_socket(Path(directory) / "writer.sock"))
        running = Apart(app_url, inner, [], AsyncExitStack())
        await running.start_writer()
        stack.push_async_callback(running.stop_writer)
        key = ""
        for _ in range(fronts):
            app = create_app(lambda: open_front(settings_for(), app_url, inner.path))
            await stack.enter_async_context(app.router.lifespan_context(app))
            key = key or await bootstrap(app.state.parts[KeyStore], None) or ""
            client = httpx.AsyncClient(
                transport=httpx.ASGITransport(app=app),
                base_url="http://leadledger",
                headers={"authorization": f"Bearer {key}"},
            )
            running.fronts.append(Front(app, await stack.enter_async_context(client)))
        yield running
