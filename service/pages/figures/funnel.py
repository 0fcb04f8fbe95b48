"""`/funnel`: how many are in each stage at a moment, and who came and went in a period."""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from fastapi import APIRouter, Request
from markupsafe import Markup
from starlette.responses import Response

from domain.lifecycle.definition import SubjectKind, Track
from projections.figures.question import FigureRow, RowKey
from projections.figures.rows import track_of
from projections.figures.stages import FLOW, STOCK
from service.keys.scopes import Scope
from service.pages.figures.numbers import FigureOnPage, LinkedNumber, ask
from service.pages.frame.answering import PageRoute, asked_of
from service.pages.frame.charts import Bar, bar
from service.pages.frame.looking import (
    BREAKDOWN,
    PARAMETERS,
    PERIOD_DEFAULT,
    Looking,
    last_day,
    looking_at,
)
from service.pages.frame.rendering import View, page, view_of
from service.reading.figures.breakdowns import DIMENSIONS
from service.reading.figures.defining import label_in
from service.reading.figures.periods import PERIODS
from service.sessions.visiting import admit

router = APIRouter(include_in_schema=False, route_class=PageRoute)

BALANCE: Final = ("before", "in", "forward", "back", "off", "otherwise", "absorbed", "after")
"""The measures of the flow that are shown: the first, plus the second, minus the others, is the
last."""
SELDOM: Final = ("otherwise", "absorbed")
"""Columns that are left out while they hold nothing."""
PARTS_SHOWN_MAX: Final = 30
"""Values of a breakdown: more rows than anyone compares by eye."""


class StageRow(NamedTuple):
    """One stage of the table."""

    key: RowKey
    label: str
    definition: str
    drawing: Markup | None
    """None for stages of companies, which are counted in another unit."""
    standing: LinkedNumber
    change: int
    """How many more there are than before the period."""
    flow: Mapping[str, LinkedNumber]


class PhaseRows(NamedTuple):
    """The stages of one phase."""

    label: str | None
    """None for stages that belong to none."""
    number: int
    rows: list[StageRow]


class PartRow(NamedTuple):
    """The stock of one value of the breakdown."""

    label: str
    numbers: list[LinkedNumber]


class FunnelNumbers(NamedTuple):
    """The two figures of the page."""

    stock: FigureOnPage
    flow: FigureOnPage

    def keys(self) -> list[RowKey]:
        """Return the rows of both, in order."""
        return list(dict.fromkeys(row.key for row in (*self.flow.rows, *self.stock.rows)))

    def standing(self, key: RowKey) -> LinkedNumber:
        return self.stock.number(_row_of(self.stock, key), "standing")

    def moved(self, key: RowKey, measure: str) -> LinkedNumber:
        return self.flow.number(_row_of(self.flow, key), measure)

    @property
    def filled(self) -> set[str]:
        """The measures of the flow that hold something."""
        return {name for row in self.flow.rows for name in BALANCE if row.counts.get(name)}


@router.get("/funnel", response_model=None)
async def get_funnel_page(request: Request) -> Response:
    """Show the funnel. Raises LogInNeeded, and Problem: scope-missing, parameter-invalid."""
    await admit(request, Scope.PROJECTIONS_READ)
    view = view_of(request, asked_of(request, *PARAMETERS, BREAKDOWN))
    async with looking_at(request, view.asked) as looking:
        numbers = FunnelNumbers(
            await ask(view, looking, STOCK, by=None), await ask(view, looking, FLOW, by=None)
        )
        divided = await ask(view, looking, STOCK) if BREAKDOWN in view.asked else None
    flow = numbers.flow
    phases = list(_phases(view, looking, numbers))
    rows = [row for phase in phases for row in phase.rows]
    return page(
        "funnel.html",
        view,
        looking=looking,
        question=flow.question,
        last_day=last_day(flow.question, view.words.zone),
        phases=phases,
        columns=[name for name in BALANCE if name not in SELDOM or name in numbers.filled],
        headings={name: flow.heading(name) for name in BALANCE},
        standing_heading=numbers.stock.heading("standing"),
        periods=PERIODS,
        period_default=PERIOD_DEFAULT,
        breakdowns=breakdowns_in(view),
        parts=_parts(divided) if divided is not None else [],
        parts_left_out=max(0, len(divided.parts) - PARTS_SHOWN_MAX) if divided is not None else 0,
        part_headings=_part_headings(divided) if divided is not None else [],
        pinned=view.again(**looking.pinned(flow.question)),
        is_empty=not numbers.filled and not any(row.standing.value for row in rows),
    )


def breakdowns_in(view: View) -> list[tuple[str, str]]:
    """Return the breakdowns that can be chosen, with their labels."""
    return [(str(one), label_in(words, view.words.language)) for one, words in DIMENSIONS.items()]


def _phases(view: View, looking: Looking, numbers: FunnelNumbers) -> Iterator[PhaseRows]:
    """Arrange stages by phase: companies before leads in the first, after them in the others."""
    lifecycle, language = looking.lifecycle, view.codes.language
    keys = numbers.keys()
    # The bars show both, and share a scale.
    scale = max(
        max(numbers.standing(key).value, numbers.moved(key, "before").value)
        for key in keys
        if key.track is SubjectKind.LEAD
    )
    shown = [key for key in keys if _is_shown(track_of(lifecycle, key.track), key, numbers)]
    for number, phase in enumerate((*lifecycle.phases, None), 1):
        of_phase = [key for key in shown if _phase_of(track_of(lifecycle, key.track), key) == phase]
        of_phase.sort(key=lambda key: (key.track is SubjectKind.LEAD) == (number == 1))
        colour = number if phase is not None else 0
        rows = [_row(view, looking, key, numbers, scale=scale, colour=colour) for key in of_phase]
        label = lifecycle.phases[phase].label.get(language, phase) if phase is not None else None
        if rows:
            yield PhaseRows(label, colour, rows)


def _is_shown(track: Track, key: RowKey, numbers: FunnelNumbers) -> bool:
    """Whether a stage is on the path, or anyone is or was there."""
    return (
        key.name in track.path
        or numbers.standing(key).value > 0
        or any(numbers.moved(key, name).value for name in BALANCE)
    )


def _phase_of(track: Track, key: RowKey) -> str | None:
    return track.stages[key.name].phase if key.name in track.stages else None


def _row(
    view: View,
    looking: Looking,
    key: RowKey,
    numbers: FunnelNumbers,
    *,
    scale: int,
    colour: int,
) -> StageRow:
    track = track_of(looking.lifecycle, key.track)
    label, stage = numbers.stock.row_label(key), track.stages.get(key.name)
    standing = numbers.standing(key)
    flow = {name: numbers.moved(key, name) for name in BALANCE}
    before = flow["before"].value
    drawing = None
    if key.track is SubjectKind.LEAD:
        title = f"{label}: {view.words.counted('frame.leads', standing.value)}"
        one = Bar(standing.value, before, title, standing.link, colour)
        drawing = bar(one, scale)
    definition = stage.words.definition.get(view.codes.language, "") if stage is not None else ""
    return StageRow(key, label, definition, drawing, standing, flow["after"].value - before, flow)


def _row_of(figure: FigureOnPage, key: RowKey) -> FigureRow:
    empty = FigureRow(key, {}, {}, None, {})
    return next((row for row in figure.rows if row.key == key), empty)


def _part_headings(divided: FigureOnPage) -> list[str]:
    return [divided.row_label(row.key) for row in _divided_rows(divided)]


def _parts(divided: FigureOnPage) -> list[PartRow]:
    """Return the stock by value: one column for each stage that has anyone."""
    kept = [row.key for row in _divided_rows(divided)]
    rows = []
    for part in divided.parts[:PARTS_SHOWN_MAX]:
        found = {row.key: row for row in part.rows}
        numbers = [
            divided.number(found[key], "standing", part) if key in found else LinkedNumber(0, None)
            for key in kept
        ]
        rows.append(PartRow(divided.value_label(part.value), numbers))
    return rows


def _divided_rows(divided: FigureOnPage) -> list[FigureRow]:
    return [
        row
        for row in divided.rows
        if row.key.track is SubjectKind.LEAD and row.counts.get("standing")
    ]
