"""`/v1/figures/{name}/compare`: one number in two readings, lead by lead."""

from typing import Annotated, NamedTuple

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from domain.lifecycle.definition import SubjectKind
from events.signals.sender import Sender
from projections.figures.definition import Figure
from projections.figures.queries import FigureQueries, Side
from projections.figures.question import DIMENSIONS_MAX, Cell, RowKey
from service.bodies.body import read_body
from service.bodies.body_memory import MemoryBudgets
from service.feed.log import Log
from service.http.answer import json_answer
from service.http.exact_route import ExactRoute
from service.http.parts import part_of
from service.http.problem import Problem
from service.http.request_headers import read_transfer
from service.ingest.reporting import Reporting
from service.limits import PAGE_DEFAULT
from service.reading.figures.asking import (
    Given,
    check_measure,
    check_one_period,
    check_passes,
    check_row,
    figure_named,
)
from service.reading.figures.comparing import describe_comparison, other_given, read_subject
from service.reading.figures.files import (
    BehindNumber,
    LeadFile,
    describe_file_comparison,
    identify,
    read_file,
)
from service.reading.figures.tables import comparison_sheet
from service.routes.figures import (
    OF_VALUES,
    Asked,
    AskedOf,
    FigureName,
    InRow,
    InTrack,
    OfMeasure,
    Values,
    Word,
    joined,
    tables_of,
    wording_of,
)
from service.routes.parameters import LeadsReader, Limit
from service.shapes import figures as shapes
from service.tables.preferred import TABLES, answer_as_preferred, rows_wanted

router = APIRouter(tags=["figures"], route_class=ExactRoute)


def _other(
    *,
    other_as_of: Annotated[
        Word, Query(description="`as_of` of the second reading, if it differs; so are the next.")
    ] = None,
    other_known_at: Word = None,
    other_from: Word = None,
    other_to: Word = None,
    other_period: Word = None,
    other_base: Word = None,
    other_target: Word = None,
    other_within: Word = None,
) -> Given:
    asked = {
        "as_of": other_as_of,
        "known_at": other_known_at,
        "from": other_from,
        "to": other_to,
        "period": other_period,
        "base": other_base,
        "target": other_target,
        "within": other_within,
    }
    return {name: text for name, text in asked.items() if text is not None}


_FILE = {
    "requestBody": {
        "required": True,
        "content": {
            "text/csv": {
                "schema": {
                    "type": "string",
                    "description": "With a heading. `lead` (the ledger's id), `email`, `phone`, "
                    "`user_id`, `anonymous_id` and `external_ids.<system>` identify; `stage` and "
                    "`date` are compared if they are there.",
                }
            }
        },
    }
}


@router.post(
    "/v1/figures/{name}/compare",
    response_model=shapes.ComparedFile,
    responses={404: {"description": "No figure has this name"}},
    openapi_extra=_FILE,
)
async def compare_figure_with_file(
    *,
    request: Request,
    sender: LeadsReader,
    name: FigureName,
    asked_of: Asked,
    row: InRow,
    measure: OfMeasure,
    value: Annotated[Values, Query(max_length=DIMENSIONS_MAX, description=OF_VALUES)] = None,
    limit: Limit = PAGE_DEFAULT,
) -> Response:
    """Compare a number with a file of leads, such as a list from a CRM, and say why they differ.

    Identifiers are in the body because URLs are logged. The answer names rows by their lines.
    """
    figure = figure_named(name)
    check_one_period(asked_of.given)
    check_passes(asked_of.given)
    with part_of(request, MemoryBudgets).senders.memory() as memory:
        body = await read_body(request.receive, read_transfer(request.scope), memory)
        file = read_file(body)
    cell = Cell(RowKey(SubjectKind.LEAD, row), measure, joined(value))
    asked = AskedFile(figure, cell, asked_of, limit)
    return json_answer(await compared_with_file(request, sender, file, asked))


class AskedFile(NamedTuple):
    """The number with which a file is compared, and how many differences are wanted."""

    figure: Figure
    cell: Cell
    asked_of: AskedOf
    limit: int


async def compared_with_file(
    request: Request, sender: Sender, file: LeadFile, asked: AskedFile
) -> shapes.ComparedFile:
    """Compare a file with a number. Raises Problem: parameter-invalid."""
    figure, cell, asked_of, limit = asked
    figures = part_of(request, FigureQueries)
    found = await identify(
        part_of(request, Log), file.rows, part_of(request, Reporting).context(sender)
    )
    async with tables_of(request, figure, asked_of.wait_for) as driver:
        wording = await wording_of(request, driver, figure, asked_of)
        check_measure(figure, cell, wording.question)
        members = await figures.everyone(
            driver, figure, Side(wording.lifecycle, wording.question, cell)
        )
        if members is None:
            raise Problem(
                "parameter-invalid",
                "Too many leads are behind this number to compare them with a file: name a value "
                "of a breakdown, or a shorter period.",
                parameter="value",
            )
        named = {lead for _, lead in found if lead is not None}
        receivers = await figures.receivers(driver, named)
        found = [one._replace(lead=receivers.get(one.lead or "", one.lead)) for one in found]
        absent = {lead for _, lead in found if lead is not None}
        absent -= {member.place.subject_id for member in members}
        standing = await figures.standing(driver, sorted(absent), wording.question)
    if not members:
        check_row(figure, cell, wording.lifecycle, wording.question)
    behind = BehindNumber(cell, members, standing)
    return describe_file_comparison(file, found, behind, wording, limit=limit)


@router.get(
    "/v1/figures/{name}/compare",
    response_model=shapes.ComparedFigure,
    responses={**TABLES, 404: {"description": "No figure has this name"}},
)
async def compare_figure(
    *,
    request: Request,
    _: LeadsReader,
    name: FigureName,
    asked_of: Asked,
    other: Annotated[Given, Depends(_other)],
    track: InTrack = "lead",
    row: InRow,
    measure: OfMeasure,
    value: Annotated[Values, Query(max_length=DIMENSIONS_MAX, description=OF_VALUES)] = None,
    other_value: Annotated[
        Values,
        Query(max_length=DIMENSIONS_MAX, description="The value of the second, if it differs."),
    ] = None,
    after: Annotated[Word, Query(description="Continue after this: `next` of a page.")] = None,
    limit: Limit = PAGE_DEFAULT,
) -> Response:
    """Compare a number in two readings: which leads count in only one, or differently, and why.

    The first reading is asked as for the figure. The second asks the same, except for what
    `other_…` names. The same `as_of` at two `known_at` shows what was restated in between.
    """
    figure, subject = figure_named(name), read_subject(after)
    check_one_period(asked_of.given)
    check_passes(asked_of.given)
    others = other_given(asked_of.given, other, has_value=other_value is not None)
    key = RowKey(SubjectKind(track), row)
    values = (value, other_value if other_value is not None else value)
    async with tables_of(request, figure, asked_of.wait_for) as driver:
        wordings = [
            await wording_of(request, driver, figure, asked)
            for asked in (asked_of, AskedOf(others, asked_of.language, asked_of.wait_for))
        ]
        first, second = (
            Side(wording.lifecycle, wording.question, Cell(key, measure, joined(one)))
            for wording, one in zip(wordings, values, strict=True)
        )
        for side in (first, second):
            check_measure(figure, side.cell, side.question)
        page = await part_of(request, FigureQueries).compare(
            driver, figure, (first, second), after=subject, limit=rows_wanted(request, limit)
        )
    if page.whole is not None and not page.whole.first + page.whole.second:
        check_row(figure, first.cell, first.lifecycle, first.question)
    content = describe_comparison(page, (first, second), (wordings[0], wordings[1]))
    return await answer_as_preferred(
        request, content, lambda: comparison_sheet(content, asked_of.language), next=page.next
    )
