"""Bodies that were good once: a table of seeds, one for each way to report, and a hand that spoils.

    bodies = strange_requests(random.Random(7))
    request = next(bodies)

The same hand makes the same requests. A dialect joins by a line in SEEDS.
"""

import gzip
import random
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any, Final, NamedTuple

import orjson


class Seed(NamedTuple):
    """A valid request of one dialect."""

    path: str
    body: Any
    """One message, an array of them, or an object that holds the array."""
    id: str
    """Which member is the message's id."""
    kinds: Mapping[str, Sequence[str]]
    """Members that say what the message is, and what they may say."""
    headers: tuple[tuple[str, str], ...] = ()


class StrangeRequest(NamedTuple):
    """What is sent."""

    path: str
    body: bytes
    headers: dict[str, str]


NATIVE: Final[dict[str, Any]] = {
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
SEGMENT: Final[dict[str, Any]] = {
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
POSTHOG: Final[dict[str, Any]] = {
    "event": "Form Submitted",
    "uuid": "u",
    "distinct_id": "d",
    "$set": {"email": "a@example.co.jp"},
    "properties": {"$set": {}, "$groups": {"company": "g"}, "alias": "a", "$group_key": "g"},
    "timestamp": "2026-11-22T10:15:00.123456Z",
}
SNOWPLOW: Final[dict[str, Any]] = {
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
CLOUD_EVENT: Final[dict[str, Any]] = {
    "specversion": "1.0",
    "id": "c",
    "source": "website",
    "type": "form.submitted",
    "time": "2026-11-22T10:15:00Z",
    "datacontenttype": "application/json",
    "data": {"lead": {"email": "a@example.co.jp"}, "data": {"form": "f"}},
}
LINES: Final = ("content-type", "application/x-ndjson")
STRICT: Final = ("prefer", "handling=strict")
HEADERS: Final[tuple[tuple[tuple[str, str], ...], ...]] = (
    (LINES,),
    (STRICT,),
    (LINES, STRICT),
    (("content-type", "text/plain"),),
    (("content-encoding", "gzip"),),
    (("content-encoding", "br"),),
)
TYPES: Final = (
    *("form.submitted", "visit.recorded", "opportunity.created", "opportunity.won"),
    *("opportunity.lost", "order.recorded", "order.cancelled", "lead.accepted", "lead.qualified"),
    *("lead.recycled", "stage.corrected", "owner.assigned", "market.target_listed"),
    *("account.segmented", "lifecycle.published", "identity.linked", "screening.completed"),
)
DEEP: Final[Any] = orjson.loads(b"[" * 40 + b"]" * 40)
STRANGE: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, -1, 2**63 - 1, -(2**63), 1.5, 1e308, "", " ", "x" * 300, "é\u0301"),
    *("\u202e", "\U0001f469", "'; DROP TABLE events;--", "{}", "../..", "%00", "NaN", "*"),
    *("ledger", "x" * 70_000, DEEP, dict.fromkeys(map(str, range(1_100)), 0)),
    *([], {}, [[]], [{}], {"": ""}, {"a": {"b": {"c": []}}}),
    *("01890000-0000-7000-8000-00000000000g", "1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
    *("2200-12-31T23:59:59.999999999+14:00", "a@b", "@", "a@" + "b" * 250 + ".jp", "+", "00"),
    *("info@example.co.jp", "xn--", "..", "a.b"),
)
INSERTED: Final = (
    *(b"\\u0000", b"\\ud800", b"\xff", b"\0", b"\n", b",", b"[", b"{", b'"', b"1e999", b"9" * 30),
    *(b"NaN", b"\xef\xbb\xbf", b"\xff\xfe"),
)
CLIENT_KINDS: Final = {
    "type": ("track", "identify", "page", "group", "alias"),
    "event": ("Form Submitted", "$identify", "$create_alias", "$groupidentify", "$pageview"),
    "e": ("ue", "se", "pv", "pp"),
}
NATIVE_KINDS: Final = {"type": TYPES}
CLOUD: Final = (("content-type", "application/cloudevents+json"),)
CLOUD_BATCH: Final = (("content-type", "application/cloudevents-batch+json"),)
TP2: Final = "/com.snowplowanalytics.snowplow/tp2"
SEEDS: Final = (
    Seed("/v1/events", NATIVE, "id", NATIVE_KINDS),
    Seed("/v1/events", [NATIVE, NATIVE], "id", NATIVE_KINDS),
    Seed("/v1/events", CLOUD_EVENT, "id", NATIVE_KINDS, CLOUD),
    Seed("/v1/events", [CLOUD_EVENT, CLOUD_EVENT], "id", NATIVE_KINDS, CLOUD_BATCH),
    Seed("/v1/track", SEGMENT, "messageId", CLIENT_KINDS),
    Seed("/v1/batch", {"batch": [SEGMENT, SEGMENT]}, "messageId", CLIENT_KINDS),
    Seed("/capture/", POSTHOG, "uuid", CLIENT_KINDS),
    Seed("/batch/", {"batch": [POSTHOG, POSTHOG]}, "uuid", CLIENT_KINDS),
    Seed(TP2, {"data": [SNOWPLOW, SNOWPLOW]}, "eid", CLIENT_KINDS),
)
SHARE_DAMAGED: Final = 0.4
SHARE_WITH_HEADERS: Final = 0.3
IDS: Final = 10_000
"""So few that some come again, with the same content or with other."""


def strange_requests(hand: random.Random) -> Iterator[StrangeRequest]:
    """Make requests for ever."""
    while True:
        seed = hand.choice(SEEDS)
        body = orjson.dumps(_strange_value(hand, seed))
        headers = dict(seed.headers)
        if hand.random() < SHARE_WITH_HEADERS:
            headers |= dict(hand.choice(HEADERS))
        if headers.get("content-type") == LINES[1]:
            body = body.replace(b"},{", b"}\n{")
        if hand.random() < SHARE_DAMAGED:
            body = damaged(hand, body)
        if headers.get("content-encoding") == "gzip" and hand.random() < 0.9:
            body = gzip.compress(body, compresslevel=1)
        yield StrangeRequest(seed.path, body, headers)


def _strange_value(hand: random.Random, seed: Seed) -> Any:
    """Change a good body in a few places, at any depth."""
    value = deepcopy(seed.body)
    for message in _messages(value):
        message[seed.id] = f"fuzz-{hand.randrange(IDS)}"
        for name, kinds in seed.kinds.items():
            if name in message:
                message[name] = hand.choice(kinds)
    for _ in range(hand.randrange(4)):
        place = hand.choice(_places(value))
        if isinstance(place, list):
            place[hand.randrange(len(place))] = _strange(hand)
            continue
        name = hand.choice([*place, "colour", ""])
        if hand.random() < 0.5:
            place.pop(name, None)
        else:
            place[name] = _strange(hand)
    return _strange(hand) if hand.random() < 0.02 else value


def _messages(body: Any) -> list[Any]:
    if isinstance(body, list):
        return body
    held = body.get("batch") or body.get("data")
    return held if isinstance(held, list) else [body]


def _strange(hand: random.Random) -> Any:
    return deepcopy(hand.choice(STRANGE))


def _places(value: Any) -> list[Any]:
    """Gather the objects and arrays in which something can be changed."""
    places = [value] if value else []
    for part in value.values() if isinstance(value, dict) else value:
        if isinstance(part, dict | list):
            places += _places(part)
    return places or [{}]


def damaged(hand: random.Random, body: bytes) -> bytes:
    """Damage bytes here and there."""
    damaged = bytearray(body)
    for _ in range(hand.randrange(4)):
        place = hand.randrange(len(damaged) + 1)
        what = hand.randrange(4)
        if what == 0:
            damaged[place : place + hand.randrange(8)] = b""
        elif what == 1:
            damaged[place:place] = hand.randbytes(hand.randrange(4))
        elif what == 2:
            damaged[place:place] = hand.choice(INSERTED)
        else:
            damaged[place:place] = damaged[: hand.randrange(len(damaged) + 1)]
    return bytes(damaged)
