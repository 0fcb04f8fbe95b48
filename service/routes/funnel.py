"""`/v1/funnel`: who is in each stage, who got how far, who entered and who left."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from projections.funnel.figures import Breakdown
from projections.funnel.projection import NAME
from projections.funnel.queries import FunnelQueries
from service.feed.log import Log
from service.http.answer import json_answer
from service.http.exact_route import ExactRoute
from service.http.parts import part_of
from service.http.problem import Problem
from service.projected import FunnelNow, ProjectedTables
from service.reading.funnels import Labels, describe_flow, describe_funnel
from service.routes.parameters import (
    TIME,
    KnownAt,
    Lang,
    ProjectionsReader,
    Time,
    WaitFor,
    known_moment,
    lifecycle_of,
    moment_in,
)
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
    """Read the funnel, now or at any moment: checkpoint, entered and reached, stage by stage.

    `as_of`: what was true then. `known_at`: what had been recorded by then. `reached` counts those
    that entered the stage or a later one.
    """
    moment = moment_in("as_of", as_of)
    known = await known_moment(part_of(request, Log), known_at)
    if moment is None and known is None:
        return await _funnel_now(request, wait_for, by, lang)
    queries = part_of(request, FunnelQueries)
    async with part_of(request, ProjectedTables).reached(wait_for, NAME) as driver:
        funnel = await queries.funnel(driver, breakdown=by, as_of=moment, known_at=known)
    return json_answer(describe_funnel(funnel, _labels(request, lang)))


async def _funnel_now(
    request: Request, wait_for: int | None, by: Breakdown, language: str | None
) -> Response:
    """Answer from the cache while the projection is at the same position."""
    tables, answers = part_of(request, ProjectedTables), part_of(request, FunnelNow)
    await tables.wait_until(wait_for, NAME)
    checkpoint = tables.checkpoints.known(NAME)
    answer = answers.recall(checkpoint, by, language)
    if answer is None:
        async with tables.reached(None, NAME) as driver:
            funnel = await part_of(request, FunnelQueries).funnel(driver, breakdown=by)
        answer = json_answer(describe_funnel(funnel, _labels(request, language)))
        if checkpoint is not None and funnel.position == checkpoint.position:
            answers.remember(checkpoint, by, language, answer=answer)
    return answer


def _labels(request: Request, language: str | None) -> Labels:
    return Labels(lifecycle_of(request), language)


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
    begin, end = moment_in("from", since), moment_in("to", until)
    assert begin is not None
    assert end is not None
    if begin > end:
        raise Problem(
            "parameter-invalid", "The period must not end before it begins.", parameter="to"
        )
    known = await known_moment(part_of(request, Log), known_at)
    queries = part_of(request, FunnelQueries)
    async with part_of(request, ProjectedTables).reached(wait_for, NAME) as driver:
        flow = await queries.flow(driver, since=begin, until=end, breakdown=by, known_at=known)
    return json_answer(describe_flow(flow, _labels(request, lang)))
