"""`/compare`: one number in two readings or next to a file: who counts in one only, and why."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from fastapi import APIRouter, Request
from starlette.responses import Response

from domain.lifecycle.definition import SubjectKind
from projections.figures.definition import Figure
from projections.figures.queries import FigureQueries, Side
from projections.figures.question import Cell
from service.bodies.body_memory import MemoryBudgets
from service.feed.log import Log
from service.http.parts import part_of
from service.http.problem import Problem
from service.keys.scopes import Scope
from service.limits import PAGE_ROWS
from service.pages.figures import members
from service.pages.figures.members import cell_named, figure_of, invalid, states_of
from service.pages.figures.numbers import row_label
from service.pages.frame.answering import PageRoute, asked_of
from service.pages.frame.forms import read_upload
from service.pages.frame.looking import (
    BREAKDOWN,
    COHORT,
    PARAMETERS,
    Looking,
    looking_at,
    to_its_end,
)
from service.pages.frame.people import People, people_of
from service.pages.frame.rendering import View, page, view_of
from service.reading.figures.asking import check_measure, check_row
from service.reading.figures.comparing import describe_comparison, other_given, read_subject
from service.reading.figures.defining import label_in
from service.reading.figures.files import read_file
from service.routes.figures import AskedOf, tables_of, wording_of
from service.routes.figures_compared import AskedFile, compared_with_file
from service.sessions.visiting import admit
from service.shapes.figures import FieldDifference, FigureDifference, FileDifference
from service.tables.apart import TableReader
from service.tables.readable import TableUnreadable

router = APIRouter(include_in_schema=False, route_class=PageRoute)

ABOUT: Final = (*members.PARAMETERS, *COHORT, BREAKDOWN, *PARAMETERS)
"""Which number, and what is asked of its figure."""
OTHERS: Final = ("other_as_of", "other_known_at")
"""How the second reading differs."""
_OF: Final = "other_"


class DifferenceRow(NamedTuple):
    """A lead or company that counts differently."""

    name: str
    link: str
    heap: str
    """The one it is in: `only_first`, `only_second` or `different`."""
    because: str
    event: str | None
    position: int | None


class FileDifferenceRow(NamedTuple):
    """A row of the file, or a lead that none of them names."""

    line: int | None
    name: str | None
    link: str | None
    because: str
    """Why it is shown, as the API says it."""
    stage: str | None
    """Where the lead was instead."""
    first_line: int | None
    fields: Sequence[FieldDifference]
    position: int | None


@router.get("/compare", response_model=None)
async def get_compare_page(request: Request) -> Response:
    """Compare a number. Raises LogInNeeded, and Problem: scope-missing, parameter-invalid."""
    await admit(request, Scope.LEADS_READ)
    view = view_of(request, asked_of(request, *ABOUT, *OTHERS))
    figure = figure_of(view)
    async with looking_at(request, view.asked, figure.reads) as looking:
        given = looking.with_period(figure, looking.given(figure))
    other = {name.removeprefix(_OF): view.asked[name] for name in OTHERS if name in view.asked}
    cell = cell_named(view, figure, looking.lifecycle)
    if not other:
        return _page(view, looking, figure, cell)
    language = view.codes.language
    async with tables_of(request, figure, None) as driver:
        first, second = [
            await wording_of(
                request, driver, figure, AskedOf(to_its_end(request, one), language, None)
            )
            for one in (given, other_given(given, other, has_value=False))
        ]
        check_measure(figure, cell, first.question)
        sides = (
            Side(first.lifecycle, first.question, cell),
            Side(second.lifecycle, second.question, cell),
        )
        after = read_subject(view.asked.get("after"))
        found = await part_of(request, FigureQueries).compare(
            driver, figure, sides, after=after, limit=PAGE_ROWS
        )
    if found.whole is not None and not found.whole.first + found.whole.second:
        check_row(figure, cell, first.lifecycle, first.question)
    content = describe_comparison(found, sides, (first, second))
    ids = [one["subject"].partition("/")[2] for one in content["differences"]]
    states = await states_of(part_of(request, Log), ids)
    people = await people_of(request, states, page="/compare")
    return _page(
        view,
        looking,
        figure,
        cell,
        first=first.question,
        second=second.question,
        counts=content["counts"],
        rows=[_row(view, one, people) for one in content["differences"]],
        next=content["next"],
    )


@router.post("/compare", response_model=None)
async def compare_with_file(request: Request) -> Response:
    """Compare a number with a file that is sent. Nothing of it is kept.

    Raises LogInNeeded, and Problem: scope-missing, form-foreign, parameter-invalid,
    request-invalid, body-unreadable.
    """
    visitor = await admit(request, Scope.LEADS_READ)
    view = view_of(request, asked_of(request, *ABOUT))
    figure = figure_of(view)
    body = await read_upload(request, part_of(request, MemoryBudgets).senders)
    try:
        table = await part_of(request, TableReader).as_csv(body)
    except TableUnreadable as error:
        raise Problem("body-unreadable", f"The file {error}.") from None
    file = await asyncio.to_thread(read_file, table)
    async with looking_at(request, view.asked, figure.reads) as looking:
        given = looking.with_period(figure, looking.given(figure))
    cell = cell_named(view, figure, looking.lifecycle)
    if cell.row.track is not SubjectKind.LEAD:
        raise Problem("parameter-invalid", "A file is compared with a number of leads.")
    asked_figure = AskedOf(to_its_end(request, given), view.codes.language, None)
    content = await compared_with_file(
        request, visitor.sender, file, AskedFile(figure, cell, asked_figure, PAGE_ROWS)
    )
    differences = content["differences"]
    ids = [one["subject"].partition("/")[2] for one in differences if one["subject"] is not None]
    states = await states_of(part_of(request, Log), ids)
    people = await people_of(request, states, page="/compare")
    return _page(
        view,
        looking,
        figure,
        cell,
        file=content,
        file_rows=[_file_row(view, one, people) for one in differences],
    )


def _page(view: View, looking: Looking, figure: Figure, cell: Cell, **compared: Any) -> Response:
    """Show the forms, and what was compared."""
    measure = figure.measure(cell.measure)
    if measure is None:
        raise invalid(f"The figure {figure.name} has no measure {cell.measure}.")
    nothing: dict[str, Any] = {
        "counts": None,
        "rows": [],
        "first": None,
        "next": None,
        "file": None,
    }
    return page(
        "compare.html",
        view,
        looking=looking,
        label=row_label(view, looking, figure, cell.row),
        measure=label_in(measure.words, view.words.language),
        is_first="after" not in view.asked,
        list_url=view.again_at("/leads", ABOUT),
        file_url=view.again(**dict.fromkeys((*OTHERS, "after"))),
        hidden=[name for name in ABOUT if name in view.asked and name != "after"],
        takes_file=cell.row.track is SubjectKind.LEAD,
        **{**nothing, **compared},
    )


def _row(view: View, one: FigureDifference, people: People) -> DifferenceRow:
    kind, _, subject_id = one["subject"].partition("/")
    heap = "different"
    if one["second"] is None:
        heap = "only_first"
    elif one["first"] is None:
        heap = "only_second"
    event = one["event"]
    return DifferenceRow(
        people.name(subject_id),
        view.url(f"/{kind}s/{subject_id}"),
        heap,
        one.get("because_label") or one["because"],
        event.get("type_label") or event["type"] if event is not None else None,
        int(event["position"]) if event is not None else None,
    )


def _file_row(view: View, one: FileDifference, people: People) -> FileDifferenceRow:
    lead = one["subject"].partition("/")[2] if one["subject"] is not None else None
    event = one["counted"] or one["stands"]
    stands = one["stands"]
    return FileDifferenceRow(
        one["line"],
        people.name(lead) if lead is not None else None,
        view.url(f"/leads/{lead}") if lead is not None else None,
        one["because"],
        (stands.get("stage_label") or stands["stage"]) if stands is not None else None,
        one.get("first_line"),
        one["fields"],
        int(event["position"]) if event is not None else None,
    )
