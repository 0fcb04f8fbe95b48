"""`/deals`: open deals by the month in which they are expected, and what became of the others."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from fastapi import APIRouter, Request
from markupsafe import Markup
from starlette.responses import Response

from domain.lifecycle.definition import SubjectKind
from projections.figures.over_time.deals import COHORT, CREATED, DEALS, WIN_RATE
from projections.figures.over_time.losses import ALL as ALL_LOST
from projections.figures.over_time.losses import LOSSES
from projections.figures.over_time.pipeline import ALL, LATER, NONE, OVERDUE, PIPELINE
from projections.figures.question import FigureRow
from service.keys.scopes import Scope
from service.pages.figures.numbers import FigureOnPage, LinkedNumber, ask, percent
from service.pages.frame.answering import PageRoute, asked_of
from service.pages.frame.charts import Bar, Segment, bar, stack
from service.pages.frame.looking import PARAMETERS, PERIOD_DEFAULT, last_day, looking_at
from service.pages.frame.rendering import page, view_of
from service.reading.figures.periods import PERIODS
from service.sessions.visiting import admit

router = APIRouter(include_in_schema=False, route_class=PageRoute)

BANDS: Final = {"active": "a0", "stalled": "a3"}
"""What open deals divide into, each with the class by which the style sheet colours it."""
COLUMNS: Final = ("open", *BANDS, "postponed", "again")
SELDOM: Final = frozenset({OVERDUE, LATER, NONE})
"""Rows that are left out while they hold nothing."""
RATE_COLUMNS: Final = ("base", "won", "lost", "open", "immature")
DEAL_NUMBERS: Final = {
    COHORT: ("base", "mature", "hits", "immature"),
    CREATED: ("created", "direct"),
}
DEAL_SHARES: Final = {COHORT: "rate", CREATED: "direct_share"}
"""What is shown of the rows of that figure, which have different measures."""


class MonthRow(NamedTuple):
    """The open deals that are expected in one month."""

    label: str
    is_late: bool
    drawing: Markup
    numbers: list[LinkedNumber]


class ReasonRow(NamedTuple):
    """The deals that were lost for one reason."""

    label: str
    drawing: Markup
    number: LinkedNumber
    share: str | None


class DealRow(NamedTuple):
    """Numbers of one row of a figure, each with its heading, and a share."""

    label: str
    numbers: list[tuple[str, LinkedNumber]]
    share: tuple[str, str | None]


@router.get("/deals", response_model=None)
async def get_deals_page(request: Request) -> Response:
    """Show deals. Raises LogInNeeded, and Problem: scope-missing, parameter-invalid."""
    await admit(request, Scope.PROJECTIONS_READ)
    view = view_of(request, asked_of(request, *PARAMETERS))
    async with looking_at(request, view.asked, PIPELINE.reads) as looking:
        pipeline = await ask(view, looking, PIPELINE)
        losses = await ask(view, looking, LOSSES)
        rates = await ask(view, looking, WIN_RATE)
        deals = await ask(view, looking, DEALS)
    question = losses.question
    return page(
        "deals.html",
        view,
        looking=looking,
        question=question,
        last_day=last_day(question, view.words.zone),
        pipeline=pipeline,
        totals=[
            _deal_row(pipeline, row, COLUMNS, "stalled_share")
            for row in pipeline.rows
            if row.key.name == ALL
        ],
        bands=BANDS,
        columns=COLUMNS,
        months=_months(pipeline),
        has_open=any(row.counts["open"] for row in pipeline.rows),
        losses=losses,
        reasons=_reasons(losses),
        rates=rates,
        rate_rows=[_deal_row(rates, row, RATE_COLUMNS, "rate") for row in rates.rows],
        deals=deals,
        deal_rows=[
            _deal_row(deals, row, DEAL_NUMBERS[row.key.name], DEAL_SHARES[row.key.name])
            for row in deals.rows
        ],
        periods=PERIODS,
        period_default=PERIOD_DEFAULT,
        pinned=view.again(**looking.pinned(question)),
        is_empty=looking.reading.position == 0,
    )


def _deal_row(one: FigureOnPage, row: FigureRow, names: Sequence[str], share: str) -> DealRow:
    return DealRow(
        _label(one, row),
        [(one.heading(name), one.number(row, name)) for name in names],
        (one.heading(share), percent(row.shares[share])),
    )


def _label(one: FigureOnPage, row: FigureRow) -> str:
    """Return what a row is called; deals that name no lead are those of companies."""
    label = one.row_label(row.key)
    if _is_of_lead(row):
        return label
    companies = one.view.words("deals.of_companies")
    return f"{label} ({companies})"


def _months(pipeline: FigureOnPage) -> list[MonthRow]:
    """Return the months in order, drawn on one scale, and what has no month if there is any."""
    rows = [
        row
        for row in pipeline.rows
        if row.key.name != ALL
        and (row.counts["open"] or (row.key.name not in SELDOM and _is_of_lead(row)))
    ]
    scale = max((row.counts["open"] for row in rows), default=0)
    return [
        MonthRow(
            _label(pipeline, row),
            row.key.name == OVERDUE,
            stack([_segment(pipeline, row, name) for name in BANDS], scale=scale),
            [pipeline.number(row, name) for name in COLUMNS],
        )
        for row in rows
    ]


def _is_of_lead(row: FigureRow) -> bool:
    return row.key.track is SubjectKind.LEAD


def _segment(pipeline: FigureOnPage, row: FigureRow, name: str) -> Segment:
    title = f"{_label(pipeline, row)} · {pipeline.heading(name)}: {row.counts[name]:,}"
    return Segment(row.counts[name], BANDS[name], title)


def _reasons(losses: FigureOnPage) -> list[ReasonRow]:
    """Return the reasons, the most frequent first."""
    rows = [row for row in losses.rows if row.key.name != ALL_LOST]
    rows.sort(key=lambda row: -row.counts["lost"])
    scale = max((row.counts["lost"] for row in rows), default=0)
    return [
        ReasonRow(
            _label(losses, row),
            bar(Bar(row.counts["lost"], None, _label(losses, row), None, 1), scale),
            losses.number(row, "lost"),
            percent(row.shares["of_all"]),
        )
        for row in rows
    ]
