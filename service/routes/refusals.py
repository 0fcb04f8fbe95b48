"""`/v1/refusals`: input that was not accepted, and the reasons."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from service.http.answer import json_answer
from service.http.authentication import sees_personal
from service.http.exact_route import ExactRoute
from service.http.parts import part_of
from service.http.problem import Problem
from service.limits import CURSOR_CHARACTERS_MAX, PAGE_DEFAULT
from service.refusals.cursors import NEWEST, RefusalCursor, parse_cursor
from service.refusals.describing import describe_refusal
from service.refusals.store import RefusalFilter, RefusalStore
from service.routes.parameters import EventsReader, Limit, Name, Time, lifecycle_of, moment_in
from service.shapes import refusals as shapes

router = APIRouter(tags=["refusals"], route_class=ExactRoute)


class RefusalStatus(StrEnum):
    """The status of a refusal."""

    OPEN = "open"
    RETRIED = "retried"
    DISMISSED = "dismissed"


@router.get("/v1/refusals", response_model=shapes.Refusals)
async def get_refusals(
    *,
    request: Request,
    sender: EventsReader,
    reason: Name = None,
    source: Name = None,
    key: Name = None,
    type: Name = None,
    status: RefusalStatus | None = None,
    since: Time = None,
    until: Time = None,
    before: Annotated[
        str | None,
        Query(max_length=CURSOR_CHARACTERS_MAX, description="Continue there: `next` of a page."),
    ] = None,
    limit: Limit = PAGE_DEFAULT,
) -> Response:
    """List refusals, newest first, without their bytes. Pass `next` as `before` to continue.

    `key` is the public id of the key that sent it.
    """
    wanted = RefusalFilter(
        reason, source, key, type, status, moment_in("since", since), moment_in("until", until)
    )
    cursor = NEWEST if before is None else _cursor_in(before)
    page = await part_of(request, RefusalStore).page(wanted, before=cursor, limit=limit)
    lifecycle = lifecycle_of(request)
    shows_personal = sees_personal(sender)
    shown = [describe_refusal(row, lifecycle, shows_personal=shows_personal) for row in page.rows]
    return json_answer(shapes.Refusals(refusals=shown, next=page.next.text if page.next else None))


@router.get("/v1/refusals/{refusal_id:uuid}", response_model=shapes.Refusal)
async def get_refusal(request: Request, sender: EventsReader, refusal_id: UUID) -> Response:
    """Read one refusal; only keys with `personal:read` see its bytes."""
    row = await part_of(request, RefusalStore).one(refusal_id)
    lifecycle = lifecycle_of(request)
    return json_answer(describe_refusal(row, lifecycle, shows_personal=sees_personal(sender)))


def _cursor_in(text: str) -> RefusalCursor:
    cursor = parse_cursor(text)
    if cursor is None:
        raise Problem(
            "parameter-invalid",
            "before must be the `next` of an earlier page, unchanged.",
            parameter="before",
        )
    return cursor
