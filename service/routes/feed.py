"""`GET /v1/events`: the log in order, for whoever follows it."""

from collections.abc import AsyncIterator, Sequence
from time import monotonic
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response, StreamingResponse

from service import shapes
from service.answers import NDJSON, Answer
from service.reading.log import PAGE_RECORDS, Log, Page
from service.routes.parameters import (
    NAME_MAX,
    NO_NUL,
    PAGE_DEFAULT,
    PAGE_MAX,
    After,
    EventsReader,
    log_of,
    services_of,
)
from service.services import Services

WAIT_S_MAX = 30
LOOK_S = 0.2
"""What another process appended is seen this late at most."""
TYPES_MAX = 100

router = APIRouter(tags=["events"])


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
            description=f"How many at most: {PAGE_DEFAULT} unless told. "
            "NDJSON unless told goes on to the end of the log.",
        ),
    ] = None,
    types: Annotated[
        list[Annotated[str, Field(max_length=NAME_MAX, pattern=NO_NUL)]] | None,
        Query(alias="type", max_length=TYPES_MAX, description="Only events of these types."),
    ] = None,
    wait: Annotated[
        float, Query(ge=0, le=WAIT_S_MAX, description="Seconds to wait for the first event.")
    ] = 0,
) -> Response:
    """Read the log after a position: every event once, in order, as it was recorded.

    Pass `next` as `after` to go on. With `type` a request looks through a bounded stretch, so it
    may answer no event and yet another `next`. `Accept: application/x-ndjson` gives a record a
    line; go on after the position of the last one.
    """
    services, log = services_of(request), log_of(request)
    page = await _first_page(
        request=request,
        services=services,
        log=log,
        after=after,
        limit=limit or PAGE_DEFAULT,
        types=types or (),
        wait_s=wait,
    )
    if NDJSON in request.headers.get("accept", ""):
        lines = _lines(log, page, types or (), limit)
        return StreamingResponse(lines, media_type=NDJSON)
    return Answer(200, _json(page))


async def _first_page(
    *,
    request: Request,
    services: Services,
    log: Log,
    after: int,
    limit: int,
    types: Sequence[str],
    wait_s: float,
) -> Page:
    """Read a page; while there is none, wait for one until the time is up or nobody listens."""
    until = monotonic() + wait_s
    while True:
        page = await log.page(after=after, limit=limit, types=types)
        left_s = until - monotonic()
        if page.records or page.next < page.head or left_s <= 0 or services.closing.is_set():
            return page
        after = page.next
        await services.appends.wait(min(LOOK_S, left_s))
        if await request.is_disconnected():
            return page


def _json(page: Page) -> bytes:
    """Write a page around the records as they are stored: their bytes are what leaves prove."""
    records = ",".join(page.records)
    return f'{{"events":[{records}],"next":"{page.next}","head":"{page.head}"}}'.encode()


async def _lines(
    log: Log, page: Page, types: Sequence[str], limit: int | None
) -> AsyncIterator[bytes]:
    """Give a record a line, up to where the log ended when this began."""
    left = limit
    end = page.head
    while True:
        if page.records:
            yield "".join(f"{record}\n" for record in page.records).encode()
        if left is not None:
            left -= len(page.records)
        if page.next >= end or left == 0:
            return
        size = PAGE_RECORDS if left is None else min(left, PAGE_RECORDS)
        page = await log.page(after=page.next, limit=size, types=types)
