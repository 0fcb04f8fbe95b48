"""`/v1/conflicts`: what waits for a person to judge, or for a repair."""

from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from starlette.responses import Response

from events.background.timekeeper import Timekeeper
from events.refusal_texts import internal_error
from service.bodies.json_body import described_body, read_model
from service.feed.log import Log
from service.http.answer import json_answer
from service.http.exact_route import ExactRoute
from service.http.parts import part_of
from service.http.problem import Problem
from service.limits import PAGE_DEFAULT
from service.reading.conflicts import waiting
from service.routes.parameters import (
    After,
    LeadId,
    LeadsReader,
    Limit,
    RefusalsWriter,
)
from service.shapes import leads as shapes

router = APIRouter(tags=["leads"], route_class=ExactRoute)


class Settled(BaseModel):
    """The decision about a conflict."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    decision: Annotated[
        Literal["retry"], Field(description="Bring a lead that is set aside up to date.")
    ]


_SETTLED: TypeAdapter[Settled] = TypeAdapter(Settled)


@router.get("/v1/conflicts", response_model=shapes.Conflicts)
async def get_conflicts(
    request: Request, _: LeadsReader, after: After = 0, limit: Limit = PAGE_DEFAULT
) -> Response:
    """List what a person has to judge, oldest first.

    `identifiers`: strong identifiers in one report point to different known leads. Merge them, or
    keep them apart. `shared_identifier`: a number or id was reported for several people, and
    identifies none of them from then on. Merge them, keep them apart, or dismiss the conflict.
    `same_name`: companies have the same name. Merge them, or keep them apart. `decisions`: their
    basis has been taken back, and on what is known now they would not have been legal. Decide
    again, or void them. `lead-set-aside`: a fault of the service prevents it from bringing this
    lead up to date. Its timers do not fire, and events about it are refused with `internal-error`,
    until the fault is fixed; all other leads continue. The lead is retried automatically, at
    growing intervals, and after every restart.

    A page may hold fewer than `limit` entries, even none, and still have a `next`: entries that
    have been judged are skipped. It may hold more if several leads were set aside at one position.
    """
    return json_answer(await waiting(part_of(request, Log), after=after, limit=limit))


@router.post(
    "/v1/conflicts/{lead_id:uuid}",
    response_model=shapes.Restored,
    openapi_extra=described_body(_SETTLED),
    responses={
        404: {"description": "No lead with this id is set aside"},
        500: {"description": "The fault persists, and the lead stays set aside"},
    },
)
async def post_conflict(request: Request, _: RefusalsWriter, lead_id: LeadId) -> Response:
    """Retry a lead that is set aside, once the fault is fixed.

    The other kinds of conflict are settled by the events that decide them.
    """
    await read_model(request, _SETTLED)
    is_restored = await part_of(request, Timekeeper).retry(str(lead_id))
    if is_restored is None:
        raise Problem(
            "not-found",
            "No lead with this id is set aside; GET /v1/conflicts lists those that are.",
        )
    if not is_restored:
        raise Problem(
            internal_error().reason,
            "The service met the fault again, and the lead stays set aside. The log names the "
            "place; retry the lead once the fault is fixed.",
        )
    return json_answer(shapes.Restored(lead=str(lead_id), status="restored"))
