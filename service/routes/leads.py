"""Leads: found by identifiers, in their current state, their events, their states over time."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import TypeAdapter
from starlette.responses import Response

from domain.lead.state import LeadState, State
from domain.rules.candidacy import obstacle
from events.lifecycles.known import Lifecycles
from events.signals.native_schema import LeadReference
from service.bodies.json_body import described_body, read_model
from service.clock import Clock
from service.feed.log import Log, check_reached
from service.http.answer import json_answer
from service.http.authentication import sees_personal
from service.http.exact_route import ExactRoute
from service.http.parts import part_of
from service.ingest.labels import Wording
from service.ingest.reporting import Reporting
from service.limits import PAGE_DEFAULT
from service.reading.histories import history
from service.reading.leads import account_of, describe_lead, find_lead, lead_of
from service.reading.replays import AsOf, describe_step, replay, state_at
from service.reading.scores import explain
from service.routes.parameters import (
    After,
    Lang,
    LeadId,
    LeadsReader,
    Limit,
    Position,
    Time,
    lifecycle_of,
    moment_in,
)
from service.shapes import leads as shapes
from service.shapes import selections as selection_shapes

router = APIRouter(tags=["leads"], route_class=ExactRoute)

_REFERENCE: TypeAdapter[LeadReference] = TypeAdapter(LeadReference)


@router.post(
    "/v1/leads/find",
    response_model=shapes.Lead,
    responses={404: {"description": "None of these identifies a known lead"}},
    openapi_extra=described_body(_REFERENCE),
)
async def post_leads_find(request: Request, sender: LeadsReader, lang: Lang) -> Response:
    """Find the lead that identifiers point to, in its current state.

    The identifiers are in the body because URLs are logged, and addresses do not belong in logs.
    """
    reference = await read_model(request, _REFERENCE)
    context = part_of(request, Reporting).context(sender)
    lead = await find_lead(part_of(request, Log), reference, context)
    return json_answer(describe_lead(lead, context.lifecycle, language=lang))


@router.get("/v1/leads/{lead_id:uuid}", response_model=shapes.Lead)
async def get_lead(request: Request, _: LeadsReader, lead_id: LeadId, lang: Lang) -> Response:
    """Read one lead in its current state."""
    lead = await lead_of(part_of(request, Log), str(lead_id))
    lifecycle = lifecycle_of(request)
    return json_answer(describe_lead(lead, lifecycle, language=lang))


@router.get("/v1/leads/{lead_id:uuid}/history", response_model=shapes.History)
async def get_lead_history(
    *,
    request: Request,
    sender: LeadsReader,
    lead_id: LeadId,
    after: After = 0,
    limit: Limit = PAGE_DEFAULT,
    lang: Lang,
) -> Response:
    """Read a lead's events, oldest first: when, what, who, from which stage to which, and why.

    Events of absorbed leads are included. Personal data in events is shown only to keys with
    `personal:read`.
    """
    log = part_of(request, Log)
    lead = await lead_of(log, str(lead_id))
    check_reached(after, lead.head)
    lifecycle = lifecycle_of(request)
    return json_answer(
        await history(
            log,
            lead,
            after=after,
            limit=limit,
            words=Wording(lifecycle, lang) if lang is not None else None,
            shows_personal=sees_personal(sender),
        )
    )


@router.get("/v1/leads/{lead_id:uuid}/replay", response_model=shapes.Replay | shapes.LastState)
async def get_lead_replay(
    *,
    request: Request,
    _: LeadsReader,
    lead_id: LeadId,
    as_of: Time = None,
    known_at: Time = None,
    position: Position = None,
    last: Annotated[bool, Query(description="Return only the last state at that moment.")] = False,
    after: After = 0,
    limit: Limit = PAGE_DEFAULT,
    lang: Lang,
) -> Response:
    """Replay a lead: its state after each event, as of any moment.

    `as_of`: what was true then. `known_at`: what had been recorded by then. `position`: what had
    been recorded up to that position. Together they narrow each other. With `last`, anything that
    has since been taken back counts as it counts now, as far as that was known; without it, the
    steps show each event as it was decided.
    """
    log, lifecycles = part_of(request, Log), part_of(request, Lifecycles)
    lifecycle = lifecycles.in_force.lifecycle
    lead = await lead_of(log, str(lead_id))
    for asked in (after, position):
        check_reached(asked or 0, lead.head)
    moment = AsOf(
        moment_in("as_of", as_of),
        moment_in("known_at", known_at),
        lead.head if position is None else position,
    )
    if last:
        step = await state_at(log, lead, moment, lifecycles.published)
        shown = describe_step(step, lifecycle, language=lang) if step is not None else None
        return json_answer(
            shapes.LastState(lead=lead.id, last=shown, as_of_position=str(moment.position))
        )
    steps = await replay(log, lead, moment, after=after, limit=limit)
    described = [describe_step(step, lifecycle, language=lang) for step in steps]
    return json_answer(
        shapes.Replay(
            lead=lead.id,
            steps=described,
            next=described[-1]["position"] if len(described) == limit else None,
            as_of_position=str(moment.position),
        )
    )


@router.get("/v1/leads/{lead_id}/score", response_model=selection_shapes.Score)
async def get_lead_score(
    *,
    request: Request,
    _: LeadsReader,
    lead_id: LeadId,
    as_of: Time = None,
    lang: Lang,
) -> Response:
    """Explain a lead's score: every point, with the event or attribute that gave it.

    `as_of`: the score at that time, based on what had happened by then. Points decay as defined by
    the lifecycle that decides the lead. What remains of each is exact, and the score is their sum.
    """
    log, lifecycles = part_of(request, Log), part_of(request, Lifecycles)
    lead = await lead_of(log, str(lead_id))
    moment = moment_in("as_of", as_of)
    at, state = part_of(request, Clock).now(), lead.state
    if moment is not None:
        step = await state_at(log, lead, AsOf(moment), lifecycles.published)
        at, state = moment, step.state if step is not None else LeadState()
    compiled = lifecycles.version(state.lifecycle)
    types = await log.types([point.position for point in state.points])
    score = explain(compiled, lead._replace(state=state), at, types=types, language=lang)
    if moment is None:
        account = await account_of(log, state)
        score["obstacle"] = obstacle(compiled, State(state, account), at)
    return json_answer(score)
