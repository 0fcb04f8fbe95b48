"""Mutated request bodies: a table of valid seeds, one for each way to report, and a mutator.

    bodies = strange_requests(random.Random(7))
    request = next(bodies)

The same seeded generator makes the same requests. To add a dialect, add a line to SEEDS.
"""

import gzip
import random
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from enum import Enum, auto
from typing import Any, Final, NamedTuple
from urllib.parse import quote

import orjson


class Carried(Enum):
    """Where in the request a message is."""

    BODY = auto()
    HEADERS = auto()
    """A CloudEvent in binary mode: its data is the body, everything else is in headers."""
    QUERY = auto()


class Seed(NamedTuple):
    """A valid request of one dialect."""

    dialect: str
    path: str
    body: Any
    """One message, an array of them, or an object that holds the array."""
    id: str
    """The member that holds the message's id."""
    kinds: Mapping[str, Sequence[str]]
    """Members that state the kind of message, and their possible values."""
    answers: frozenset[int]
    """Statuses that must be among the answers: some requests get far, and some do not."""
    headers: tuple[tuple[str, str], ...] = ()
    carried: Carried = Carried.BODY


class StrangeRequest(NamedTuple):
    """A request as it is sent."""

    dialect: str
    method: str
    target: str
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
RUDDER: Final[dict[str, Any]] = {
    **{name: value for name, value in SEGMENT.items() if name != "timestamp"},
    "channel": "server",
    "originalTimestamp": "2026-11-22T10:15:00.123Z",
}
CLOUD: Final = ("content-type", "application/cloudevents+json")
CLOUD_BATCH: Final = ("content-type", "application/cloudevents-batch+json")
FORM: Final = ("content-type", "application/x-www-form-urlencoded")
EVENTS: Final = "/v1/events"
TP2: Final = "/com.snowplowanalytics.snowplow/tp2"
ONE: Final = frozenset({201, 400, 415, 422})
SEVERAL: Final = frozenset({200, 207, 400, 415})
STREAM: Final = frozenset({200, 415})
CLIENT: Final = frozenset({200, 400, 415})


def _calls() -> Iterator[Seed]:
    """Return the paths of single calls, each for one kind of message."""
    for call in ("track", "identify", "page", "screen", "group", "alias"):
        path = f"/v1/{call}"
        yield Seed(f"segment {call}", path, SEGMENT, "messageId", CLIENT_KINDS, CLIENT)


SEEDS: Final = (
    Seed("native", EVENTS, NATIVE, "id", NATIVE_KINDS, ONE),
    Seed("native array", EVENTS, [NATIVE, NATIVE], "id", NATIVE_KINDS, SEVERAL),
    Seed("native lines", EVENTS, [NATIVE, NATIVE], "id", NATIVE_KINDS, STREAM, (LINES,)),
    Seed("cloudevents", EVENTS, CLOUD_EVENT, "id", NATIVE_KINDS, ONE, (CLOUD,)),
    Seed(
        *("cloudevents batch", EVENTS, [CLOUD_EVENT, CLOUD_EVENT], "id", NATIVE_KINDS, SEVERAL),
        headers=(CLOUD_BATCH,),
    ),
    Seed(
        *("cloudevents binary", EVENTS, CLOUD_EVENT, "id", NATIVE_KINDS, ONE),
        carried=Carried.HEADERS,
    ),
    *_calls(),
    Seed(
        *("segment batch", "/v1/batch", {"batch": [SEGMENT, SEGMENT]}, "messageId", CLIENT_KINDS),
        CLIENT,
    ),
    Seed(
        *("rudderstack batch", "/v1/batch", {"batch": [RUDDER, RUDDER]}, "messageId"),
        *(CLIENT_KINDS, CLIENT, (FORM,)),
    ),
    Seed("rudderstack", "/v1/track", RUDDER, "messageId", CLIENT_KINDS, CLIENT),
    Seed("posthog", "/capture/", POSTHOG, "uuid", CLIENT_KINDS, CLIENT),
    Seed(
        *("posthog batch", "/batch/", {"batch": [POSTHOG, POSTHOG]}, "uuid", CLIENT_KINDS, CLIENT)
    ),
    Seed("snowplow", TP2, {"data": [SNOWPLOW, SNOWPLOW]}, "eid", CLIENT_KINDS, CLIENT),
    Seed(
        *("snowplow pixel", "/i", SNOWPLOW, "eid", CLIENT_KINDS, frozenset({200, 400})),
        carried=Carried.QUERY,
    ),
)
SHARE_DAMAGED: Final = 0.4
SHARE_WITH_HEADERS: Final = 0.3
SHARE_ESCAPED_WRONG: Final = 0.05
"""The limit for all header values together."""
ESCAPED: Final = ("%", "%0", "%00", "%ff", "%ed%a0%80", "%ef%bb%bf", "%0d%0a", "&", "=", "+", ";")
HEAD_CHARACTERS_MAX: Final = 300
"""The limit for one value: the size of a head is tested elsewhere."""
IDS: Final = 10_000
"""Few enough that some are repeated, with the same or different content."""


def strange_requests(hand: random.Random) -> Iterator[StrangeRequest]:
    """Generate requests endlessly."""
    while True:
        seed = hand.choice(SEEDS)
        value = _strange_value(hand, seed)
        headers = dict(seed.headers)
        if hand.random() < SHARE_WITH_HEADERS:
            headers |= dict(hand.choice(HEADERS))
        if seed.carried is Carried.QUERY:
            yield StrangeRequest(seed.dialect, "GET", f"{seed.path}?{_query(hand, value)}", b"", {})
            continue
        if seed.carried is Carried.HEADERS and isinstance(value, dict):
            headers |= _attributes(hand, value)
            value = value.get("data")
        body = _lines(value) if LINES in headers.items() else orjson.dumps(value)
        if hand.random() < SHARE_DAMAGED:
            body = damaged(hand, body)
        if headers.get("content-encoding") == "gzip" and hand.random() < 0.9:
            body = gzip.compress(body, compresslevel=1)
        yield StrangeRequest(seed.dialect, "POST", seed.path, body, headers)


def _lines(value: Any) -> bytes:
    return b"\n".join(map(orjson.dumps, value if isinstance(value, list) else [value]))


def _attributes(hand: random.Random, event: dict[str, Any]) -> dict[str, str]:
    """Write the attributes of a CloudEvent as headers, if HTTP allows the values."""
    return {
        f"ce-{name}": _escaped(hand, value)
        for name, value in event.items()
        if name not in {"data", "datacontenttype"} and name.isalnum() and name.isascii()
    }


def _query(hand: random.Random, payload: Any) -> str:
    """Write a payload as a query string."""
    pairs = payload.items() if isinstance(payload, dict) else [("e", payload)]
    return "&".join(f"{quote(name)}={_escaped(hand, value)}" for name, value in pairs)


def _escaped(hand: random.Random, value: Any) -> str:
    """Escape a value for a header; occasionally not correctly."""
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    escaped = quote(text[:HEAD_CHARACTERS_MAX])
    if hand.random() < SHARE_ESCAPED_WRONG:
        place = hand.randrange(len(escaped) + 1)
        return escaped[:place] + hand.choice(ESCAPED) + escaped[place:]
    return escaped


def _strange_value(hand: random.Random, seed: Seed) -> Any:
    """Change a valid body in a few places, at any depth."""
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
    """Collect the objects and arrays in which something can be changed."""
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
