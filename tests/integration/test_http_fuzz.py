"""No body causes a 5xx: thousands of bodies, mutated from good ones by a seeded hand."""

import os
import random
from collections.abc import AsyncIterator
from copy import deepcopy

import orjson
import pytest
import pytest_asyncio

from service.private_postgres import PrivatePostgres
from tests.http_service import Service, running_service

pytestmark = pytest.mark.asyncio(loop_scope="module")

BODIES = int(os.environ.get("LEADLEDGER_TEST_FUZZ_BODIES", "2000"))
SEED = int(os.environ.get("LEADLEDGER_TEST_FUZZ_SEED", "20261122"))

GOOD = {
    "id": "fuzz-1",
    "source": "website",
    "type": "form.submitted",
    "time": "2026-11-22T10:15:00+09:00",
    "sent_at": "2026-11-22T10:15:01+09:00",
    "actor": "somebody",
    "lead": {
        "id": "01890000-0000-7000-8000-000000000000",
        "email": "a@example.co.jp",
        "phone": "03-1234-5678",
        "user_id": "u",
        "anonymous_id": "c",
        "external_ids": {"crm": "1"},
        "name": "山田",
        "profile": {"industry": "it", "age": 7},
    },
    "account": {"domain": "example.co.jp", "external_ids": {"crm": "2"}, "name": "社"},
    "data": {"form": "f", "opportunity": "o", "order": "r", "value": "1.5", "reason": "other"},
}
TYPES = (
    *("form.submitted", "visit.recorded", "opportunity.created", "opportunity.won"),
    *("opportunity.lost", "order.recorded", "order.cancelled", "lead.accepted", "lead.qualified"),
    *("lead.recycled", "stage.corrected", "owner.assigned", "market.target_listed"),
    *("account.segmented", "lifecycle.published", "identity.linked", "screening.completed"),
)
STRANGE: tuple[object, ...] = (
    *(None, True, False, 0, -1, 2**63 - 1, -(2**63), 1.5, 1e308, "", " ", "x" * 300, "é\u0301"),
    *(
        "\u202e",
        "\U0001f469",
        "'; DROP TABLE events;--",
        "{}",
        "../..",
        "%00",
        "NaN",
        "*",
        "ledger",
    ),
    *(
        [],
        {},
        [[]],
        [{}],
        {"": ""},
        {"a": {"b": {"c": []}}},
        "01890000-0000-7000-8000-00000000000g",
    ),
    *("1970-01-01T00:00:00Z", "2200-12-31T23:59:59.999999999+14:00", "0001-01-01T00:00:00Z"),
    *("a@b", "@", "a@" + "b" * 250 + ".jp", "+", "00", "info@example.co.jp", "xn--", "..", "a.b"),
)
HEADERS: tuple[dict[str, str], ...] = (
    {},
    {"content-type": "application/x-ndjson"},
    {"prefer": "handling=strict"},
    {"content-type": "application/x-ndjson", "prefer": "handling=strict"},
    {"content-encoding": "gzip"},
    {"content-type": "text/plain"},
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        yield running


def strange_event(hand: random.Random) -> object:
    """Change a good event in a few places."""
    event = deepcopy(GOOD)
    event["id"] = f"fuzz-{hand.randrange(10_000)}"
    event["type"] = hand.choice(TYPES)
    for _ in range(hand.randrange(5)):
        place = hand.choice([event, event["lead"], event["account"], event["data"]])
        if not isinstance(place, dict):
            continue
        name = hand.choice([*place, "colour", ""])
        if hand.random() < 0.5:
            place.pop(name, None)
        else:
            place[name] = deepcopy(hand.choice(STRANGE))
        event = {**deepcopy(GOOD), **event} if hand.random() < 0.1 else event
        for member in ("lead", "account", "data"):
            event.setdefault(member, {})
    return hand.choice([event, event, event, event, [event], [event, event], hand.choice(STRANGE)])


def strange_bytes(hand: random.Random, body: bytes) -> bytes:
    """Damage a body here and there."""
    damaged = bytearray(body)
    for _ in range(hand.randrange(4)):
        place = hand.randrange(len(damaged) + 1)
        what = hand.randrange(5)
        if what == 0:
            damaged[place : place + hand.randrange(8)] = b""
        elif what == 1:
            damaged[place:place] = hand.randbytes(hand.randrange(4))
        elif what == 2:
            damaged[place:place] = hand.choice(
                [b"\\u0000", b"\\ud800", b"\xff", b"\0", b"\n", b","]
            )
        elif what == 3:
            damaged[place:place] = damaged[: hand.randrange(len(damaged) + 1)]
        else:
            damaged[place:place] = hand.choice([b"[", b"{", b'"', b"1e999", b"9" * 30, b"NaN"])
    return bytes(damaged)


async def test_no_body_causes_a_fault(service: Service) -> None:
    hand = random.Random(SEED)
    statuses: dict[int, int] = {}
    for number in range(BODIES):
        body = orjson.dumps(strange_event(hand))
        if hand.random() < 0.4:
            body = strange_bytes(hand, body)
        headers = hand.choice(HEADERS) if hand.random() < 0.3 else {}
        answer = await service.client.post("/v1/events", content=body, headers=headers)
        assert answer.status_code < 500, (number, body, headers, answer.text)
        assert isinstance(answer.json(), dict)
        statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1
    # The bodies are worth something only if they come far: some must be recorded.
    assert {200, 201, 207, 400, 409, 422} <= set(statuses), statuses
    ready = await service.client.get("/readyz")
    assert ready.json()["status"] == "ready"
