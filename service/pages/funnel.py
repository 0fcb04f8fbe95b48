"""`/funnel`: how many are in each stage at a moment, and who came and went in a period."""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from fastapi import APIRouter, Request
from markupsafe import Markup
from starlette.responses import Response

from domain.lifecycle.definition import UNPLACED, SubjectKind, Track
from projections.figures.definition import Figure
from projections.figures.queries import FigureQueries
from projections.figures.question import RowKey
from projections.figures.rows import track_of
from projections.figures.stages import FLOW, STOCK
from service.feed.log import Log
from service.http.parts import part_of
from service.ingest.labels import label_of
from service.keys.scopes import Scope
from service.pages.answering import PageRoute, asked_of
from service.pages.charts import Bar, bar
from service.pages.looking import PARAMETERS, PERIOD_DEFAULT, Looking, last_day, looking_at
from service.pages.rendering import View, page, redirect, view_of
from service.reading.figures.defining import label_in
from service.reading.figures.periods import PERIODS
from service.sessions.visiting import admit

router = APIRouter(include_in_schema=False, route_class=PageRoute)

BALANCE: Final = ("before", "in", "forward", "back", "off", "otherwise", "absorbed", "after")
"""The measures of the flow that are shown: the first, plus the second, minus the others, is the
last."""
SELDOM: Final = ("otherwise", "absorbed")
"""Columns that are left out while they hold nothing."""


class LinkedNumber(NamedTuple):
    """A number, and the address of the list behind it; None for 0, which has none."""

    value: int
    link: str | None


class StageRow(NamedTuple):
    """One stage of the table."""

    key: RowKey
    label: str
    definition: str
    drawing: Markup | None
    """None for stages of companies, which are counted in another unit."""
    standing: LinkedNumber
    flow: Mapping[str, LinkedNumber]


class PhaseRows(NamedTuple):
    """The stages of one phase."""

    label: str | None
    """None for stages that belong to none."""
    number: int
    rows: list[StageRow]


@router.get("/", response_model=None)
async def get_start(request: Request) -> Response:
    """Lead to the page that people begin with. Raises LogInNeeded."""
    await admit(request)
    return redirect(view_of(request, asked_of(request)).url("/funnel"))


@router.get("/funnel", response_model=None)
async def get_funnel_page(request: Request) -> Response:
    """Show the funnel. Raises LogInNeeded, and Problem: scope-missing, parameter-invalid."""
    await admit(request, Scope.PROJECTIONS_READ)
    view = view_of(request, asked_of(request, *PARAMETERS))
    head, queries = await part_of(request, Log).head(), part_of(request, FigureQueries)
    async with looking_at(request, view.asked) as looking:
        stock, flow = looking.question(STOCK), looking.question(FLOW)
        standing = await queries.answer(looking.driver, STOCK, looking.lifecycle, stock)
        moved = await queries.answer(looking.driver, FLOW, looking.lifecycle, flow)
    counts = {row.key: dict(row.counts) for row in moved.total}
    for row in standing.total:
        counts.setdefault(row.key, {}).update(row.counts)
    phases = list(_phases(view, looking, counts))
    rows = [row for phase in phases for row in phase.rows]
    filled = {name for row in rows for name, number in row.flow.items() if number.value}
    return page(
        "funnel.html",
        view,
        looking=looking,
        question=flow,
        last_day=last_day(flow, view.words.zone),
        phases=phases,
        columns=[name for name in BALANCE if name not in SELDOM or name in filled],
        headings={name: measure_in(FLOW, name, view) for name in BALANCE},
        standing_heading=measure_in(STOCK, "standing", view),
        periods=PERIODS,
        period_default=PERIOD_DEFAULT,
        behind=0 if "known_at" in view.asked else max(0, head - looking.reading.position),
        pinned=view.again(**looking.pinned(flow)),
        is_empty=not filled and not any(row.standing.value for row in rows),
    )


def measure_in(figure: Figure, name: str, view: View) -> str:
    """Return the label of a measure."""
    measure = figure.measure(name)
    assert measure is not None
    return label_in(measure.words, view.words.language)


def stage_in(view: View, track: Track, code: str) -> str:
    """Return the label of a stage."""
    if code == UNPLACED:
        return view.codes.stage(None)
    return label_of(track.stages, code, view.codes.language)


def _phases(
    view: View, looking: Looking, counts: Mapping[RowKey, Mapping[str, int]]
) -> Iterator[PhaseRows]:
    """Arrange stages by phase: companies before leads in the first, after them in the others."""
    lifecycle, language = looking.lifecycle, view.codes.language
    # The bars show both, and share a scale.
    scale = max(
        max(one.get("standing", 0), one.get("before", 0))
        for key, one in counts.items()
        if key.track is SubjectKind.LEAD
    )
    shown = [key for key in counts if _is_shown(track_of(lifecycle, key.track), key, counts[key])]
    for number, phase in enumerate((*lifecycle.phases, None), 1):
        keys = [key for key in shown if _phase_of(track_of(lifecycle, key.track), key) == phase]
        keys.sort(key=lambda key: (key.track is SubjectKind.LEAD) == (number == 1))
        colour = number if phase is not None else 0
        rows = [_row(view, looking, key, counts[key], scale=scale, colour=colour) for key in keys]
        label = lifecycle.phases[phase].label.get(language, phase) if phase is not None else None
        if rows:
            yield PhaseRows(label, colour, rows)


def _is_shown(track: Track, key: RowKey, counts: Mapping[str, int]) -> bool:
    """Whether a stage is on the path, or anyone is or was there."""
    return key.name in track.path or any(counts.get(name) for name in ("standing", *BALANCE))


def _phase_of(track: Track, key: RowKey) -> str | None:
    return track.stages[key.name].phase if key.name in track.stages else None


def _row(
    view: View,
    looking: Looking,
    key: RowKey,
    counts: Mapping[str, int],
    *,
    scale: int,
    colour: int,
) -> StageRow:
    track = track_of(looking.lifecycle, key.track)
    label, stage = stage_in(view, track, key.name), track.stages.get(key.name)

    def number(figure: Figure, measure: str) -> LinkedNumber:
        count = counts.get(measure, 0)
        return LinkedNumber(count, list_url(view, looking, figure, key, measure) if count else None)

    standing = number(STOCK, "standing")
    flow = {name: number(FLOW, name) for name in BALANCE}
    drawing = None
    if key.track is SubjectKind.LEAD:
        title = f"{label}: {view.words.counted('frame.leads', standing.value)}"
        one = Bar(standing.value, flow["before"].value, title, standing.link, colour)
        drawing = bar(one, scale=scale)
    definition = stage.words.definition.get(view.codes.language, "") if stage is not None else ""
    return StageRow(key, label, definition, drawing, standing, flow)


def list_url(view: View, looking: Looking, figure: Figure, key: RowKey, measure: str) -> str:
    """Return the address of the list behind a number, about what this page is about."""
    takes = {parameter.name for parameter in figure.parameters} | {"as_of", "known_at"}
    about = {name: text for name, text in looking.asked.items() if name in takes}
    return view.url(
        "/leads",
        figure=figure.name if figure is not STOCK else None,
        track=str(key.track) if key.track is not SubjectKind.LEAD else None,
        stage=key.name,
        measure=measure if measure != figure.main else None,
        **about,
    )
