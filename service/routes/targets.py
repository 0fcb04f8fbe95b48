"""`/v1/figures/targets`: what departments planned, what has come of it, and where it will land."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from events.lifecycles.known import Lifecycles
from projections.figures.actuals import TARGETS_READ
from projections.figures.queries import FigureQueries
from projections.figures.stages import FLOW
from projections.funnel.queries import FunnelQueries
from projections.plans.projection import PlanQueries
from service.clock import Clock
from service.feed.log import Log
from service.http.exact_route import ExactRoute
from service.http.parts import part_of
from service.projected import ProjectedTables
from service.reading.figures.achieving import Actuals, achieved
from service.reading.figures.asking import question_from
from service.reading.figures.closing import closed_periods
from service.reading.figures.targets import describe_targets, targets_sheet
from service.routes.figures import AsOfDay, Since, Until, Word
from service.routes.parameters import (
    KnownAt,
    Lang,
    ProjectionsReader,
    WaitFor,
    known_position,
    lifecycle_of,
)
from service.shapes import targets as shapes
from service.tables.preferred import TABLES, answer_as_preferred

router = APIRouter(tags=["figures"], route_class=ExactRoute)

PERIOD_DEFAULT = "this_month"


@router.get("/v1/figures/targets", response_model=shapes.Targets, responses=TABLES)
async def get_targets(
    *,
    request: Request,
    _: ProjectionsReader,
    as_of: AsOfDay = None,
    since: Since = None,
    until: Until = None,
    period: Annotated[
        Word,
        Query(description="Instead of from and to, a period by name. Default: this_month."),
    ] = None,
    known_at: KnownAt = None,
    lang: Lang,
    wait_for: WaitFor = None,
) -> Response:
    """Read the targets for the days of a period, each with its actual so far, and closed periods.

    The actual of a target is the number of another figure for the target's own days, and has the
    same list. What counts is in the lifecycle's `actuals`. A period that was closed
    (`period.closed`) has its numbers as they were confirmed, and as they are now.
    """
    asked = {"as_of": as_of, "from": since, "to": until, "period": period, "known_at": known_at}
    given = {name: text for name, text in asked.items() if text is not None}
    if not given.keys() & {"from", "to", "period"}:
        given["period"] = PERIOD_DEFAULT
    tables, queries = part_of(request, ProjectedTables), part_of(request, FigureQueries)
    *others, last = TARGETS_READ
    for projection in others:
        await tables.wait_until(wait_for, projection)
    async with tables.reached(wait_for, last) as driver:
        log, funnel = part_of(request, Log), part_of(request, FunnelQueries)
        known = await known_position(log, funnel, driver, known_at)
        reading = await queries.reading(driver, known, TARGETS_READ)
        in_force = reading.in_force
        lifecycle = in_force.lifecycle if in_force is not None else lifecycle_of(request)
        now = part_of(request, Clock).now()
        about = question_from(FLOW, given, lifecycle, reading, now=now)
        actuals = Actuals(driver, queries, lifecycle=lifecycle, reading=reading, about=about)
        version = in_force.version if in_force is not None else None
        known_lifecycles = part_of(request, Lifecycles)
        compiled = known_lifecycles.version(version or known_lifecycles.last_version)
        calendar = next(iter(compiled.calendars.values()), None)
        plans = part_of(request, PlanQueries)
        found = await achieved(actuals, plans, driver, calendar)
        closed = await closed_periods(actuals, queries, plans, driver)
    content = describe_targets(found, closed, actuals, version=version, language=lang)
    return await answer_as_preferred(request, content, lambda: targets_sheet(content, lang))
