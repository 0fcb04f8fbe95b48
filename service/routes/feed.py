"""`GET /v1/events`: the log in order, for consumers that follow it."""

from collections.abc import AsyncIterator
from time import monotonic
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response, StreamingResponse

from service.feed.appends import Appends
from service.feed.log import Log, LogFilter, LogPage
from service.http.answer import NDJSON, Answer
from service.http.exact_route import ExactRoute
from service.http.parts import part_of
from service.limits import FEED_LOOK_S, FEED_WAIT_S_MAX, PAGE_DEFAULT, PAGE_MAX, PAGE_RECORDS
from service.routes.parameters import (
    After,
    EventsReader,
    Stages,
    Types,
    lifecycle_of,
    wanted_events,
)
from service.shapes import reports as shapes

router = APIRouter(tags=["events"], route_class=ExactRoute)


@router.get(
    "/v1/events",
    response_model=shapes.Feed,
    responses={200: {"content": {NDJSON: {"schema": {"type": "string"}}}}},
)
async def get_events(
    *,
    request: Request,
    _: EventsReader,
    after: After = 0,
    limit: Annotated[
        int | None,
        Query(
            ge=1,
            le=PAGE_MAX,
            description=f"The most events to return. Default: {PAGE_DEFAULT}; for NDJSON, "
            "all up to the end of the log.",
        ),
    ] = None,
    types: Types = None,
    stages: Stages = None,
    wait: Annotated[
        float, Query(ge=0, le=FEED_WAIT_S_MAX, description="Seconds to wait for the first event.")
    ] = 0,
) -> Response:
    """Read the log after a position: every event once, in order, as it was recorded.

    Pass `next` as `after` to continue. With `type` or `stage` a request searches a bounded stretch
    of the log, so it may return no event and still another `next`. `Accept: application/x-ndjson`
    returns one record per line; continue after the position of the last one.
    """
    log = part_of(request, Log)
    wanted = wanted_events(lifecycle_of(request), types, stages)
    page = await _first_page(
        request=request,
        log=log,
        appends=part_of(request, Appends),
        after=after,
        limit=limit or PAGE_DEFAULT,
        wanted=wanted,
        wait_s=wait,
    )
    if NDJSON in request.headers.get("accept", ""):
        lines = _lines(log, page, wanted, limit)
        return StreamingResponse(lines, media_type=NDJSON)
    return Answer(200, _json(page))


async def _first_page(
    *,
    request: Request,
    log: Log,
    appends: Appends,
    after: int,
    limit: int,
    wanted: LogFilter,
    wait_s: float,
) -> LogPage:
    """Read a page; if it is empty, wait for an event until time is up or the client has gone."""
    until = monotonic() + wait_s
    while True:
        page = await log.page(after=after, limit=limit, wanted=wanted)
        left_s = until - monotonic()
        if page.events or page.next < page.head or left_s <= 0 or appends.closing.is_set():
            return page
        after = page.next
        await appends.wait(min(FEED_LOOK_S, left_s))
        if await request.is_disconnected():
            return page


def _json(page: LogPage) -> bytes:
    """Build a page around the records as they are stored: leaves prove these exact bytes."""
    records = ",".join(event.record for event in page.events)
    return f'{{"events":[{records}],"next":"{page.next}","head":"{page.head}"}}'.encode()


async def _lines(
    log: Log, page: LogPage, wanted: LogFilter, limit: int | None
) -> AsyncIterator[bytes]:
    """Yield one record per line, up to the end that the log had at the start."""
    left = limit
    end = page.head
    while True:
        if page.events:
            yield "".join(f"{event.record}\n" for event in page.events).encode()
        if left is not None:
            left -= len(page.events)
        if page.next >= end or left == 0:
            return
        size = PAGE_RECORDS if left is None else min(left, PAGE_RECORDS)
        page = await log.page(after=page.next, limit=size, wanted=wanted)
