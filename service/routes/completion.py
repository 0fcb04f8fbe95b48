"""`POST /v1/events/complete`: earlier events are no longer to be expected."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from events.background.timekeeper import Timekeeper
from service.http.answer import json_answer
from service.http.exact_route import ExactRoute
from service.http.parts import part_of
from service.routes.parameters import EventsWriter
from service.shapes import reports as shapes

router = APIRouter(tags=["events"], route_class=ExactRoute)


@router.post("/v1/events/complete", response_model=shapes.Completed)
async def post_complete(request: Request, _: EventsWriter) -> Response:
    """State that a synchronisation or an import is complete.

    A timer that was already due when something was last reported about its lead, such as a missed
    deadline in an old history, waits five minutes for earlier events, because these may show that
    it never was. After this call it waits no longer.
    """
    await part_of(request, Timekeeper).stop_waiting()
    return json_answer(shapes.Completed(status="complete"))
