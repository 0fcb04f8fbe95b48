"""Provide tests with the whole HTTP service on its own database, called without a port."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx
from fastapi import FastAPI
from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from events.founding import found
from events.lifecycles.shipped import read_lifecycle_text
from events.signals.digests import Digests
from migrations.running import migrate
from service.app import create_app
from service.composition.whole import open_parts
from service.hosting.connections import BoundedConnection
from service.http.parts import Part
from service.ingest.reporting import Reporting
from service.keys.bootstrap import bootstrap
from service.keys.scopes import Scope
from service.keys.store import KeyStore
from service.keys.terms import KeyTerms
from service.metrics import Metrics
from service.private_postgres import PrivatePostgres
from service.projected import ProjectedTables
from service.settings import DRIVER, Settings
from tests.support.described import check_described
from tests.support.postgres import fresh_database

SECRET = "a secret of the tests, with more than 32 bytes"
SCHEMA = "ledger"
SEALS = Digests(SECRET.encode()).seals
LIFECYCLE_AT = 6
"""Where the first lifecycle is published: after the founding, and its text in four parts."""


def settings_for(**values: Any) -> Settings:
    return Settings.model_validate({"secret": SECRET, "schema": SCHEMA, **values})


def prepare(owner_url: URL, app_url: URL) -> None:
    """Migrate and found a ledger: the template of every test's database."""
    asyncio.run(_prepare(owner_url, str(app_url.username)))


async def _prepare(owner_url: URL, serving_role: str) -> None:
    engine = create_async_engine(owner_url.set(drivername=DRIVER))
    await migrate(engine, schema=SCHEMA, serving_role=serving_role)
    await found(
        engine,
        schema=SCHEMA,
        digests=Digests(SECRET.encode()),
        lifecycle_text=read_lifecycle_text("demand_funnel"),
    )
    await engine.dispose()


@dataclass
class Service:
    """A running service, and a client that holds the administrator's key and checks answers."""

    app: FastAPI
    client: httpx.AsyncClient
    app_url: URL
    owner_url: URL
    expects_faults: bool = False
    """Otherwise any unexpected error in the service fails the test, even if it was handled."""

    @property
    def engine(self) -> AsyncEngine:
        return self.part(ProjectedTables).engine

    def part(self, kind: type[Part]) -> Part:
        """Return the service's part of a class."""
        part: Part = self.app.state.parts[kind]
        return part

    async def key(self, *scopes: Scope, **terms: Any) -> dict[str, str]:
        """Make a key and return the headers that carry it."""
        wanted = KeyTerms(
            name="test",
            sources=terms.pop("sources", ("website",)),
            scopes=tuple(str(scope) for scope in scopes),
            **terms,
        )
        key, _ = await self.part(KeyStore).create(wanted, by=None)
        return {"authorization": f"Bearer {key.text}"}


@asynccontextmanager
async def running_service(server: PrivatePostgres, **values: Any) -> AsyncIterator[Service]:
    """Run a service on a fresh ledger."""
    owner_url, app_url = fresh_database(server, prepare=prepare)
    app = create_app(lambda: open_parts(settings_for(**values), app_url))
    async with app.router.lifespan_context(app):
        key = await bootstrap(app.state.parts[KeyStore], None)
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=True)
        async with httpx.AsyncClient(
            transport=transport,
            base_url="http://leadledger",
            headers={"authorization": f"Bearer {key}"},
            event_hooks={"response": [check_described(app)]},
        ) as client:
            service = Service(app, client, app_url, owner_url)
            yield service
            faults = service.part(Metrics).faults()
            assert service.expects_faults or not faults, faults


@contextmanager
def serving_with(service: Service, kind: type[Part], part: Part) -> Iterator[None]:
    """Serve with another part of a class than the one that the composition made."""
    parts, made = service.app.state.parts, service.part(kind)
    parts[kind] = part
    try:
        yield
    finally:
        parts[kind] = made


def reporting_with(service: Service, **changes: Any) -> AbstractContextManager[None]:
    """Serve with changes to how reports are recorded, such as a queue that is full."""
    return serving_with(service, Reporting, replace(service.part(Reporting), **changes))


@asynccontextmanager
async def listening(
    service: Service, protocol: type[HttpToolsProtocol] = BoundedConnection
) -> AsyncIterator[httpx.AsyncClient]:
    """Also listen on a port: a client without one sees only complete answers."""
    config = Config(service.app, ws="none", lifespan="off", log_config=None, access_log=False)
    config.load()
    state = ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: protocol(config, state, {}), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}",
        headers=service.client.headers,
        trust_env=False,
        timeout=20,
    ) as client:
        yield client
    server.close()
    for connection in tuple(state.connections):
        connection.transport.abort()
    if state.tasks:
        await asyncio.wait(state.tasks, timeout=10)
