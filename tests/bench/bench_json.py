"""Measure the cost of strict reading compared with the bare parser, on an event of 300 bytes."""

import json
import timeit
from collections.abc import Callable
from typing import Any, Final

import orjson

from events.strict_json import FaultyItem, JsonValue, find_items, read_item, read_value
from tests.support.finished import finish

EVENT: Final = {
    "id": "0192f8a1-7c1e-7d2a-9b00-2f6a1c0d9e11",
    "type": "form.submitted",
    "time": "2026-11-04T09:12:33.120+09:00",
    "lead": {"email": "hanako.yamada@example.co.jp", "anonymous_id": "c-1238841"},
    "data": {
        "form": "whitepaper",
        "company": "株式会社見本",
        "page": "/download",
        "score": 12,
        "consent": True,
    },
}
BATCH_ITEMS: Final = 500
ROUNDS: Final = 5
SECONDS_PER_ROUND: Final = 0.1


def measure(seconds_per_round: float = SECONDS_PER_ROUND) -> list[tuple[str, float]]:
    """Return microseconds per event, and each reader's ratio to the bare parser.

    The best of several rounds: disturbances only ever make a measurement slower.
    """

    def microseconds(read: Callable[[bytes], Any], body: bytes) -> float:
        return _microseconds(read, body, seconds_per_round)

    compact = orjson.dumps(EVENT)
    escaped = json.dumps(EVENT).encode()
    by_proof_failed = compact.replace(b"form.", rb"\u003aorm.")
    batch = b"[" + b",".join([compact] * BATCH_ITEMS) + b"]"

    bare = microseconds(orjson.loads, compact)
    library = microseconds(json.loads, compact)
    one = microseconds(read_value, compact)
    one_escaped = microseconds(read_value, escaped)
    one_exact = microseconds(read_value, by_proof_failed)
    bare_of_batch = microseconds(orjson.loads, batch) / BATCH_ITEMS
    of_batch = microseconds(_read_batch, batch) / BATCH_ITEMS
    return [
        ("bare parser (orjson), µs", bare),
        ("standard library, unchecked, µs", library),
        ("one event, µs", one),
        ("one event, spaced and in ASCII, µs", one_escaped),
        ("one event, exact reader, µs", one_exact),
        ("bare parser, per event of a batch, µs", bare_of_batch),
        ("one event of a batch, µs", of_batch),
        ("one event / bare parser", one / bare),
        ("one event / standard library", one / library),
        ("one event, exact reader / bare parser", one_exact / bare),
        ("one event of a batch / bare parser", of_batch / bare_of_batch),
    ]


def _read_batch(body: bytes) -> list[JsonValue | FaultyItem]:
    return [read_item(text) for text in finish(find_items(body))]


def _microseconds(read: Callable[[bytes], Any], body: bytes, seconds_per_round: float) -> float:
    timer = timeit.Timer(lambda: read(body))
    once = timer.timeit(10) / 10
    calls = max(1, int(seconds_per_round / once))
    return min(timer.repeat(ROUNDS, calls)) / calls * 1e6


if __name__ == "__main__":
    for figure, value in measure():
        print(f"{figure:40} {value:8.2f}")  # noqa: T201 - a bench prints its table
