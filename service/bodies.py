"""Read a body within bounds of size and time."""

import asyncio
from collections.abc import AsyncIterator

from starlette.types import Receive

from events.limits import BODY_BYTES_MAX, DECOMPRESSED_BYTES_MAX
from service.inflation import Inflation, check_encoding
from service.limits import BODY_WAIT_S
from service.problems import Problem
from service.room import Place
from service.transfer import Transfer

_CLOSE = {"connection": "close"}
"""Nobody reads on: the rest of the body may never come. Where a body is too large the connection
stays for a while instead: a sender that is still writing would not see the answer otherwise."""


class ClientGone(Exception):
    """The client left before its body was complete."""


async def read_body(receive: Receive, transfer: Transfer, place: Place) -> bytes:
    """Read a whole body, decompressed, of at most 5 MiB (20 MiB decompressed), within 30 s.

    It counts as held in `place` as it arrives.
    """
    length = transfer.content_length
    if length is not None and length > BODY_BYTES_MAX:
        raise _too_large(BODY_BYTES_MAX)
    check_encoding(transfer.content_encoding)
    try:
        async with asyncio.timeout(BODY_WAIT_S):
            body = await _received(receive, place)
    except TimeoutError:
        raise too_slow(f"The body was not complete after {BODY_WAIT_S:.0f} s.") from None
    if transfer.content_encoding in (b"", b"identity"):
        return body
    return _inflated(body, transfer.content_encoding, place)


async def stream_body(receive: Receive, transfer: Transfer) -> AsyncIterator[bytes]:
    """Give a body of any length piece by piece, each within 30 s of the one before."""
    check_encoding(transfer.content_encoding)
    is_plain = transfer.content_encoding in (b"", b"identity")
    inflation = None if is_plain else Inflation(transfer.content_encoding)
    more = True
    while more:
        piece, more = await _progress(receive)
        if inflation is None:
            yield piece
        else:
            for inflated in inflation.feed(piece):
                yield inflated
    if inflation is not None:
        inflation.finish()


def too_slow(detail: str) -> Problem:
    return Problem("body-too-slow", f"{detail} Send it again.", headers=_CLOSE)


async def _progress(receive: Receive) -> tuple[bytes, bool]:
    """Wait for bytes; empty pieces are no progress."""
    try:
        async with asyncio.timeout(BODY_WAIT_S):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientGone
                piece, more = message.get("body", b""), message.get("more_body", False)
                if piece or not more:
                    return piece, more
    except TimeoutError:
        raise too_slow(f"Nothing arrived for {BODY_WAIT_S:.0f} s.") from None


async def _received(receive: Receive, place: Place) -> bytes:
    pieces: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        piece, more = message.get("body", b""), message.get("more_body", False)
        size += len(piece)
        if size > BODY_BYTES_MAX:
            raise _too_large(BODY_BYTES_MAX)
        place.take(len(piece))
        pieces.append(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _inflated(body: bytes, encoding: bytes, place: Place) -> bytes:
    inflation = Inflation(encoding)
    pieces, size = [], 0
    for piece in inflation.feed(body):
        size += len(piece)
        if size > DECOMPRESSED_BYTES_MAX:
            raise _too_large(DECOMPRESSED_BYTES_MAX)
        place.take(len(piece))
        pieces.append(piece)
    inflation.finish()
    return b"".join(pieces)


def _too_large(bytes_max: int) -> Problem:
    return Problem(
        "body-too-large",
        f"A body has at most {bytes_max} bytes. Send less at once, or stream events as NDJSON "
        "(Content-Type: application/x-ndjson), which has no limit.",
        expected=bytes_max,
    )
