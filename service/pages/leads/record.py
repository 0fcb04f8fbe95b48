"""`/records/{position}`: one record exactly as it is stored, with its fingerprint."""

from typing import Final

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from events import records
from events.limits import INTEGER_MAX
from service.feed.log import Log
from service.http.parts import part_of
from service.http.problem import Problem
from service.keys.scopes import Scope
from service.pages.frame.answering import PageRoute, asked_of
from service.pages.frame.rendering import page, view_of
from service.sessions.visiting import admit

router = APIRouter(include_in_schema=False, route_class=PageRoute)

_OF_LEADS: Final = "lead/"


@router.get("/records/{position}", response_model=None)
async def get_record_page(request: Request, position: str) -> Response:
    """Show a record. Raises LogInNeeded, and Problem: scope-missing, event-unknown."""
    await admit(request, Scope.EVENTS_READ)
    view = view_of(request, asked_of(request))
    log = part_of(request, Log)
    number = int(position) if position.isdecimal() and len(position) < len(str(INTEGER_MAX)) else 0
    head, found = await log.head(), await log.records([number])
    if not found:
        raise Problem("event-unknown", f"No record has this number; the last one is {head}.")
    line = found[0].record.partition("\n")[0]
    content = orjson.loads(line)
    subject = str(content["subject"])
    return page(
        "record.html",
        view,
        position=number,
        head=head,
        line=line,
        fields=orjson.dumps(content, option=orjson.OPT_INDENT_2).decode(),
        label=view.codes.event(content["type"]),
        leaf=records.leaf_of(line.encode()).hex(),
        subject=subject,
        lead_url=view.url(f"/leads/{subject.removeprefix(_OF_LEADS)}")
        if subject.startswith(_OF_LEADS)
        else None,
    )
