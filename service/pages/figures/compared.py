"""`/compare`: one number in two readings: who counts in one only, or differently, and why."""

from typing import Final, NamedTuple

from fastapi import APIRouter, Request
from starlette.responses import Response

from projections.figures.queries import FigureQueries, Side
from service.feed.log import Log
from service.http.parts import part_of
from service.keys.scopes import Scope
from service.limits import PAGE_ROWS
from service.pages.figures import members
from service.pages.figures.members import cell_named, figure_of, states_of
from service.pages.figures.numbers import row_label
from service.pages.frame.answering import PageRoute, asked_of
from service.pages.frame.looking import (
    BREAKDOWN,
    COHORT,
    PARAMETERS,
    looking_at,
    to_its_end,
)
from service.pages.frame.people import People, people_of
from service.pages.frame.rendering import View, page, view_of
from service.reading.figures.asking import check_measure, check_row
from service.reading.figures.comparing import describe_comparison, other_given, read_subject
from service.reading.figures.defining import label_in
from service.routes.figures import AskedOf, tables_of, wording_of
from service.sessions.visiting import admit
from service.shapes.figures import FigureDifference

router = APIRouter(include_in_schema=False, route_class=PageRoute)

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


@router.get("/compare", response_model=None)
async def get_compare_page(request: Request) -> Response:
    """Compare a number. Raises LogInNeeded, and Problem: scope-missing, parameter-invalid."""
    await admit(request, Scope.LEADS_READ)
    about = (*members.PARAMETERS, *COHORT, BREAKDOWN, *PARAMETERS)
    view = view_of(request, asked_of(request, *about, *OTHERS))
    figure = figure_of(view)
    async with looking_at(request, view.asked, figure.reads) as looking:
        given = looking.with_period(figure, looking.given(figure))
    other = {name.removeprefix(_OF): view.asked[name] for name in OTHERS if name in view.asked}
    language = view.codes.language
    async with tables_of(request, figure, None) as driver:
        first, second = [
            await wording_of(
                request, driver, figure, AskedOf(to_its_end(request, one), language, None)
            )
            for one in (given, other_given(given, other, has_value=False))
        ]
        cell = cell_named(view, figure, first.lifecycle)
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
    measure = figure.measure(cell.measure)
    assert measure is not None, "checked before"
    ids = [one["subject"].partition("/")[2] for one in content["differences"]]
    states = await states_of(part_of(request, Log), ids)
    people = await people_of(request, states, page="/compare")
    return page(
        "compare.html",
        view,
        label=row_label(view, looking, figure, cell.row),
        measure=label_in(measure.words, view.words.language),
        first=first.question,
        second=second.question,
        counts=content["counts"],
        rows=[_row(view, one, people) for one in content["differences"]],
        is_first="after" not in view.asked,
        next=content["next"],
        list_url=view.again_at("/leads", about),
        hidden=[name for name in about if name in view.asked and name != "after"],
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
