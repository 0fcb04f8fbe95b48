"""Server-sent events on the wire: how to write an event and disconnect a stalled reader.

FastAPI's own helper serialises events itself and passes them through a task and a queue for each
reader. Our records are finished bytes, and a reader takes them at its own pace: the server's buffer
is the only one.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterable

import structlog
from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from service.feed.log import LogEntry

MEDIA_TYPE = "text/event-stream"
ABORT = "leadledger.abort"
"""The ASGI extension with which our server closes a connection without flushing."""

RETRY = b"retry: 2000\n\n"
"""How long a client waits before it reconnects: the time that a process takes to restart."""
HEARTBEAT = b": still here\n\n"

_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}
"""Proxies must neither cache nor buffer the stream."""

log = structlog.get_logger()


def progress(position: int) -> bytes:
    """Report how far a filter has searched: an id without data only moves the client's position."""
    return b"id: %d\n\n" % position


def frames(events: Iterable[LogEntry]) -> bytes:
    """Write events, each with its position as the id and its record as one line of data."""
    return "".join(f"id: {event.position}\ndata: {event.record}\n\n" for event in events).encode()


class EventStream(StreamingResponse):
    """A stream of events. A class, because Starlette calls responses."""

    def __init__(self, content: AsyncGenerator[bytes], *, stalled_s: float) -> None:
        super().__init__(content, media_type=MEDIA_TYPE, headers=_HEADERS)
        self._content = content
        self._stalled_s = stalled_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the content ends, the reader leaves, or it stalls."""

        async def send_in_time(message: Message) -> None:
            async with asyncio.timeout(self._stalled_s):
                await send(message)

        try:
            await super().__call__(scope, receive, send_in_time)
        except TimeoutError:
            log.warning("stream.stalled", after_s=self._stalled_s)
            await _hang_up(scope, receive)
        finally:
            await self._content.aclose()


async def _hang_up(scope: Scope, receive: Receive) -> None:
    """Close the connection: the reader would never take what is in its buffer."""
    extension = scope.get("extensions", {}).get(ABORT)
    if extension is None:
        return
    extension["call"]()
    while (await receive())["type"] != "http.disconnect":
        pass
