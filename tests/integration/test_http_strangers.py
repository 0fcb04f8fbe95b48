"""Requests without a key cost nothing: no route reads a large body before it answers."""

import gzip
import json
from collections.abc import AsyncIterator

import orjson
import pytest
import pytest_asyncio

from events.limits import BODY_BYTES_MAX
from service.bodies.body_memory import MemoryBudgets
from service.keys.key_text import mint
from service.keys.scopes import Scope
from service.limits import STRANGER_BYTES_MAX
from service.private_postgres import PrivatePostgres
from service.routes import collectors
from tests.support.api_routes import api_routes
from tests.support.http_service import Service, running_service

pytestmark = pytest.mark.asyncio(loop_scope="module")

OPEN = {"/livez", "/readyz", "/metrics", "/docs", "/openapi.json", "/docs/{digest}/{file}"}
ID = "01890000-0000-7000-8000-000000000000"
PIECE = b"[[]]," * 10_000
UNKNOWN = mint().text
POSTHOG = "/batch/"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def key(service: Service) -> str:
    headers = await service.key(Scope.EVENTS_WRITE)
    return headers["authorization"].removeprefix("Bearer ")


class Exchange:
    """A request that records how much of its body is read, and its answer."""

    def __init__(self) -> None:
        self.read_bytes = 0
        self.status = 0

    async def receive(self) -> dict[str, object]:
        self.read_bytes += len(PIECE)
        return {"type": "http.request", "body": PIECE, "more_body": self.read_bytes < 5_000_000}

    async def send(self, message: dict[str, object]) -> None:
        if message["type"] == "http.response.start":
            assert isinstance(message["status"], int)
            self.status = message["status"]


async def reported(service: Service, method: str, path: str, authorization: str) -> Exchange:
    exchange = Exchange()
    headers = [(b"authorization", authorization.encode())] if authorization else []
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": headers,
    }
    await service.app(scope, exchange.receive, exchange.send)  # type: ignore[arg-type]
    return exchange


def routes(service: Service) -> list[tuple[str, str]]:
    return [
        (method, route.path.replace(":uuid", ""))
        for route in api_routes(service.app)
        if route.path not in OPEN
        for method in sorted(route.methods or ())
    ]


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer x", f"Bearer {UNKNOWN}", "Basic !"],
    ids=["none", "no key", "unknown", "no base64"],
)
async def test_no_route_reads_a_body_before_it_knows_the_key(
    service: Service, authorization: str
) -> None:
    found = routes(service)
    assert len(found) > 50
    for method, pattern in found:
        path = "/".join(ID if part.startswith("{") else part for part in pattern.split("/"))
        exchange = await reported(service, method, path, authorization)
        if not authorization and pattern in collectors.PATHS:
            # The key may be in the body: it is searched for in as much as a stranger may send.
            assert exchange.read_bytes <= STRANGER_BYTES_MAX + len(PIECE)
        else:
            assert exchange.read_bytes == 0, (method, pattern)
        assert exchange.status in {401, 404}, (method, pattern, exchange.status)
        assert exchange.status == 401 or "{" in pattern, (method, pattern)


async def test_bodies_of_strangers_are_not_parsed(service: Service, key: str) -> None:
    """With a key one learns what is wrong with the body; without, only that the key is missing."""
    for path in sorted(collectors.PATHS - {collectors.SNOWPLOW_GET}):
        for body in (b"[" * 100_000, b"{", b""):
            answers = [
                await service.client.post(path, content=body, headers={"authorization": sender})
                for sender in ("", f"Bearer {key}")
            ]
            assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
                (401, "key-missing"),
                (400, "body-unreadable"),
            ]


@pytest.mark.parametrize("is_first", [True, False])
async def test_a_key_next_to_a_large_batch_is_found(
    service: Service, key: str, *, is_first: bool
) -> None:
    """As posthog-node and posthog-python write it: before the events, and after them."""
    batch = {
        "batch": [{"event": "a", "uuid": f"{is_first}-{n}", "x": "x" * 9_000} for n in range(400)]
    }
    whole = {"api_key": key, **batch} if is_first else {**batch, "api_key": key}
    answer = await service.client.post(
        POSTHOG, content=json.dumps(whole).encode(), headers={"authorization": ""}
    )
    assert (answer.status_code, answer.json()) == (200, {"success": True})


@pytest.mark.parametrize(("is_first", "status"), [(True, 200), (False, 413)])
async def test_a_body_larger_than_a_stranger_may_send_needs_its_key_first(
    service: Service, key: str, *, is_first: bool, status: int
) -> None:
    text = "".join(map(str, range(20_000)))
    batch = {"batch": [text] * (STRANGER_BYTES_MAX // len(text) + 1)}
    whole = {"api_key": key, **batch} if is_first else {**batch, "api_key": key}
    body = gzip.compress(orjson.dumps(whole), 1)
    answer = await service.client.post(
        POSTHOG, content=body, headers={"authorization": "", "content-encoding": "gzip"}
    )
    assert answer.status_code == status
    if status == 413:
        assert "A body that contains its key" in answer.json()["detail"]


async def test_small_senders_find_room_alongside_large_strangers(
    service: Service, key: str
) -> None:
    budgets = service.part(MemoryBudgets)
    with budgets.strangers.memory() as first, budgets.strangers.memory() as second:
        first.take(STRANGER_BYTES_MAX)
        second.take(STRANGER_BYTES_MAX)
        large = b'{"batch":[' + b" " * (BODY_BYTES_MAX - 100) + b"]}"
        answer = await service.client.post(POSTHOG, content=large, headers={"authorization": ""})
        assert (answer.status_code, answer.json()["code"]) == (503, "queue-full")
        small = orjson.dumps({"api_key": key, "batch": []})
        answer = await service.client.post(POSTHOG, content=small, headers={"authorization": ""})
        assert answer.status_code == 200
    assert budgets.strangers.held_bytes == budgets.senders.held_bytes == 0
