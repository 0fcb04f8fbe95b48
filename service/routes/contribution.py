"""`/v1/contribution`: whose leads became business, by several policies beside each other."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from projections.business import NAME
from projections.transactions import borrowed
from service import roster_shapes
from service.answers import json_answer
from service.exact_route import ExactRoute
from service.problems import Problem
from service.reading.contributions import describe_contribution
from service.routes.parameters import (
    KnownAt,
    Lang,
    ProjectionsReader,
    Time,
    WaitFor,
    known_position,
    moment_in,
    services_of,
    wait_until,
)

router = APIRouter(tags=["contribution"], route_class=ExactRoute)


@router.get(
    "/v1/contribution",
    response_model=roster_shapes.Contribution,
    responses={404: {"description": "The lifecycle says nothing of contribution"}},
)
async def get_contribution(
    *,
    request: Request,
    _: ProjectionsReader,
    since: Annotated[Time, Query(alias="from", description="Business won from then on.")] = None,
    until: Annotated[Time, Query(alias="to", description="Business won before then.")] = None,
    known_at: KnownAt = None,
    disputed: Annotated[
        bool, Query(description="List only business on which the policies disagree.")
    ] = False,
    lang: Lang = None,
    wait_for: WaitFor = None,
) -> Response:
    """Read marketing's contribution to the won business, by number and by value.

    A piece of business is a won deal with its orders, or an order alone: by order date, net of
    cancellations. Business without any lead counts in the whole. Each piece names the events that
    it stands on.
    """
    services = services_of(request)
    lifecycle = services.compiled.lifecycle
    rules = lifecycle.contribution
    if rules is None:
        raise Problem(
            "not-found",
            "The lifecycle in force says nothing of contribution; add the section `contribution`.",
        )
    begin, end = moment_in("from", since), moment_in("to", until)
    await wait_until(services, wait_for, projection=NAME)
    async with borrowed(services.engine) as driver:
        answer = await services.crediting.contribution(
            driver,
            lifecycle,
            rules,
            since=begin,
            until=end,
            known_at=await known_position(services, driver, known_at),
        )
    content = describe_contribution(
        answer, rules, lifecycle, since=begin, until=end, language=lang, only_disputed=disputed
    )
    return json_answer({**content, "lifecycle": services.lifecycle_version})
