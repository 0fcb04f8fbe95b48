"""No body of a client causes a 5xx, and none that can be read is answered but 200."""

import random
from collections import Counter
from collections.abc import AsyncIterator
from copy import deepcopy
from typing import Any

import orjson
import pytest
import pytest_asyncio

from service.private_postgres import PrivatePostgres
from tests.http_service import Service, running_service
from tests.integration.test_http_fuzz import SEED, STRANGE, strange_bytes
from tests.tier import by_tier

pytestmark = pytest.mark.asyncio(loop_scope="module")

BODIES = by_tier(push=1_000, nightly=20_000)
SEGMENT: dict[str, Any] = {
    "type": "track",
    "event": "Form Submitted",
    "messageId": "m",
    "userId": "u",
    "anonymousId": "c",
    "previousId": "p",
    "groupId": "g",
    "traits": {"email": "a@example.co.jp", "phone": "03-1234-5678", "company": {"id": "g"}},
    "properties": {"form": "f", "path": "/"},
    "context": {"traits": {}, "page": {"path": "/"}, "campaign": {"name": "x"}, "groupId": "g"},
    "timestamp": "2026-11-22T10:15:00.123Z",
    "sentAt": "2026-11-22T10:15:00.123Z",
}
POSTHOG: dict[str, Any] = {
    "event": "Form Submitted",
    "uuid": "u",
    "distinct_id": "d",
    "$set": {"email": "a@example.co.jp"},
    "properties": {"$set": {}, "$groups": {"company": "g"}, "alias": "a", "$group_key": "g"},
    "timestamp": "2026-11-22T10:15:00.123456Z",
}
SNOWPLOW: dict[str, Any] = {
    "e": "ue",
    "eid": "e",
    "uid": "u",
    "duid": "c",
    "url": "https://www.example.com/p?utm_campaign=x",
    "ue_pr": '{"data": {"schema": "iglu:com.acme/form_submitted/jsonschema/1-0-0", "data": {}}}',
    "se_ac": "Form Submitted",
    "dtm": "1795310100123",
    "stm": "1795310100123",
}
KINDS = {
    "type": ("track", "identify", "page", "group", "alias"),
    "event": ("Form Submitted", "$identify", "$create_alias", "$groupidentify", "$pageview"),
    "e": ("ue", "se", "pv", "pp"),
}
PLACES = (
    ("/v1/batch", "batch", SEGMENT, "messageId"),
    ("/v1/track", None, SEGMENT, "messageId"),
    ("/batch/", "batch", POSTHOG, "uuid"),
    ("/capture/", None, POSTHOG, "uuid"),
    ("/com.snowplowanalytics.snowplow/tp2", "data", SNOWPLOW, "eid"),
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        yield running


def strange_message(hand: random.Random, good: dict[str, Any], id: str) -> object:
    """Change a good message in a few places, at any depth."""
    message = {**deepcopy(good), id: f"fuzz-{hand.randrange(10_000)}"}
    for name, values in KINDS.items():
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


async def test_no_message_causes_a_fault_and_every_readable_one_is_taken(service: Service) -> None:
    hand = random.Random(SEED)
    statuses: Counter[int] = Counter()
    for number in range(BODIES):
        path, member, good, id = hand.choice(PLACES)
        messages = [strange_message(hand, good, id) for _ in range(hand.randrange(1, 4))]
        body = orjson.dumps({member: messages} if member else messages[0])
        is_damaged = hand.random() < 0.2
        sent = strange_bytes(hand, body) if is_damaged else body
        answer = await service.client.post(path, content=sent)
        if is_damaged:
            assert answer.status_code in {200, 400, 413}, (number, sent, answer.text)
        else:
            assert answer.status_code == 200, (number, sent, answer.text)
        statuses[answer.status_code] += 1
    assert {200, 400} <= set(statuses), statuses
    refused = (await service.client.get("/v1/refusals", params={"limit": 1000})).json()["refusals"]
    recorded = (await service.client.get("/v1/events", params={"limit": 1000})).json()["events"]
    # The messages are worth something only if many of them come far.
    assert len(refused) > BODIES / 10
    assert len(recorded) > BODIES / 10
