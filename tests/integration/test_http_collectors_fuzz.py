"""No client body causes a 5xx; readable ones are answered with 200, as documented."""

import random
from collections import Counter
from collections.abc import AsyncIterator
from copy import deepcopy
from typing import Any, TypeAlias

import jsonschema_rs
import orjson
import pytest
import pytest_asyncio

from service.private_postgres import PrivatePostgres
from tests.support.fuzzed_bodies import (
    CLIENT_KINDS,
    POSTHOG,
    RUDDER,
    SEGMENT,
    SNOWPLOW,
    STRANGE,
    damaged,
)
from tests.support.http_service import Service, running_service
from tests.support.tier import by_tier

Validator: TypeAlias = "jsonschema_rs.Validator"
pytestmark = pytest.mark.asyncio(loop_scope="module")

BODIES = by_tier(push=500, nightly=20_000)
PLACES = (
    ("/v1/batch", "batch", SEGMENT, "messageId"),
    ("/v1/track", None, SEGMENT, "messageId"),
    ("/v1/batch", "batch", RUDDER, "messageId"),
    ("/v1/identify", None, RUDDER, "messageId"),
    ("/batch/", "batch", POSTHOG, "uuid"),
    ("/i/v1/analytics/events", "batch", POSTHOG, "uuid"),
    ("/capture/", None, POSTHOG, "uuid"),
    ("/com.snowplowanalytics.snowplow/tp2", "data", SNOWPLOW, "eid"),
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        yield running


def strange_message(hand: random.Random, good: dict[str, Any], id: str) -> object:
    """Change a valid message in a few places, at any depth."""
    message = {**deepcopy(good), id: f"fuzz-{hand.randrange(10_000)}"}
    for name, values in CLIENT_KINDS.items():
        if name in message:
            message[name] = hand.choice(values)
    for _ in range(hand.randrange(4)):
        place: Any = message
        while isinstance(inner := place.get(hand.choice([*place, ""])), dict) and inner:
            place = inner
        name = hand.choice([*place, "colour", ""])
        if hand.random() < 0.3:
            place.pop(name, None)
        else:
            place[name] = deepcopy(hand.choice(STRANGE))
    return hand.choice([message] * 9 + [hand.choice(STRANGE)])


async def schemas_of_bodies(service: Service) -> dict[str, Validator]:
    """Return the document's schemas of the bodies for a path."""
    document = (await service.client.get("/openapi.json")).json()
    bodies = {path: document["paths"][path]["post"]["requestBody"] for path, *_ in PLACES}
    return {
        path: jsonschema_rs.validator_for(body["content"]["application/json"]["schema"])
        for path, body in bodies.items()
    }


async def test_no_message_causes_a_fault_and_every_readable_one_is_accepted(
    service: Service,
) -> None:
    hand = random.Random(20261122)
    statuses: Counter[int] = Counter()
    described = await schemas_of_bodies(service)
    for number in range(BODIES):
        path, member, good, id = hand.choice(PLACES)
        messages = [strange_message(hand, good, id) for _ in range(hand.randrange(1, 4))]
        around = {hand.choice(("writeKey", "sentAt", "sent_at", "x")): hand.choice(STRANGE[:20])}
        body = orjson.dumps({member: messages, **around} if member else messages[0])
        is_damaged = hand.random() < 0.2
        sent = damaged(hand, body) if is_damaged else body
        answer = await service.client.post(path, content=sent)
        if is_damaged:
            assert answer.status_code in {200, 400, 413}, (number, sent, answer.text)
        else:
            assert answer.status_code == 200, (number, sent, answer.text)
            assert described[path].is_valid(orjson.loads(sent)), (number, path, sent)
        statuses[answer.status_code] += 1
    assert {200, 400} <= set(statuses), statuses
    refused = (await service.client.get("/v1/refusals", params={"limit": 1000})).json()["refusals"]
    recorded = (await service.client.get("/v1/events", params={"limit": 1000})).json()["events"]
    # The messages are useful only if many of them get far.
    assert len(refused) > BODIES / 10
    assert len(recorded) > BODIES / 10
