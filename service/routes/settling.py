"""Settle refusals: retry them, one or many, or dismiss them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from sqlalchemy import RowMapping
from starlette.responses import Response

from events.outcomes import Outcome
from events.signals.native_schema import Value
from events.signals.sender import Sender
from service.bodies.json_body import described_body, read_model
from service.http.answer import json_answer
from service.http.authentication import sees_personal
from service.http.exact_route import ExactRoute
from service.http.parts import part_of
from service.http.problem import Problem
from service.ingest.describe_outcomes import answer_one, describe_outcome
from service.ingest.reporting import Reporting
from service.ingest.retry import retry
from service.keys.store import KeyStore
from service.limits import RETRIED_MAX
from service.refusals.cursors import OLDEST, RefusalCursor, parse_cursor
from service.refusals.describing import describe_refusal, outcome_of_retry
from service.refusals.store import RefusalFilter, RefusalStore
from service.routes.parameters import RefusalsWriter, lifecycle_of, moment_in
from service.shapes import refusals as shapes
from service.shapes import reports as report_shapes

router = APIRouter(tags=["refusals"], route_class=ExactRoute)

_STRICT = ConfigDict(strict=True, extra="forbid", frozen=True)
_Asked = Annotated[Value | None, Field(description="Only refusals with this value.")]
_Moment = Annotated[str | None, Field(description="RFC 3339 with offset.")]


class Retried(BaseModel):
    """Which open refusals to retry; absent filters restrict nothing."""

    model_config = _STRICT

    reason: _Asked = None
    source: _Asked = None
    key: _Asked = None
    type: _Asked = None
    since: _Moment = None
    until: _Moment = None
    after: Annotated[str | None, Field(description="Continue there: `next` of the last call.")] = (
        None
    )
    limit: Annotated[int, Field(ge=1, le=RETRIED_MAX)] = RETRIED_MAX


class Dismissed(BaseModel):
    """Why no more will be done about it."""

    model_config = _STRICT

    reason: Annotated[Value, Field(description="For people; shown only with personal:read.")]


_RETRIED: TypeAdapter[Retried] = TypeAdapter(Retried)
_DISMISSED: TypeAdapter[Dismissed] = TypeAdapter(Dismissed)


@router.post(
    "/v1/refusals/retry",
    response_model=shapes.RetriedRefusals,
    openapi_extra=described_body(_RETRIED),
    responses={
        207: {
            "description": "At least one refusal was refused again",
            "model": shapes.RetriedRefusals,
        }
    },
)
async def post_refusals_retry(request: Request, sender: RefusalsWriter) -> Response:
    """Retry open refusals, oldest first. Pass `next` as `after` until it is null.

    Each is read as it first came: with the time of its first receipt, from the key that sent it.
    After a lost connection send the same request again: no event is recorded twice.
    """
    asked = await read_model(request, _RETRIED)
    store = part_of(request, RefusalStore)
    wanted = RefusalFilter(
        reason=asked.reason,
        source=asked.source,
        key_id=asked.key,
        type=asked.type,
        since=_moment_at("/since", asked.since),
        until=_moment_at("/until", asked.until),
    )
    cursor = OLDEST if asked.after is None else _cursor_at(asked.after)
    page = await store.open(wanted, after=cursor, limit=asked.limit)
    outcomes = await _retry(request, page.rows, sender)
    lifecycle = lifecycle_of(request)
    shows_personal = sees_personal(sender)
    items = [
        _retried(
            outcome_of_retry(outcome, lifecycle, shows_personal=shows_personal),
            str(row["refusal_id"]),
        )
        for row, outcome in zip(page.rows, outcomes, strict=True)
    ]
    status = 207 if any(item["status"] == "refused" for item in items) else 200
    next_after = page.next.text if page.next else None
    return json_answer(shapes.RetriedRefusals(items=items, next=next_after), status)


@router.post(
    "/v1/refusals/{refusal_id:uuid}/retry",
    response_model=report_shapes.Recorded,
    status_code=201,
    responses={
        200: {"description": "It was recorded before", "model": report_shapes.Duplicate},
        400: {"description": "The service does not read the dialect in which it was sent"},
        409: {"description": "The id belongs to another event, or the move is not allowed"},
        422: {"description": "It is refused again"},
    },
)
async def post_refusal_retry(
    request: Request, sender: RefusalsWriter, refusal_id: UUID
) -> Response:
    """Retry one refusal, whatever its status. The response is that of the event itself."""
    row = await part_of(request, RefusalStore).one(refusal_id)
    (outcome,) = await _retry(request, [row], sender)
    lifecycle = lifecycle_of(request)
    shown = outcome_of_retry(outcome, lifecycle, shows_personal=sees_personal(sender))
    return answer_one(shown)


@router.post(
    "/v1/refusals/{refusal_id:uuid}/dismiss",
    response_model=shapes.Refusal,
    openapi_extra=described_body(_DISMISSED),
    responses={409: {"description": "It was retried, and is now an event"}},
)
async def post_refusal_dismiss(
    request: Request, sender: RefusalsWriter, refusal_id: UUID
) -> Response:
    """Settle a refusal without recording it. If refused for another reason, it opens again."""
    asked = await read_model(request, _DISMISSED)
    store = part_of(request, RefusalStore)
    row = await store.dismiss(refusal_id, reason=asked.reason, by=sender.key_id)
    lifecycle = lifecycle_of(request)
    return json_answer(describe_refusal(row, lifecycle, shows_personal=sees_personal(sender)))


async def _retry(request: Request, rows: Sequence[RowMapping], by: Sender) -> list[Outcome]:
    reporting, store = part_of(request, Reporting), part_of(request, RefusalStore)
    return await retry(reporting, part_of(request, KeyStore), store, rows, by=by)


def _retried(outcome: Outcome, refusal_id: str) -> shapes.RetriedRefusal:
    """Describe the outcome of a retry like that of the event, with the refusal's id."""
    shown = describe_outcome(outcome)
    if shown["status"] == "recorded":
        return shapes.RetriedRecorded({**shown, "refusal": refusal_id})
    if shown["status"] == "duplicate":
        return shapes.RetriedDuplicate({**shown, "refusal": refusal_id})
    return report_shapes.Refused({**shown, "refusal": refusal_id})


def _cursor_at(text: str) -> RefusalCursor:
    cursor = parse_cursor(text)
    if cursor is None:
        raise Problem(
            "request-invalid",
            "Expected the `next` of an earlier call, unchanged.",
            pointer="/after",
        )
    return cursor


def _moment_at(pointer: str, text: str | None) -> datetime | None:
    """Read a time in a body like one in a parameter."""
    try:
        return moment_in(pointer.removeprefix("/"), text)
    except Problem as problem:
        raise Problem("request-invalid", problem.detail, pointer=pointer) from None
