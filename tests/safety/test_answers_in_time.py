"""With a hindered, frozen, absent or full database, every answer is on time and nothing is lost.

The limits are read from the table in docs/limits.md.
"""

import asyncio
import json
import os
import re
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple

import httpx
import pytest

from service.keys.key_text import mint
from service.private_postgres import attach
from tests.support.postgres import connection_to
from tests.support.processes import family_of
from tests.support.running_service import RunningService, running_service
from tests.support.small_disk import filled, small_disk

ROOT = Path(__file__).parents[2]
TABLE = re.compile(r"^\| (well|hindered|frozen|away|full) \| (.+) \|$", re.MULTILINE)
KINDS = ("event", "write", "read", "stream", "livez", "readyz")
RESUMES_S = 2.0


def stated_limits() -> dict[str, dict[str, float]]:
    """Read the table of docs/limits.md: seconds by state and kind of request."""
    text = (ROOT / "docs" / "limits.md").read_text(encoding="utf-8")
    rows = {state: cells.split(" | ") for state, cells in TABLE.findall(text)}
    return {
        state: {
            kind: float(cell.removesuffix(" s")) for kind, cell in zip(KINDS, cells, strict=True)
        }
        for state, cells in rows.items()
    }


class Asked(NamedTuple):
    """How one request was answered."""

    what: str
    status: int
    reason: str
    after_s: float
    may_come_again: bool


@pytest.fixture(scope="module")
def disk() -> Iterator[Path]:
    with small_disk() as directory:
        yield directory


@pytest.fixture(scope="module")
def service(disk: Path) -> Iterator[RunningService]:
    with running_service(disk / "data") as running:
        yield running


@asynccontextmanager
async def client_of(service: RunningService) -> AsyncIterator[httpx.AsyncClient]:
    limits = httpx.Limits(max_connections=200)
    async with httpx.AsyncClient(
        base_url=service.url,
        headers={"Authorization": f"Bearer {service.key}"},
        trust_env=False,
        timeout=60,
        limits=limits,
    ) as client:
        yield client


def an_event(id: str) -> dict[str, Any]:
    return {
        "id": id,
        "source": "website",
        "type": "form.submitted",
        "lead": {"email": f"{id}@example.co.jp"},
        "data": {"form": "whitepaper"},
    }


LINES = {"Content-Type": "application/x-ndjson"}

Request = Callable[[httpx.AsyncClient, str], Awaitable[httpx.Response]]

REQUESTS: dict[str, tuple[str, Request]] = {
    "an event": ("event", lambda c, n: c.post("/v1/events", json=an_event(f"{n}-one"))),
    "a batch": (
        "event",
        lambda c, n: c.post("/v1/events", json=[an_event(f"{n}-{i}") for i in range(3)]),
    ),
    "an event of an unknown key": (
        "event",
        lambda c, n: c.post(
            "/v1/events",
            json=an_event(f"{n}-foreign"),
            headers={"Authorization": f"Bearer {mint().text}"},
        ),
    ),
    "a key to make": (
        "write",
        lambda c, n: c.post("/v1/keys", json={"name": n, "sources": ["website"]}),
    ),
    "a lead to find": (
        "write",
        lambda c, _: c.post("/v1/leads/find", json={"email": "before@example.co.jp"}),
    ),
    "the feed": ("read", lambda c, _: c.get("/v1/events")),
    "leads": ("read", lambda c, _: c.get("/v1/leads")),
    "the funnel": ("read", lambda c, _: c.get("/v1/funnel")),
    "refusals": ("read", lambda c, _: c.get("/v1/refusals")),
    "metrics": ("read", lambda c, _: c.get("/metrics")),
    "a stream of lines": (
        "stream",
        lambda c, n: c.post("/v1/events", content=json.dumps(an_event(f"{n}-line")), headers=LINES),
    ),
    "a long poll": ("stream", lambda c, _: c.get("/v1/events?type=customer.churned&wait=1")),
    "the log as lines": (
        "stream",
        lambda c, _: c.get("/v1/events", headers={"Accept": "application/x-ndjson"}),
    ),
    "livez": ("livez", lambda c, _: c.get("/livez")),
}


async def ask(client: httpx.AsyncClient, what: str, name: str) -> Asked:
    began = monotonic()
    answer = await REQUESTS[what][1](client, name)
    after_s = monotonic() - began
    reason = answer.json().get("code", "") if answer.status_code >= 400 else ""
    return Asked(what, answer.status_code, reason, after_s, "retry-after" in answer.headers)


async def ask_everything(client: httpx.AsyncClient, name: str) -> list[Asked]:
    return await asyncio.gather(*(ask(client, what, name) for what in REQUESTS))


async def until(holds: Callable[[], Awaitable[bool]], *, within_s: float) -> None:
    """Poll until the condition holds, as an outside client does."""
    async with asyncio.timeout(within_s):
        while True:
            if await holds():
                return
            await asyncio.sleep(0.05)


async def until_recorded(client: httpx.AsyncClient, id: str, *, within_s: float) -> None:
    """Send one event until it is recorded."""

    async def is_recorded() -> bool:
        return (await client.post("/v1/events", json=an_event(id))).status_code in (200, 201)

    await until(is_recorded, within_s=within_s)


async def until_ready_says(client: httpx.AsyncClient, status: int, *, within_s: float) -> None:
    async def says() -> bool:
        return (await client.get("/readyz")).status_code == status

    await until(says, within_s=within_s)


async def failed_checks(client: httpx.AsyncClient) -> set[str]:
    checks = (await client.get("/readyz")).json()["checks"]
    return {name for name, check in checks.items() if check["status"] == "failed"}


def assert_in_time(asked: list[Asked], state: str) -> None:
    limits = stated_limits()[state]
    for one in asked:
        kind = REQUESTS[one.what][0]
        assert one.after_s <= limits[kind], (state, one)
        if one.status >= 500:
            assert (one.status, one.may_come_again) == (503, True), one


async def recorded_ids(client: httpx.AsyncClient) -> list[str]:
    lines = (await client.get("/v1/events", headers={"Accept": "application/x-ndjson"})).text
    events = [json.loads(line) for line in lines.splitlines()]
    return [event["id"] for event in events if event["source"] == "website"]


@asynccontextmanager
async def frozen(service: RunningService) -> AsyncIterator[None]:
    postmaster = service.postmaster()
    assert postmaster is not None
    stopped = [one.pid for one in family_of(postmaster.pid)]
    _signal_all(stopped, signal.SIGSTOP)
    try:
        yield
    finally:
        _signal_all(stopped, signal.SIGCONT)


@asynccontextmanager
async def away(service: RunningService) -> AsyncIterator[None]:
    """Kill the database while the process that would restart it is stopped."""
    postmaster = service.postmaster()
    assert postmaster is not None
    service.process.send_signal(signal.SIGSTOP)
    try:
        postmaster.kill()
        yield
    finally:
        service.process.send_signal(signal.SIGCONT)


async def followed(client: httpx.AsyncClient) -> None:
    """Follow the live stream until it ends."""
    with suppress(httpx.RemoteProtocolError):
        async with client.stream("GET", "/v1/events/stream") as stream:
            async for _ in stream.aiter_lines():
                pass


async def assert_recovered(client: httpx.AsyncClient, state: str) -> None:
    """Service resumes automatically; events answered with 503 are retried and recorded once."""
    await until_recorded(client, f"{state}-after", within_s=RESUMES_S)
    await until_ready_says(client, 200, within_s=RESUMES_S)
    again = [one for one in await ask_everything(client, state) if one.status >= 500]
    assert again == []
    ids = await recorded_ids(client)
    assert len(ids) == len(set(ids))
    assert {f"{state}-{one}" for one in ("one", "0", "1", "2", "line", "after")} <= set(ids)


async def writers_process(service: RunningService) -> int:
    """Find the database process that appends."""
    attached = attach(service.data_dir)
    assert attached is not None
    async with connection_to(attached.app_url) as connection:
        (row,) = await connection.fetch(
            "SELECT pid FROM pg_stat_activity"
            " WHERE query LIKE '%.append(%' AND pid <> pg_backend_pid()"
        )
    return int(row["pid"])


async def test_requests_are_answered_in_time_when_the_writers_database_process_stops(
    service: RunningService,
) -> None:
    """Other requests are served, and nothing the process does later is reported twice."""
    async with client_of(service) as client:
        await until_recorded(client, "before", within_s=RESUMES_S)
        pid = await writers_process(service)
        os.kill(pid, signal.SIGSTOP)
        try:
            asking = asyncio.create_task(ask_everything(client, "hindered"))
            await until_ready_says(client, 503, within_s=stated_limits()["hindered"]["readyz"])
            assert await failed_checks(client) == {"appends"}
            asked = await asking
        finally:
            os.kill(pid, signal.SIGCONT)
        unanswered = {one.what for one in asked if one.status >= 500}
        assert {"an event", "a batch", "a stream of lines"} <= unanswered
        assert not unanswered & {one for one, (kind, _) in REQUESTS.items() if kind == "read"}
        assert_in_time(asked, "hindered")
        await assert_recovered(client, "hindered")


async def test_requests_are_answered_in_time_when_the_database_is_frozen(
    service: RunningService,
) -> None:
    limits = stated_limits()["frozen"]
    async with client_of(service) as client:
        await until_recorded(client, "before", within_s=RESUMES_S)
        following = asyncio.create_task(followed(client))
        async with frozen(service):
            asking = asyncio.create_task(ask_everything(client, "frozen"))
            await until_ready_says(client, 503, within_s=limits["readyz"])
            assert await failed_checks(client) == {"database"}
            assert (await ask(client, "livez", "frozen")).after_s < limits["livez"]
            # Once the failure is known, no request waits in vain.
            assert_in_time(await ask_everything(client, "frozen"), "frozen")
            asked = await asking
            async with asyncio.timeout(limits["stream"]):
                await following
            assert {one.status for one in asked if one.what != "livez"} == {503}
            assert_in_time(asked, "frozen")
        await assert_recovered(client, "frozen")


async def test_requests_are_answered_in_time_when_the_database_is_down(
    service: RunningService,
) -> None:
    async with client_of(service) as client:
        async with away(service):
            asking = asyncio.create_task(ask_everything(client, "away"))
            await until_ready_says(client, 503, within_s=stated_limits()["away"]["readyz"])
            assert await failed_checks(client) >= {"database"}
            asked = await asking
        assert {one.status for one in asked if one.what != "livez"} == {503}
        assert_in_time(asked, "away")
        await assert_recovered(client, "away")


async def test_requests_are_answered_in_time_when_the_disk_is_full(
    service: RunningService, disk: Path
) -> None:
    large = [{**an_event(f"large-{n}"), "data": {"message": "z" * 40_000}} for n in range(100)]
    async with client_of(service) as client:
        with filled(disk, disk / "data"):
            asking = asyncio.create_task(ask_everything(client, "full"))
            refused = await client.post("/v1/events", json=large)
            assert (refused.status_code, refused.json()["code"]) == (503, "ledger-unavailable")
            await until_ready_says(client, 503, within_s=stated_limits()["full"]["readyz"])
            assert "appends" in await failed_checks(client)
            asked = await asking
            questions = [one for one in asked if REQUESTS[one.what][0] == "read"]
            assert {one.status for one in questions} == {200}
            assert_in_time(asked, "full")
        await assert_recovered(client, "full")


def _signal_all(pids: list[int], number: int) -> None:
    for pid in pids:
        os.kill(pid, number)
