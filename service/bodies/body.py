"""Read a body within limits of size and time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeAlias

from starlette.types import Receive

from events.limits import BODY_BYTES_MAX, DECOMPRESSED_BYTES_MAX
from service.bodies.body_memory import BodyMemory
from service.bodies.inflation import Inflation, check_encoding, pieces_of
from service.http.problem import ClientGone, Problem
from service.http.request_headers import RequestHeaders
from service.limits import BODY_WAIT_S

_CLOSE = {"connection": "close"}
"""Close the connection: the rest of the body may never arrive. If a body is too large, the
connection stays open for a while instead: a sender that is still writing would not see the
answer."""

Hearing: TypeAlias = Callable[[bytes], Awaitable[None]]
"""Called with each piece of a body as it arrives."""


async def read_body(
    receive: Receive,
    transfer: RequestHeaders,
    memory: BodyMemory,
    *,
    bytes_max: int = DECOMPRESSED_BYTES_MAX,
    hear: Hearing | None = None,
) -> bytes:
    """Read a whole body, decompressed, of at most 5 MiB (20 MiB decompressed), within 30 s.

    The bytes are counted in `memory` as they arrive, and each piece is passed to `hear`. A
    compressed body is decompressed as it arrives and held decompressed; other requests run between
    the pieces.
    """
    raw_bytes_max = min(bytes_max, BODY_BYTES_MAX)
    if transfer.content_length is not None and transfer.content_length > raw_bytes_max:
        raise _too_large(raw_bytes_max)
    check_encoding(transfer.content_encoding)
    try:
        async with asyncio.timeout(BODY_WAIT_S):
            arriving = _arriving(receive, transfer, raw_bytes_max)
            return await _gathered(arriving, memory, bytes_max, hear)
    except TimeoutError:
        raise too_slow(f"The body was not complete after {BODY_WAIT_S:.0f} s.") from None


async def stream_body(receive: Receive, transfer: RequestHeaders) -> AsyncIterator[bytes]:
    """Yield a body of any length piece by piece, each within 30 s of the previous one."""
    check_encoding(transfer.content_encoding)
    inflation = _inflation_of(transfer)
    more = True
    while more:
        piece, more = await _progress(receive)
        for part in pieces_of(piece) if inflation is None else inflation.feed(piece):
            yield part
    if inflation is not None:
        inflation.finish()


def too_slow(detail: str) -> Problem:
    return Problem("body-too-slow", f"{detail} Send it again.", headers=_CLOSE)


async def _progress(receive: Receive) -> tuple[bytes, bool]:
    """Wait for bytes; empty pieces do not count as progress."""
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


async def _arriving(
    receive: Receive, transfer: RequestHeaders, bytes_max: int
) -> AsyncIterator[bytes]:
    """Yield the pieces of a body, decompressed."""
    inflation = _inflation_of(transfer)
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        piece, more = message.get("body", b""), message.get("more_body", False)
        size += len(piece)
        if size > bytes_max:
            raise _too_large(bytes_max)
        if inflation is None:
            yield piece
            continue
        for inflated in inflation.feed(piece):
            yield inflated
            await asyncio.sleep(0)
    if inflation is not None:
        inflation.finish()


async def _gathered(
    arriving: AsyncIterator[bytes], memory: BodyMemory, bytes_max: int, hear: Hearing | None
) -> bytes:
    first, body = b"", bytearray()
    async for piece in arriving:
        size = len(first) + len(body) + len(piece)
        if size > memory.budget.body_bytes_max < bytes_max:
            raise _too_large_unknown(memory.budget.body_bytes_max)
        if size > bytes_max:
            raise _too_large(bytes_max)
        memory.take(len(piece))
        # Nearly every body is a single piece, which need not be copied.
        if not first:
            first = piece
        else:
            body += piece
        if hear is not None:
            await hear(piece)
    return b"".join((first, body)) if body else first


def _inflation_of(transfer: RequestHeaders) -> Inflation | None:
    is_plain = transfer.content_encoding in (b"", b"identity")
    return None if is_plain else Inflation(transfer.content_encoding)


def _too_large(bytes_max: int) -> Problem:
    return Problem(
        "body-too-large",
        f"A body may have at most {bytes_max} bytes. Send less at once, or stream events as NDJSON "
        "(Content-Type: application/x-ndjson), which has no limit.",
        expected=bytes_max,
    )


def _too_large_unknown(bytes_max: int) -> Problem:
    return Problem(
        "body-too-large",
        f"A body that contains its key may have at most {bytes_max} bytes, decompressed. Send less "
        "at once, or send the key in the header Authorization.",
        expected=bytes_max,
    )
