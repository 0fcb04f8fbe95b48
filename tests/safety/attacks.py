"""The worst possible request for each of the endpoints.

    python -m tests.safety.attacks HOST PORT SECONDS KEY NAME... > statuses.json

In a separate process: for each name, twenty connections send the same request repeatedly for
SECONDS. A request stays within the limits, or exceeds them where that must cost nothing. KEY may be
empty.
"""

import gzip
import http.client
import json
import os
import socket
import sys
import threading
import zlib
from collections import Counter
from collections.abc import Callable
from functools import partial
from time import monotonic
from typing import Final

from events.limits import (
    BATCH_ITEMS_MAX,
    BODY_BYTES_MAX,
    DECOMPRESSED_BYTES_MAX,
    DECOMPRESSION_RATIO_MAX,
    EVENT_MEMBERS_MAX,
)
from service.keys.key_text import mint
from service.limits import HEAD_BYTES_MAX, URL_BYTES_MAX

CONNECTIONS: Final = 20
WAIT_S: Final = 30.0
EVENTS: Final = "/v1/events"
POSTHOG: Final = "/batch/"
SEGMENT: Final = "/v1/batch"
ONE: Final = "/capture/"
TRACKER: Final = "/com.snowplowanalytics.snowplow/tp2"
LINES: Final = "Content-Type: application/x-ndjson"
EMPTY_MEMBER: Final = gzip.compress(b"", mtime=0)

RATIO: Final = DECOMPRESSION_RATIO_MAX - 5
GZIP_BITS: Final = 31
HUNG_UP: Final = "hung up"

Make = Callable[[str], bytes]
"""Makes a request from the headers that carry a key, which may be empty."""


def post(path: str, body: Callable[[], bytes], headers: str = "") -> Make:
    return partial(_post, path, body, headers)


def _post(path: str, body: Callable[[], bytes], headers: str, shown: str) -> bytes:
    content = body()
    lines = [f"POST {path} HTTP/1.1", "Host: here", f"Content-Length: {len(content)}"]
    return head(*lines, headers, shown) + content


def head(*lines: str) -> bytes:
    return "\r\n".join([line for line in lines if line] + ["", ""]).encode()


def filled(unit: bytes, size: int, *, first: bytes = b"[", last: bytes = b"0]") -> bytes:
    """Return JSON of about this size that repeats one unit."""
    return first + unit * ((size - len(first) - len(last)) // len(unit)) + last


def zipped(body: bytes) -> bytes:
    """Compress within the permitted ratio: part of the body is stored uncompressed."""
    packed = gzip.compress(body, 6, mtime=0)
    stored_bytes = len(body) // RATIO - len(packed)
    if stored_bytes <= 0:
        return packed
    stored = zlib.compressobj(0, zlib.DEFLATED, GZIP_BITS)
    first = stored.compress(body[:stored_bytes]) + stored.flush()
    return first + gzip.compress(body[stored_bytes:], 6, mtime=0)


def tiny_chunks(shown: str) -> bytes:
    lines = (f"POST {POSTHOG} HTTP/1.1", "Host: here", "Transfer-Encoding: chunked", shown)
    return head(*lines) + b"1\r\n[\r\n" * (BODY_BYTES_MAX // 6) + b"0\r\n\r\n"


def full_head(shown: str) -> bytes:
    each = HEAD_BYTES_MAX // 99
    lines = [f"X-{number}: {'x' * (each - 9)}" for number in range(95)]
    return head(f"POST {EVENTS} HTTP/1.1", "Host: here", "Content-Length: 0", shown, *lines)


def many_headers(shown: str) -> bytes:
    return head(f"POST {EVENTS} HTTP/1.1", "Host: here", shown)[:-2] + b"a:\r\n" * 60_000


def full_query(shown: str) -> bytes:
    query = "&".join(f"{number}=" for number in range(URL_BYTES_MAX))[: URL_BYTES_MAX - 8]
    return head(f"GET /i?{query.rpartition('&')[0]} HTTP/1.1", "Host: here", shown)


def unknown_key_last() -> bytes:
    key = f'"api_key":"{mint().text}"}}'.encode()
    return filled(b'{"":0},', BODY_BYTES_MAX, first=b'{"batch":[', last=b"0]," + key)


def full_items() -> bytes:
    """Return items with the maximum number of members of an event, half of them containers."""
    item = b"[" + b'{"":0},' * (EVENT_MEMBERS_MAX // 2 - 10) + b"0],"
    return filled(item, DECOMPRESSED_BYTES_MAX)


def messages(unit: bytes, size: int, member: str = "batch") -> bytes:
    return filled(unit, size, first=b'{"%s":[' % member.encode(), last=b"0]}")


GZIP: Final = "Content-Encoding: gzip"
BRACKETS: Final = b"[" * 100 + b"]" * 100 + b","

UNKEYED: Final[dict[str, dict[str, Make]]] = {
    "heads": {
        "full heads": full_head,
        "headers without end": many_headers,
        "a query of many fields": full_query,
    },
    "chunks": {"chunks of one byte": tiny_chunks},
    "gzip": {
        "empty members": post(
            POSTHOG, lambda: EMPTY_MEMBER * (BODY_BYTES_MAX // len(EMPTY_MEMBER)), GZIP
        ),
        "inflation beyond the limit": post(
            TRACKER, lambda: zipped(messages(b"[[]],", DECOMPRESSED_BYTES_MAX, "data")), GZIP
        ),
        "inflation up to the limit": post(
            POSTHOG, lambda: zipped(messages(b'{"":0},', BODY_BYTES_MAX)), GZIP
        ),
    },
    "json": {
        "lists in lists": post(SEGMENT, lambda: messages(BRACKETS, BODY_BYTES_MAX)),
        "a deep one": post(ONE, lambda: b"[" * BODY_BYTES_MAX),
        "repeated keys": post(POSTHOG, lambda: messages(b'{"a":1,"a":2},', BODY_BYTES_MAX)),
        "digits": post(ONE, lambda: b"9" * BODY_BYTES_MAX),
        "escapes": post(ONE, lambda: b'"' + b"\\u0041" * (BODY_BYTES_MAX // 6) + b'"'),
        "an unknown key at the end": post(POSTHOG, unknown_key_last),
    },
    "events": {
        "a native batch": post(EVENTS, lambda: filled(b"[[]],", BODY_BYTES_MAX)),
        "lines": post(EVENTS, lambda: b"1\n" * (BODY_BYTES_MAX // 2), LINES),
    },
}
KEYED: Final[dict[str, dict[str, Make]]] = {
    "batches": {
        "lists in lists": post(
            EVENTS, lambda: zipped(filled(BRACKETS, DECOMPRESSED_BYTES_MAX)), GZIP
        ),
        "the fullest items": post(EVENTS, lambda: zipped(full_items()), GZIP),
        "the most items": post(EVENTS, lambda: b"[" + b"1," * (BATCH_ITEMS_MAX - 1) + b"1]"),
    },
    "messages": {
        "a large one": post(ONE, lambda: zipped(filled(b'{"":0},', DECOMPRESSED_BYTES_MAX)), GZIP),
        "a large one among others": post(
            SEGMENT,
            lambda: zipped(b'{"batch":[' + filled(b"[],", DECOMPRESSED_BYTES_MAX - 99) + b",{}]}"),
            GZIP,
        ),
    },
    "streams": {
        "small lines": post(EVENTS, lambda: b"1\n" * (BODY_BYTES_MAX // 20), LINES),
        "blank lines": post(
            EVENTS, lambda: zipped(b"\n" * DECOMPRESSED_BYTES_MAX), f"{GZIP}\r\n{LINES}"
        ),
    },
}
ATTACKS: Final = {
    f"{family}/{name}": make
    for families in (UNKEYED, KEYED)
    for family, attacks in families.items()
    for name, make in attacks.items()
}


class Attack:
    """One request over many connections. A class, because its threads share a count."""

    def __init__(self, address: tuple[str, int], request: bytes) -> None:
        self._address, self._request = address, request
        self.statuses: Counter[str] = Counter()

    def run(self, seconds: float) -> None:
        """Attack for some seconds; connections that wait for an answer then keep waiting."""
        until = monotonic() + seconds
        threads = [
            threading.Thread(target=self._send_on, args=(until,), daemon=True)
            for _ in range(CONNECTIONS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(0.0, until - monotonic()))

    def _send_on(self, until: float) -> None:
        while monotonic() < until:
            self.statuses[self._sent()] += 1

    def _sent(self) -> str:
        try:
            with socket.create_connection(self._address, timeout=WAIT_S) as connection:
                connection.sendall(self._request)
                answer = http.client.HTTPResponse(connection)
                answer.begin()
                return str(answer.status)
        except (OSError, http.client.HTTPException):
            return HUNG_UP


if __name__ == "__main__":
    host, port, seconds, key, *names = sys.argv[1:]
    shown = f"Authorization: Bearer {key}" if key else ""
    attacks = [Attack((host, int(port)), ATTACKS[name](shown)) for name in names]
    print("ready", flush=True)  # noqa: T201 - the test reads it
    for attack in attacks:
        attack.run(float(seconds))
    print(json.dumps(sum((attack.statuses for attack in attacks), Counter())), flush=True)  # noqa: T201 - the test reads it
    # Connections that wait for an answer need not be closed cleanly.
    os._exit(0)
