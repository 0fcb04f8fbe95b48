"""`GET /v1/events/stream`: the log as server-sent events, from any position, then live."""

from collections.abc import AsyncGenerator
from time import monotonic
from typing import Annotated

import structlog
from fastapi import APIRouter, Header, Request
from starlette.responses import Response

from events.limits import INTEGER_MAX
from projections.engine.transactions import UNAVAILABLE
from service.feed.appends import Appends
from service.feed.event_stream import HEARTBEAT, MEDIA_TYPE, RETRY, EventStream, frames, progress
from service.feed.log import Log, LogFilter, check_reached
from service.feed.tail import Tail, TailFull
from service.http.authentication import Needs
from service.http.exact_route import ExactRoute
from service.http.parts import part_of
from service.http.problem import Problem
from service.keys.scopes import Scope
from service.limits import HEARTBEAT_S, STREAM_LOOK_S, STREAM_PAGE_EVENTS, STREAM_STALLED_S
from service.routes.parameters import (
    After,
    EventsReader,
    Stages,
    Types,
    lifecycle_of,
    wanted_events,
)

router = APIRouter(tags=["events"], route_class=ExactRoute)
log = structlog.get_logger()


@router.get(
    "/v1/events/stream",
    response_model=None,
    responses={200: {"content": {MEDIA_TYPE: {"schema": {"type": "string"}}}}},
)
async def get_stream(
    *,
    request: Request,
    _: EventsReader,
    after: After = 0,
    types: Types = None,
    stages: Stages = None,
    last_event_id: Annotated[
        int | None,
        Header(
            alias="Last-Event-ID",
            ge=0,
            le=INTEGER_MAX,
            description="Where the stream broke off. Browsers send it automatically, and it "
            "takes precedence over `after`.",
        ),
    ] = None,
) -> Response:
    """Follow the log as server-sent events: every event once, in order, then new ones as they come.

    `id` is the position, `data` the record as it was stored, on one line. An id without data shows
    how far a filter has searched. A reader that takes nothing for 30 seconds is disconnected;
    reconnect with `Last-Event-ID`, and nothing is missed.
    """
    wanted = wanted_events(lifecycle_of(request), types, stages)
    source, tail = part_of(request, Log), part_of(request, Tail)
    if tail.is_full:
        raise Problem(
            "streams-full",
            "The limit of open streams is reached. Try again after the time in Retry-After, or "
            "read GET /v1/events with `wait`.",
        )
    begin = after if last_event_id is None else last_event_id
    check_reached(begin, await source.head())
    events = _events(tail, source, _Admission(request), begin, wanted)
    return EventStream(events, stalled_s=STREAM_STALLED_S)


class _Admission:
    """Whether a stream may continue. A class, because it checks the same key repeatedly."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._closing = part_of(request, Appends).closing
        self._asked_at = monotonic()

    async def holds(self) -> bool:
        """Return whether the service still runs and the key is still valid (not revoked)."""
        if self._closing.is_set():
            return False
        if monotonic() - self._asked_at < STREAM_LOOK_S:
            return True
        try:
            await Needs(Scope.EVENTS_READ)(self._request)
        except Problem:
            return False
        self._asked_at = monotonic()
        return True


async def _events(
    tail: Tail, source: Log, admission: _Admission, after: int, wanted: LogFilter
) -> AsyncGenerator[bytes]:
    """Write the stream while it may continue; a client reconnects where it broke off."""
    try:
        async with tail.reading():
            async for piece in _pieces(tail, source, admission, after, wanted):
                yield piece
    except TailFull:
        return
    except Problem as problem:
        # Its position is gone. The client learns that when it reconnects with it.
        log.warning("stream.ended", error=problem.reason)
    except UNAVAILABLE as error:
        log.warning("stream.ended", error=type(error).__name__)


async def _pieces(
    tail: Tail, source: Log, admission: _Admission, after: int, wanted: LogFilter
) -> AsyncGenerator[bytes]:
    sent, sent_at = after, monotonic()
    yield RETRY
    while await admission.holds():
        page = tail.after(after, limit=STREAM_PAGE_EVENTS, wanted=wanted)
        if page is None:
            page = await source.page(after=after, limit=STREAM_PAGE_EVENTS, wanted=wanted)
        after = page.next
        if page.events:
            sent, sent_at = page.events[-1].position, monotonic()
            yield frames(page.events)
        elif monotonic() - sent_at > HEARTBEAT_S:
            yield HEARTBEAT if sent == after else progress(after)
            sent, sent_at = after, monotonic()
        if after >= page.head:
            await tail.wait(after, STREAM_LOOK_S)
