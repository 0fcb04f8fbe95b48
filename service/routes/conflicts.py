"""`/v1/conflicts`: what waits for a person to judge, or to have repaired."""

from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from starlette.responses import Response

from events.refusal_texts import internal_error
from service.bodies.json_body import described_body, read_model
from service.http.answer import json_answer
from service.http.exact_route import ExactRoute
from service.http.problem import Problem
from service.limits import PAGE_DEFAULT
from service.reading.conflicts import waiting
from service.routes.parameters import (
    After,
    LeadId,
    LeadsReader,
    Limit,
    RefusalsWriter,
    log_of,
    services_of,
)
from service.shapes import reports as shapes

router = APIRouter(tags=["leads"], route_class=ExactRoute)


class Settled(BaseModel):
    """What is decided about a conflict."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    decision: Annotated[
        Literal["retry"], Field(description="Bring a lead up to date that is set aside.")
    ]


_SETTLED: TypeAdapter[Settled] = TypeAdapter(Settled)


@router.get("/v1/conflicts", response_model=shapes.Conflicts)
async def get_conflicts(
    request: Request, _: LeadsReader, after: After = 0, limit: Limit = PAGE_DEFAULT
) -> Response:
    """List what somebody has to judge, oldest first.

    `identifiers`: strong identifiers of one report point to different known leads. Merge them, or
    keep them apart. `shared_identifier`: a number or id was reported of several people, and names
    nobody from then on. Merge them, keep them apart, or dismiss the conflict. `same_name`:
    companies are called the same. Merge them, or keep them apart. `decisions`: what they were based
    on has been taken back, and on what is known now they would not have been legal. Decide anew, or
    void them. `lead-set-aside`: a fault of the service keeps this lead from being brought up to
    date. Its timers do not fire, and events about it are refused with `internal-error`, until the
    fault is mended; all other leads go on. It is retried automatically, less and less often, and
    after every restart.

    A page can hold fewer than `limit`, even none, and still have a `next`: what has been judged is
    passed over. It can hold more where several leads were set aside at one position.
    """
    found = await waiting(log_of(request), after=after, limit=limit)
    return json_answer(
        {"conflicts": found.conflicts, "next": found.next, "as_of_position": str(found.head)}
    )


@router.post(
    "/v1/conflicts/{lead_id:uuid}",
    response_model=shapes.Restored,
    openapi_extra=described_body(_SETTLED),
    responses={
        404: {"description": "No lead of this id is set aside"},
        500: {"description": "The fault is still there, and the lead stays set aside"},
    },
)
async def post_conflict(request: Request, _: RefusalsWriter, lead_id: LeadId) -> Response:
    """Retry a lead that is set aside, once the fault is mended.

    The other kinds of conflict are settled by the events that decide them.
    """
    await read_model(request, _SETTLED)
    is_restored = await services_of(request).timekeeper.retry(str(lead_id))
    if is_restored is None:
        raise Problem(
            "not-found", "No lead of this id is set aside; GET /v1/conflicts lists those that are."
        )
    if not is_restored:
        raise Problem(
            internal_error().reason,
            "The service met the fault again, and the lead stays set aside. The log names the "
            "place; retry the lead once the fault is mended.",
        )
    return json_answer({"lead": str(lead_id), "status": "restored"})
