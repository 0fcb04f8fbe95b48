"""`/v1/figures`: every figure with its definition, and the leads behind each of its numbers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Annotated, Literal, NamedTuple

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import Field
from starlette.responses import Response

from domain.lifecycle.definition import SubjectKind
from events.database.sessions import Driver
from projections.figures.catalogue import FIGURES
from projections.figures.definition import Figure
from projections.figures.queries import FigureQueries
from projections.figures.question import BETWEEN_VALUES, DIMENSIONS_MAX, Cell, RowKey
from projections.funnel.queries import FunnelQueries
from projections.names import ProjectionName
from projections.plans.projection import PlanQueries
from service.clock import Clock
from service.feed.log import Log
from service.http.answer import json_answer
from service.http.exact_route import ExactRoute
from service.http.parts import part_of
from service.limits import PAGE_DEFAULT, PARAMETER_NAME_MAX
from service.projected import ProjectedTables
from service.reading.figures.asking import (
    PLAN,
    Given,
    against_question,
    check_measure,
    check_one_period,
    check_row,
    figure_named,
    question_from,
)
from service.reading.figures.defining import describe_definitions
from service.reading.figures.describing import (
    FigureWording,
    describe_against,
    describe_figure,
    describe_members,
    read_place,
)
from service.reading.figures.plans import describe_plans, planned_for
from service.reading.figures.tables import figure_sheet, leads_sheet
from service.routes.parameters import (
    NO_NUL,
    KnownAt,
    Lang,
    LeadsReader,
    Limit,
    ProjectionsReader,
    WaitFor,
    known_position,
    lifecycle_of,
)
from service.shapes import figures as shapes
from service.tables.preferred import TABLES, answer_as_preferred, rows_wanted

router = APIRouter(tags=["figures"], route_class=ExactRoute)

Word = Annotated[str | None, Query(max_length=PARAMETER_NAME_MAX, pattern=NO_NUL)]
AsOfDay = Annotated[
    Word, Query(description="What was true then: a time, or the end of a day. Default: now.")
]
Since = Annotated[
    Word, Query(alias="from", description="The start of the period: a time or a day.")
]
Until = Annotated[
    Word,
    Query(
        alias="to",
        description="The end of the period: a day, to its end, or a time, which is exclusive.",
    ),
]
FigureName = Annotated[str, Path(max_length=PARAMETER_NAME_MAX, pattern=NO_NUL)]


InTrack = Annotated[
    Literal["lead", "account"], Query(description="Whether the row is about leads or companies.")
]
InRow = Annotated[
    str, Query(description="The row of the number.", max_length=PARAMETER_NAME_MAX, pattern=NO_NUL)
]
OfMeasure = Annotated[
    str,
    Query(description="The measure that it counts.", max_length=PARAMETER_NAME_MAX, pattern=NO_NUL),
]
Values = list[Annotated[str, Field(max_length=PARAMETER_NAME_MAX, pattern=NO_NUL)]] | None
OF_VALUES = (
    "Only this value of the breakdown, or one for each of two; empty: those without a value."
)


def joined(values: Values) -> str | None:
    """Return values of breakdowns as a cell has them."""
    return BETWEEN_VALUES.join(values) if values is not None else None


class AskedOf(NamedTuple):
    """What a request asks of a figure."""

    given: Given
    language: str | None
    wait_for: int | None


def _given(
    *,
    as_of: AsOfDay = None,
    since: Since = None,
    until: Until = None,
    period: Annotated[
        Word,
        Query(description="Instead of from and to, a period by name, such as last_quarter."),
    ] = None,
    closing_day: Annotated[
        Word, Query(description="The day, 1 to 28, on which the months of `period` close.")
    ] = None,
    base: Annotated[
        Word, Query(description="The stage in which the cohort begins, by any of its names.")
    ] = None,
    target: Annotated[
        Word, Query(description="The stage that it is to get to, by any of its names.")
    ] = None,
    within: Annotated[Word, Query(description="In how many days.")] = None,
    unit: Annotated[
        Word, Query(description="What counts once: pass, person or company. Default: pass.")
    ] = None,
    zone: Annotated[
        Word, Query(description="The time zone in which days and periods are cut.")
    ] = None,
    against: Annotated[
        Word,
        Query(description="What to compare with: previous, last_year or plan."),
    ] = None,
    by: Annotated[
        Word,
        Query(
            description="The breakdown, such as origin, or two, such as origin,month; the "
            "definition lists them."
        ),
    ] = None,
    known_at: KnownAt = None,
    lang: Lang,
    wait_for: WaitFor = None,
) -> AskedOf:
    """Collect what is asked of a figure. Which of it a figure takes, its definition says."""
    asked = {
        "as_of": as_of,
        "from": since,
        "to": until,
        "period": period,
        "closing_day": closing_day,
        "base": base,
        "target": target,
        "within": within,
        "unit": unit,
        "zone": zone,
        "against": against,
        "by": by,
        "known_at": known_at,
    }
    given = {name: text for name, text in asked.items() if text is not None}
    return AskedOf(given, lang, wait_for)


Asked = Annotated[AskedOf, Depends(_given)]


@router.get("/v1/figures", response_model=shapes.FigureDefinitions)
async def get_figures(_: ProjectionsReader) -> Response:
    """Read the definition of every figure: formula, unit, traps, parameters, measures.

    All words are in Japanese and English.
    """
    return json_answer(describe_definitions(FIGURES))


@router.get(
    "/v1/figures/{name}",
    response_model=shapes.AnsweredFigure,
    responses={**TABLES, 404: {"description": "No figure has this name"}},
)
async def get_figure(
    *,
    request: Request,
    _: ProjectionsReader,
    name: FigureName,
    asked_of: Asked,
) -> Response:
    """Read a figure, for now or any past moment, with the leads behind every number.

    `as_of`: what was true then. `known_at`: what had been recorded by then; without `as_of`, the
    figure is for that moment as well.
    """
    figure = figure_named(name)
    is_against_plan = asked_of.given.get("against") == PLAN
    if is_against_plan:
        figure = replace(figure, reads=(*figure.reads, ProjectionName.PLANS))
    async with _asked(request, figure, asked_of) as asked:
        figures, wording = part_of(request, FigureQueries), asked.wording
        lifecycle = wording.lifecycle
        answer = await figures.answer(asked.driver, figure, lifecycle, wording.question)
        content = describe_figure(answer, wording)
        other = against_question(figure, asked_of.given, lifecycle, wording.question)
        if other is not None:
            before = await figures.answer(asked.driver, figure, lifecycle, other)
            content["against"] = describe_against(
                before, wording._replace(question=other), asked_of.given["against"]
            )
        if is_against_plan:
            plans = part_of(request, PlanQueries)
            planned = await planned_for(asked.driver, plans, answer, wording)
            content["plans"] = describe_plans(planned)
    return await answer_as_preferred(
        request, content, lambda: figure_sheet(content, asked_of.language)
    )


@router.get(
    "/v1/figures/{name}/leads",
    response_model=shapes.CountedLeads,
    responses={**TABLES, 404: {"description": "No figure has this name"}},
)
async def get_figure_leads(
    *,
    request: Request,
    _: LeadsReader,
    name: FigureName,
    asked_of: Asked,
    track: InTrack = "lead",
    row: InRow,
    measure: OfMeasure,
    value: Annotated[Values, Query(max_length=DIMENSIONS_MAX, description=OF_VALUES)] = None,
    after: Annotated[Word, Query(description="Continue after this: `next` of a page.")] = None,
    limit: Limit = PAGE_DEFAULT,
) -> Response:
    """List the leads or companies behind a number, each with the event by which it counts.

    The answer of a figure has the path of this list for every number.
    """
    figure, place = figure_named(name), read_place(after)
    check_one_period(asked_of.given)
    async with _asked(request, figure, asked_of) as asked:
        lifecycle, question = asked.wording.lifecycle, asked.wording.question
        cell = Cell(RowKey(SubjectKind(track), row), measure, joined(value))
        check_measure(figure, cell, question)
        page = await part_of(request, FigureQueries).members(
            asked.driver,
            figure,
            lifecycle,
            question,
            cell,
            after=place,
            limit=rows_wanted(request, limit),
        )
    if not page.members and place is None:
        check_row(figure, cell, lifecycle, question)
    content = describe_members(page, cell, asked.wording)
    return await answer_as_preferred(
        request, content, lambda: leads_sheet(content, asked_of.language), next=content["next"]
    )


class AskedFigure(NamedTuple):
    """A question, and the connection on which it is answered."""

    driver: Driver
    wording: FigureWording


@asynccontextmanager
async def _asked(request: Request, figure: Figure, asked: AskedOf) -> AsyncIterator[AskedFigure]:
    """Read a question on the tables that answer it. Raises Problem: parameter-invalid."""
    async with tables_of(request, figure, asked.wait_for) as driver:
        yield AskedFigure(driver, await wording_of(request, driver, figure, asked))


@asynccontextmanager
async def tables_of(
    request: Request, figure: Figure, position: int | None
) -> AsyncIterator[Driver]:
    """Lend a connection on which a figure can be read, once its projections have reached this."""
    tables = part_of(request, ProjectedTables)
    *others, last = figure.reads
    for projection in others:
        await tables.wait_until(position, projection)
    async with tables.reached(position, last) as driver:
        yield driver


async def wording_of(
    request: Request, driver: Driver, figure: Figure, asked: AskedOf
) -> FigureWording:
    """Read a question, and with what its answer is written. Raises Problem: parameter-invalid."""
    log, funnel = part_of(request, Log), part_of(request, FunnelQueries)
    known = await known_position(log, funnel, driver, asked.given.get("known_at"))
    reading = await part_of(request, FigureQueries).reading(driver, known, figure.reads)
    in_force = reading.in_force
    lifecycle = in_force.lifecycle if in_force is not None else lifecycle_of(request)
    now = part_of(request, Clock).now()
    question = question_from(figure, asked.given, lifecycle, reading, now=now)
    version = in_force.version if in_force is not None else None
    zone = asked.given.get("zone")
    return FigureWording(figure, question, lifecycle, version, asked.language, zone)
