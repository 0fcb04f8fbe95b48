"""`/figures`: every figure with its definition; each as a table whose numbers open their lists."""

import asyncio
from typing import Any, Final, NamedTuple

from fastapi import APIRouter, Request
from starlette.responses import Response

from projections.figures.catalogue import FIGURES
from service.http.answer import Answer
from service.http.problem import Problem
from service.keys.scopes import Scope
from service.pages.figures.funnel import PARTS_SHOWN_MAX, breakdowns_in
from service.pages.figures.numbers import FigureOnPage, ask
from service.pages.figures.sheets import sheet_of
from service.pages.frame.answering import PageRoute, asked_of
from service.pages.frame.looking import (
    BREAKDOWN,
    COHORT,
    PARAMETERS,
    PERIOD_DEFAULT,
    last_day,
    looking_at,
)
from service.pages.frame.rendering import HEADERS, View, page, view_of
from service.reading.figures.asking import figure_named
from service.reading.figures.defining import label_in
from service.reading.figures.describing import FigureWording, describe_figure
from service.reading.figures.periods import PERIODS
from service.reading.figures.tables import figure_sheet
from service.sessions.visiting import admit
from service.tables.preferred import CSV, XLSX
from service.tables.spreadsheet import as_csv, as_xlsx

router = APIRouter(include_in_schema=False, route_class=PageRoute)

FORMAT: Final = "format"
FORMATS: Final = {"csv": CSV, "xlsx": XLSX}


class ListedFigure(NamedTuple):
    """A figure in the index."""

    label: str
    definition: str
    formula: str
    link: str


@router.get("/figures", response_model=None)
async def get_figures_index(request: Request) -> Response:
    """Show what every figure is. Raises LogInNeeded, and Problem: scope-missing."""
    await admit(request, Scope.PROJECTIONS_READ)
    view = view_of(request, asked_of(request))
    language = view.words.language
    listed = [
        ListedFigure(
            label_in(figure.words, language),
            figure.words.definition[language],
            figure.formula[language],
            view.url(f"/figures/{figure.name}"),
        )
        for figure in FIGURES.values()
    ]
    return page("figures.html", view, listed=listed)


@router.get("/figures/{name}", response_model=None)
async def get_figure_page(request: Request, name: str) -> Response:
    """Show a figure, or answer with it as a file.

    Raises LogInNeeded, and Problem: scope-missing, not-found, parameter-invalid.
    """
    await admit(request, Scope.PROJECTIONS_READ)
    figure = figure_named(name)
    takes = {one.name for one in figure.parameters}
    known = [one for one in (*PARAMETERS, *COHORT) if one in takes or one in ("as_of", "known_at")]
    view = view_of(request, asked_of(request, *known, BREAKDOWN, FORMAT))
    async with looking_at(request, view.asked, figure.reads) as looking:
        one = await ask(view, looking, figure)
    if FORMAT in view.asked:
        return await _file(view, one)
    shown = one.parts[:PARTS_SHOWN_MAX]
    question = one.question
    return page(
        "figure.html",
        view,
        looking=looking,
        question=question,
        last_day=last_day(question, view.words.zone),
        one=one,
        sheet=sheet_of(one),
        parts=sheet_of(one, shown),
        parts_left_out=len(one.parts) - len(shown),
        traps=[trap[view.words.language] for trap in figure.traps],
        periods=PERIODS if "period" in takes else None,
        period_default=PERIOD_DEFAULT,
        breakdowns=breakdowns_in(view),
        files=[(name.upper(), view.again(**{FORMAT: name})) for name in FORMATS],
        hidden=[one for one in COHORT if one in view.asked],
        pinned=view.again(**looking.pinned(question)),
    )


async def _file(view: View, one: FigureOnPage) -> Response:
    """Answer with a figure as a file: with a byte order mark, because Excel needs it."""
    format = view.asked[FORMAT]
    if format not in FORMATS:
        raise Problem("parameter-invalid", f"format is one of {', '.join(FORMATS)}.")
    language = view.codes.language
    in_force = one.looking.reading.in_force
    version = in_force.version if in_force is not None else None
    wording = FigureWording(one.figure, one.question, one.looking.lifecycle, version, language)
    content = describe_figure(one.answer, wording)

    def written() -> bytes:
        sheet: Any = figure_sheet(content, language)
        return as_csv(sheet, has_mark=True) if format == "csv" else as_xlsx(sheet)

    name = f'attachment; filename="{one.figure.name}.{format}"'
    headers = (*HEADERS, (b"content-disposition", name.encode()))
    body = await asyncio.to_thread(written)
    return Answer(200, body, media_type=FORMATS[format].encode(), headers=headers)
