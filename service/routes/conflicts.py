"""`/v1/conflicts`: what waits for a person to judge."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from service import shapes
from service.answers import json_answer
from service.exact_route import ExactRoute
from service.reading.conflicts import waiting
from service.routes.parameters import PAGE_DEFAULT, After, LeadsReader, Limit, log_of

router = APIRouter(tags=["leads"], route_class=ExactRoute)


@router.get("/v1/conflicts", response_model=shapes.Conflicts)
async def get_conflicts(
    request: Request, _: LeadsReader, after: After = 0, limit: Limit = PAGE_DEFAULT
) -> Response:
    """List what somebody has to judge, oldest first.

    `identifiers`: strong identifiers of one report point to different known leads. Merge them, or
    keep them apart. `decisions`: what they were based on has been taken back, and on what is known
    now they would not have been legal. Decide anew, or void them.

    A page can hold fewer than `limit`, even none, and still have a `next`: what has been judged is
    passed over.
    """
    found = await waiting(log_of(request), after=after, limit=limit)
    return json_answer(
        {"conflicts": found.conflicts, "next": found.next, "as_of_position": str(found.head)}
    )
