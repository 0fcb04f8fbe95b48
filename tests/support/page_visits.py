"""Visit the pages as a browser does: with a session's cookie and without any key."""

import asyncio
import html
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import httpx

from projections.names import ProjectionName
from service.command.simulating.stream import World, events
from service.projected import ProjectedTables
from tests.support.http_service import Service

HOST = "127.0.0.1:8080"
SETTLING_S = 0.6
SETTLING_TURNS_MAX = 40
OURS = {"sec-fetch-site": "same-origin"}
"""What a browser adds to a form that one of our pages sends."""


@asynccontextmanager
async def browsing(service: Service, **headers: str) -> AsyncIterator[httpx.AsyncClient]:
    """Provide a client that keeps cookies, on the loopback address."""
    transport = httpx.ASGITransport(app=service.app, raise_app_exceptions=True)
    base_url = headers.pop("base_url", f"http://{HOST}")
    async with httpx.AsyncClient(transport=transport, base_url=base_url, headers=headers) as client:
        yield client


def key_of(service: Service) -> str:
    return service.client.headers["authorization"].removeprefix("Bearer ")


async def log_in(client: httpx.AsyncClient, key: str, wanted: str = "/funnel") -> httpx.Response:
    form = {"key": key, "next": wanted}
    return await client.post("/login", data=form, headers=OURS)


async def simulate(service: Service, people: int) -> None:
    """Record a small market, and wait until it is counted."""
    world = World(5, people, datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC))
    body = list(events(world))
    for start in range(0, len(body), 500):
        answer = await service.client.post("/v1/events", json=body[start : start + 500])
        assert answer.status_code in (200, 207)
    await settled(service)


async def settled(service: Service) -> None:
    """Wait until the timers that were due have fired, and everything is counted."""
    log, before = service.part(ProjectedTables).log, -1
    for _ in range(SETTLING_TURNS_MAX):
        if (head := await log.head()) == before:
            break
        before = head
        await asyncio.sleep(SETTLING_S)
    await counted(service)


async def counted(service: Service) -> None:
    """Wait until the pages show everything that is recorded."""
    tables = service.part(ProjectedTables)
    head = await tables.log.head()
    await tables.checkpoints.wait_for(head, name=ProjectionName.STAGE_INTERVALS, timeout_s=20)


def links(page: str) -> Sequence[str]:
    """Return the addresses that a page links to, on this site."""
    found = (html.unescape(one) for one in re.findall(r'href="([^"]+)"', page))
    return [one for one in dict.fromkeys(found) if one.startswith("/")]
