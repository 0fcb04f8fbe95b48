"""`/v1/refusals`: what was not accepted, and why."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from service import shapes
from service.answers import json_answer
from service.keys.scopes import Scope
from service.reading.refusals import Refusals, Wanted
from service.routes.parameters import (
    PAGE_DEFAULT,
    EventsReader,
    Limit,
    Name,
    Time,
    moment_in,
    services_of,
)

router = APIRouter(tags=["refusals"])


@router.get("/v1/refusals", response_model=shapes.Refusals)
async def get_refusals(
    *,
    request: Request,
    _: EventsReader,
    reason: Name = None,
    source: Name = None,
    key: Name = None,
    since: Time = None,
    before: Annotated[UUID | None, Query(description="Go on after this refusal.")] = None,
    limit: Limit = PAGE_DEFAULT,
) -> Response:
    """List refusals, newest first, without their bytes. Pass `next` as `before` to go on.

    `key` is the public id of the key that sent it.
    """
    wanted = Wanted(reason, source, key, moment_in("since", since))
    page = await _refusals(request).page(wanted, before=before, limit=limit)
    return json_answer({"refusals": page.refusals, "next": page.next})


@router.get("/v1/refusals/{refusal_id}", response_model=shapes.RefusalProblem)
async def get_refusal(request: Request, sender: EventsReader, refusal_id: UUID) -> Response:
    """Read one refusal; its bytes are shown to keys with `personal:read` only."""
    shows_personal = Scope.PERSONAL_READ in sender.scopes
    return json_answer(await _refusals(request).one(refusal_id, shows_personal=shows_personal))


def _refusals(request: Request) -> Refusals:
    services = services_of(request)
    return Refusals(services.engine, services.schema)
