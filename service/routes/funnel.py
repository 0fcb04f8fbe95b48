"""`/v1/funnel`: who is in each stage, who got how far, who entered and who left."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from events.database.sessions import borrowed
from projections.funnel.figures import Breakdown
from projections.funnel.projection import NAME
from service.http.answer import json_answer
from service.http.exact_route import ExactRoute
from service.http.problem import Problem
from service.reading.funnels import Labels, describe_flow, describe_funnel
from service.routes.parameters import (
    TIME,
    KnownAt,
    Lang,
    ProjectionsReader,
    Time,
    WaitFor,
    known_moment,
    moment_in,
    services_of,
    wait_until,
)
from service.services import Services
from service.shapes import funnel as shapes

router = APIRouter(tags=["funnel"], route_class=ExactRoute)

By = Annotated[Breakdown, Query(description="The breakdown, with its value at entry.")]


@router.get("/v1/funnel", response_model=shapes.Funnel)
async def get_funnel(
    *,
    request: Request,
    _: ProjectionsReader,
    as_of: Time = None,
    known_at: KnownAt = None,
    by: By = Breakdown.NONE,
    lang: Lang,
    wait_for: WaitFor = None,
) -> Response:
    """Read the funnel, now or at any moment: standing, entered and reached, stage by stage.

    `as_of`: what was true then. `known_at`: what had been recorded by then. `reached` counts those
    that entered the stage or a later one.
    """
    services = services_of(request)
    moment, known = moment_in("as_of", as_of), await known_moment(services, known_at)
    await wait_until(services, wait_for, projection=NAME)
    if moment is None and known is None:
        return await _funnel_now(services, by, lang)
    async with borrowed(services.engine) as driver:
        funnel = await services.funnel.funnel(driver, breakdown=by, as_of=moment, known_at=known)
    return json_answer(describe_funnel(funnel, Labels(services.compiled.lifecycle, lang)))


async def _funnel_now(services: Services, by: Breakdown, language: str | None) -> Response:
    """Answer from the cache while the projection is at the same position."""
    standing = services.runner.standing(NAME)
    answer = services.funnel_now.recall(standing, by, language)
    if answer is None:
        async with borrowed(services.engine) as driver:
            funnel = await services.funnel.funnel(driver, breakdown=by)
        labels = Labels(services.compiled.lifecycle, language)
        answer = json_answer(describe_funnel(funnel, labels))
        if standing is not None and funnel.position == standing.position:
            services.funnel_now.remember(standing, by, language, answer=answer)
    return answer


@router.get("/v1/funnel/flow", response_model=shapes.Flow)
async def get_flow(
    *,
    request: Request,
    _: ProjectionsReader,
    since: Annotated[
        str,
        Query(alias="from", description="The start of the period, a time.", json_schema_extra=TIME),
    ],
    until: Annotated[
        str,
        Query(alias="to", description="The end of the period, exclusive.", json_schema_extra=TIME),
    ],
    known_at: KnownAt = None,
    by: By = Breakdown.NONE,
    lang: Lang,
    wait_for: WaitFor = None,
) -> Response:
    """Read who entered and left each stage in a period, and how their stays ended.

    after = before + entries + reentries - exits, for every stage and every part of a breakdown.
    """
    services = services_of(request)
    begin, end = moment_in("from", since), moment_in("to", until)
    assert begin is not None
    assert end is not None
    if begin > end:
        raise Problem(
            "parameter-invalid", "The period must not end before it begins.", parameter="to"
        )
    known = await known_moment(services, known_at)
    await wait_until(services, wait_for, projection=NAME)
    async with borrowed(services.engine) as driver:
        flow = await services.funnel.flow(
            driver, since=begin, until=end, breakdown=by, known_at=known
        )
    return json_answer(describe_flow(flow, Labels(services.compiled.lifecycle, lang)))
