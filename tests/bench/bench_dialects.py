"""The cost of reading messages of other services' clients as strictly as our own events."""

import timeit
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from domain.lifecycle.compiled.table import compile_lifecycle
from domain.lifecycle.text.load import load
from domain.signal import Signal
from events.lifecycles.shipped import read_lifecycle_text
from events.signals import native
from events.signals.context import Context
from events.signals.dialects import segment
from events.signals.dialects.reading import read
from events.signals.digests import Digests
from tests.bench.bench_bulk import stream
from tests.bench.figures import Figure, at_most, figure_of, in_rounds
from tests.bench.ledgers import SENDER
from tests.bench.servers import SECRET, Bench, Unexpected, founded, serving
from tests.support.finished import finish

BATCH_MESSAGES: Final = 100
"""The messages that Segment's clients put into one request."""
ROUNDS: Final = 5

MESSAGE: Final[dict[str, Any]] = {
    "type": "track",
    "event": "Form Submitted",
    "messageId": "node-next-1795629603555-b0b22669-e53d-4d4f-b23b-0221bdfc8df4",
    "userId": None,
    "anonymousId": "0192f8a1-7c1e-7d2a-9b00-2f6a1c0d9e11",
    "properties": {"form": "whitepaper", "message": "資料を拝見したく、お送りください。"},
    "context": {
        "library": {"name": "analytics.js", "version": "1.0.0"},
        "page": {"path": "/download", "title": "Download", "url": "https://www.example.com/"},
        "campaign": {"name": "spring", "medium": "email"},
        "traits": {"email": "hanako@company.example"},
    },
    "integrations": {},
    "timestamp": "2026-11-04T09:12:33.120Z",
    "sentAt": "2026-11-04T09:12:34.120Z",
}
REPORTED: Final[dict[str, Any]] = {
    "id": "form-1",
    "type": "form.submitted",
    "time": "2026-11-04T09:12:33.120Z",
    "lead": {"email": "hanako@company.example", "anonymous_id": MESSAGE["anonymousId"]},
    "data": {**MESSAGE["properties"], "channel": "email", "campaign": "spring"},
}


async def measure(bench: Bench) -> list[Figure]:
    """Return the share of strictness in the time of a streamed event, and the cost of a dialect."""
    body = orjson.dumps({"batch": [MESSAGE] * BATCH_MESSAGES, "sentAt": MESSAGE["sentAt"]})
    calls = max(1, bench.sizes.decided // BATCH_MESSAGES)

    async def strictness_us(_: int) -> float:
        strict = _microseconds(lambda: _read_messages(body), calls)
        return (strict - _microseconds(lambda: orjson.loads(body), calls)) / BATCH_MESSAGES

    async with founded(bench, "dialects") as ledger:
        with serving(bench, ledger) as service:
            await stream(service, "warm", min(2_000, bench.sizes.streamed))

            async def streamed_us(number: int) -> float:
                rate = await stream(service, f"dialects-{number}", bench.sizes.streamed)
                return 1e6 / rate

            pairs = await in_rounds(bench.sizes.rounds, floor=streamed_us, measured=strictness_us)
    return [
        figure_of(
            "strictness, a message of a Segment batch",
            pairs,
            unit="µs",
            aim=at_most(0.1),
            note=f"the time in addition to bare parsing; floor: {_FLOOR}",
        ),
        _reading(bench.sizes.decided),
    ]


_FLOOR = "one event of bulk NDJSON over HTTP"


def _reading(count: int) -> Figure:
    lifecycle = compile_lifecycle(load(read_lifecycle_text("demand_funnel"))).lifecycle
    context = Context(lifecycle, Digests(SECRET.encode()), SENDER, datetime.now(UTC))
    for signal in (read(MESSAGE, segment.SEGMENT, context), native.read(REPORTED, context)):
        if not isinstance(signal, Signal):
            raise Unexpected(f"expected it to be readable, found {signal}")
    measured = _microseconds(lambda: read(MESSAGE, segment.SEGMENT, context), count)
    floor = _microseconds(lambda: native.read(REPORTED, context), count)
    return Figure(
        "reading a Segment message into a signal",
        "µs",
        measured,
        floor,
        measured / floor,
        note="floor: the same event natively",
    )


def _read_messages(body: bytes) -> None:
    parcel = finish(segment.unpack_batch(body))
    for text in parcel.items:
        parcel.read(text)


def _microseconds(work: Callable[[], object], calls: int) -> float:
    return min(timeit.repeat(work, number=calls, repeat=ROUNDS)) / calls * 1e6
