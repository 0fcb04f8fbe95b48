"""Bodies that were good once: a table of seeds, one for each way to report, and a hand that spoils.

    bodies = strange_requests(random.Random(7))
    request = next(bodies)

The same hand makes the same requests. A dialect joins by a line in SEEDS.
"""

import gzip
import random
from collections.abc import Iterator
from copy import deepcopy
from typing import Any, Final, NamedTuple

import orjson


class Seed(NamedTuple):
    """A valid request of one dialect."""

    path: str
    body: Any
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
SEEDS: Final = (
    Seed("/v1/events", NATIVE),
    Seed("/v1/events", [NATIVE, {**NATIVE, "id": "fuzz-2", "type": "visit.recorded"}]),
)
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
SHARE_DAMAGED: Final = 0.4
SHARE_WITH_HEADERS: Final = 0.3
IDS: Final = 10_000
"""So few that some come again, with the same content or with other."""


def strange_requests(hand: random.Random) -> Iterator[StrangeRequest]:
    """Make requests for ever."""
    while True:
        seed = hand.choice(SEEDS)
        body = orjson.dumps(_strange_value(hand, seed.body))
        headers = dict(seed.headers)
        if hand.random() < SHARE_WITH_HEADERS:
            headers |= dict(hand.choice(HEADERS))
        if headers.get("content-type") == LINES[1]:
            body = body.replace(b"},{", b"}\n{")
        if hand.random() < SHARE_DAMAGED:
            body = _damaged(hand, body)
        if headers.get("content-encoding") == "gzip" and hand.random() < 0.9:
            body = gzip.compress(body, compresslevel=1)
        yield StrangeRequest(seed.path, body, headers)


def _strange_value(hand: random.Random, body: Any) -> Any:
    """Change a good body in a few places, at any depth."""
    value = deepcopy(body)
    for event in value if isinstance(value, list) else [value]:
        if "id" in event:
            event["id"] = f"fuzz-{hand.randrange(IDS)}"
        if "type" in event:
            event["type"] = hand.choice(TYPES)
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


def _strange(hand: random.Random) -> Any:
    return deepcopy(hand.choice(STRANGE))


def _places(value: Any) -> list[Any]:
    """Gather the objects and arrays in which something can be changed."""
    places = [value] if value else []
    for part in value.values() if isinstance(value, dict) else value:
        if isinstance(part, dict | list) and part is not DEEP:
            places += _places(part)
    return places or [{}]


def _damaged(hand: random.Random, body: bytes) -> bytes:
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
