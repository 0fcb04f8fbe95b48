"""Lend tests the whole HTTP service on a database of its own, called without a port."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from sqlalchemy import URL
from sqlalchemy.ext.asyncio import create_async_engine

from events.digests import Digests
from events.founding import found
from events.shipped import read_lifecycle_text
from migrations.running import migrate
from service.app import create_app
from service.composition import open_services
from service.keys.bootstrap import bootstrap
from service.keys.scopes import Scope
from service.keys.store import KeyTerms
from service.private_postgres import PrivatePostgres
from service.services import Services
from service.settings import DRIVER, Settings
from tests.postgres import fresh_database

SECRET = "a secret of the tests, with more than 32 bytes"
SCHEMA = "ledger"


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
    """A running service, and a client that holds the administrator's key."""

    services: Services
    client: httpx.AsyncClient
    app_url: URL
    owner_url: URL

    async def key(self, *scopes: Scope, **terms: Any) -> dict[str, str]:
        """Make a key and return the headers that show it."""
        wanted = KeyTerms(
            name="test",
            sources=terms.pop("sources", ("website",)),
            scopes=tuple(str(scope) for scope in scopes),
            **terms,
        )
        key, _ = await self.services.key_store.create(wanted)
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
        ) as client:
            yield Service(services, client, app_url, owner_url)
