"""Provide tests with the whole HTTP service on its own database, called without a port."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from fastapi import FastAPI
from sqlalchemy import URL
from sqlalchemy.ext.asyncio import create_async_engine
from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from events.founding import found
from events.lifecycles.shipped import read_lifecycle_text
from events.signals.digests import Digests
from migrations.running import migrate
from service.app import create_app
from service.composition import open_services
from service.hosting.connections import BoundedConnection
from service.keys.bootstrap import bootstrap
from service.keys.scopes import Scope
from service.keys.terms import KeyTerms
from service.private_postgres import PrivatePostgres
from service.services import Services
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
    services: Services
    client: httpx.AsyncClient
    app_url: URL
    owner_url: URL
    expects_faults: bool = False
    """Otherwise any unexpected error in the service fails the test, even if it was handled."""

    async def key(self, *scopes: Scope, **terms: Any) -> dict[str, str]:
        """Make a key and return the headers that carry it."""
        wanted = KeyTerms(
            name="test",
            sources=terms.pop("sources", ("website",)),
            scopes=tuple(str(scope) for scope in scopes),
            **terms,
        )
        key, _ = await self.services.key_store.create(wanted, by=None)
        return {"authorization": f"Bearer {key.text}"}


@asynccontextmanager
async def running_service(server: PrivatePostgres, **values: Any) -> AsyncIterator[Service]:
    """Run a service on a fresh ledger."""
    owner_url, app_url = fresh_database(server, prepare=prepare)
    app = create_app(lambda: open_services(settings_for(**values), app_url))
    async with app.router.lifespan_context(app):
        services: Services = app.state.services
        key = await bootstrap(services.key_store, None)
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=True)
        async with httpx.AsyncClient(
            transport=transport,
            base_url="http://leadledger",
            headers={"authorization": f"Bearer {key}"},
            event_hooks={"response": [check_described(app)]},
        ) as client:
            service = Service(app, services, client, app_url, owner_url)
            yield service
            faults = services.metrics.faults()
            assert service.expects_faults or not faults, faults


@contextmanager
def serving_with(service: Service, **parts: Any) -> Iterator[None]:
    """Serve with other parts than those that the composition made, such as a queue that is full."""
    made = {name: getattr(service.services, name) for name in parts}
    try:
        for name, part in parts.items():
            setattr(service.services, name, part)
        yield
    finally:
        for name, part in made.items():
            setattr(service.services, name, part)


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
