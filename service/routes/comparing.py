"""`POST /v1/events/compare`: how events differ from those recorded under their ids."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from service.bodies.body import read_body
from service.bodies.body_memory import MemoryBudgets
from service.feed.log import Log
from service.http.answer import json_answer
from service.http.authentication import reporting_holder
from service.http.exact_route import ExactRoute
from service.http.parts import part_of
from service.http.problem import Problem
from service.http.request_headers import read_transfer
from service.ingest.read_items import receive_item
from service.ingest.report import hold_together, items_of
from service.ingest.reporting import Reporting
from service.ingest.wait_for_queue import Pauses
from service.keys.directory import Holder
from service.limits import COMPARED_EVENTS_MAX
from service.reading.comparing import compare
from service.shapes import reports as shapes

router = APIRouter(tags=["events"], route_class=ExactRoute)

_BODY = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {"type": "array", "items": {"$ref": "#/components/schemas/NativeEvent"}}
        }
    },
}


@router.post(
    "/v1/events/compare",
    response_model=shapes.Compared,
    openapi_extra={"requestBody": _BODY},
)
async def compare_events(
    request: Request, holder: Annotated[Holder, Depends(reporting_holder)]
) -> Response:
    """Compare events with what is recorded under their ids, and record nothing.

    The body is an array of up to 500 events, in the form of `POST /v1/events`, from sources that
    the key may report for. For each event, in order, the answer says that it is unknown, that it is
    the same, or what differs. If its data or its time differ, correct them with `event.corrected`.
    If its type, its person or personal data differ, void it and report it again under another id.
    Corrections and voids count as the source's own if they have the ids that a revision gives them.
    """
    with part_of(request, MemoryBudgets).senders.memory() as memory:
        body = await read_body(request.receive, read_transfer(request.scope), memory)
        found = await items_of(body)
        if len(found) > COMPARED_EVENTS_MAX:
            raise Problem(
                "body-too-large",
                f"At most {COMPARED_EVENTS_MAX} events are compared at once. Send the rest in "
                "another request.",
                expected=COMPARED_EVENTS_MAX,
                found=len(found),
            )
        hold_together(memory, found)
        context, pauses = part_of(request, Reporting).context(holder.sender), Pauses()
        items = [receive_item(text, context) async for text in pauses.between(found)]
        return json_answer(await compare(part_of(request, Log), items))
