"""`/conversion`: how many get how far, how soon, what becomes of the others, and who is waiting."""

from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple

from fastapi import APIRouter, Request
from markupsafe import Markup
from starlette.responses import Response

from domain.lifecycle.definition import SubjectKind, Track
from projections.figures.over_time.cohorts import CONVERSION, REACH, YIELD
from projections.figures.over_time.durations import AGEING, LEAD_TIME, TIME_IN_STAGE
from projections.figures.over_time.fates import FATES
from projections.figures.question import FigurePart, FigureRow
from projections.figures.rows import cohort_track
from service.keys.scopes import Scope
from service.limits import WITHIN_DAYS_DEFAULT
from service.pages.figures.numbers import (
    FigureOnPage,
    LinkedCase,
    LinkedNumber,
    ask,
    percent,
    stage_in,
)
from service.pages.frame.answering import PageRoute, asked_of
from service.pages.frame.charts import Bar, Segment, Spread, bar, spread, stack
from service.pages.frame.looking import COHORT, PARAMETERS, Looking, last_day, looking_at
from service.pages.frame.rendering import View, page, view_of
from service.reading.figures.periods import DAY, MONTHS_OF_A_YEAR, PERIODS, calendar_of
from service.sessions.visiting import admit

router = APIRouter(include_in_schema=False, route_class=PageRoute)

HORIZONS: Final = (7, 30, 90, 180)
"""Days within which the months of the triangle are compared."""
PERCENTS: Final = ("p25", "p50", "p75", "p90")
OPEN_PERCENTS: Final = ("open_p50", "open_p90")
BANDS: Final = ("below_p50", "to_p85", "to_p95", "above", "unknown")


class TriangleCell(NamedTuple):
    """One month within one horizon."""

    rate: str | None
    """None if there are too few to give one."""
    counts: str
    link: str | None
    is_mature: bool


class TriangleRow(NamedTuple):
    label: str
    base: LinkedNumber
    cells: list[TriangleCell | None]


class ShareRow(NamedTuple):
    """A number of a row with its shares, and a bar."""

    label: str
    number: LinkedNumber
    early: LinkedNumber | None
    shares: list[str | None]
    drawing: Markup | None


class TimeRow(NamedTuple):
    """How long the completed cases took, and the open ones have taken so far."""

    label: str
    completed: LinkedNumber
    cases: list[LinkedCase | None]
    open: LinkedNumber
    open_cases: list[LinkedCase | None]
    drawing: Markup | None


class AgeRow(NamedTuple):
    """How many of a stage are in each band of age."""

    label: str
    bands: list[LinkedNumber]
    total: LinkedNumber
    drawing: Markup


@router.get("/conversion", response_model=None)
async def get_conversion_page(request: Request) -> Response:
    """Show cohorts. Raises LogInNeeded, and Problem: scope-missing, parameter-invalid."""
    await admit(request, Scope.PROJECTIONS_READ)
    view = view_of(request, asked_of(request, *PARAMETERS, *COHORT))
    async with looking_at(request, view.asked) as looking:
        period = _period(looking)
        triangle = [
            await ask(view, looking, CONVERSION, **period, by="month", within=str(days))
            for days in HORIZONS
        ]
        yielded = await ask(view, looking, YIELD, **period)
        fates = await ask(view, looking, FATES, **period)
        question = triangle[0].question
        track = cohort_track(looking.lifecycle, question)
        times = [
            await ask(view, looking, LEAD_TIME, **period, base=base, target=target)
            for base, target in _ways(track, question.base, question.target)
        ]
        stays = await ask(view, looking, TIME_IN_STAGE, **period)
        ages = await ask(view, looking, AGEING)
    return page(
        "conversion.html",
        view,
        looking=looking,
        question=question,
        last_day=last_day(question, view.words.zone),
        periods=PERIODS,
        stages=[(code, stage_in(view, track, code)) for code in track.path],
        base=stage_in(view, track, question.base),
        target=stage_in(view, track, question.target),
        base_code=question.base,
        target_code=question.target,
        within=view.asked.get("within", str(WITHIN_DAYS_DEFAULT)),
        conversion=triangle[0],
        horizons=HORIZONS,
        triangle=_triangle(triangle),
        yielded=yielded,
        yield_rows=_shares(yielded, "reached", ("of_base", "of_previous"), early="early"),
        fates=fates,
        fate_rows=_shares(fates, "passes", ("of_base",)),
        fate_drawing=_fates(fates),
        lead_times=times[0],
        time_rows=[_time(one, one.rows[0], _way(view, one, track), None) for one in times],
        stays=stays,
        stay_rows=_stays(stays),
        percents=PERCENTS,
        open_percents=OPEN_PERCENTS,
        ages=ages,
        age_rows=_ages(ages),
        bands=BANDS,
        pinned=view.again(**looking.pinned(question)),
        is_empty=not any(row.counts.get("base") for row in triangle[0].rows)
        and not any(row.counts.get("open") for row in ages.rows),
    )


def _period(looking: Looking) -> dict[str, str | None]:
    """Return the period of the page: without one in the URL, twelve months up to the moment.

    A year, because cohorts of a single month are still immature at its end.
    """
    if looking.asked.keys() & {"period", "from", "to"}:
        return {}
    calendar = calendar_of(looking.lifecycle)
    as_of = looking.question(AGEING).as_of
    today = as_of.astimezone(calendar.zone).date()
    first = calendar.first_day(calendar.month_of(today) - MONTHS_OF_A_YEAR + 1)
    return {"from": first.isoformat(), "to": _end(today).isoformat()}


def _end(today: date) -> date:
    """Return the last day of the month, so that the month counts as not over yet."""
    beyond = date(today.year + today.month // 12, today.month % 12 + 1, 1)
    return beyond - DAY


def _ways(track: Track, base: str, target: str) -> list[tuple[str, str]]:
    """Return the ways whose lead time is shown: the whole, and before and after the last stage."""
    ways = [(base, target)]
    if target in track.path:
        index = track.path.index(target)
        before = track.path[index - 1]
        if index and base in track.path[: index - 1]:
            ways += [(base, before), (before, target)]
    return ways


def _way(view: View, one: FigureOnPage, track: Track) -> str:
    question = one.question
    stages = (stage_in(view, track, code) for code in (question.base, question.target))
    return " → ".join(stages)


def _triangle(horizons: Sequence[FigureOnPage]) -> list[TriangleRow]:
    """Arrange conversion by month and horizon, the newest month first."""
    first, rows = horizons[0], []
    for part in sorted(first.parts, key=lambda part: part.value, reverse=True):
        base = _reached(part)
        if base is None or not base.counts["base"]:
            continue
        cells = [_cell(one, _part_of(one, part.value)) for one in horizons]
        number = first.number(base, "base", part)
        rows.append(TriangleRow(first.value_label(part.value), number, cells))
    return rows


def _part_of(one: FigureOnPage, value: str) -> FigurePart | None:
    return next((part for part in one.parts if part.value == value), None)


def _reached(part: FigurePart) -> FigureRow | None:
    return next((row for row in part.rows if row.key.name == REACH), None)


def _cell(one: FigureOnPage, part: FigurePart | None) -> TriangleCell | None:
    row = _reached(part) if part is not None else None
    if row is None:
        return None
    is_mature = not row.counts["immature"]
    measure, out_of = ("hits", "mature") if is_mature else ("so_far", "base")
    share = row.shares["rate" if is_mature else "lower"]
    counts = f"{row.counts[measure]:,} / {row.counts[out_of]:,}"
    return TriangleCell(percent(share), counts, one.number(row, measure, part).link, is_mature)


def _shares(
    one: FigureOnPage, measure: str, shares: Sequence[str], *, early: str | None = None
) -> list[ShareRow]:
    scale = max((row.counts[measure] for row in one.rows), default=0)
    rows = []
    for row in one.rows:
        number, label = one.number(row, measure), one.row_label(row.key)
        drawing = bar(Bar(number.value, None, f"{label}: {number.value:,}", None, 2), scale)
        rows.append(
            ShareRow(
                label,
                number,
                one.number(row, early) if early is not None else None,
                [percent(row.shares[name]) for name in shares],
                drawing,
            )
        )
    return rows


def _fates(fates: FigureOnPage) -> Markup:
    """Draw what became of a cohort as parts of one bar."""
    base, *others = fates.rows
    return stack(
        [
            Segment(row.counts["passes"], f"f{number}", _titled(fates, row, "passes"))
            for number, row in enumerate(others)
        ],
        scale=base.counts["passes"],
    )


def _titled(one: FigureOnPage, row: FigureRow, measure: str) -> str:
    return f"{one.row_label(row.key)}: {row.counts.get(measure, 0):,}"


def _time(one: FigureOnPage, row: FigureRow, label: str, drawing: Markup | None) -> TimeRow:
    return TimeRow(
        label,
        one.number(row, "completed"),
        [one.case(row, name) for name in PERCENTS],
        one.number(row, "open"),
        [one.case(row, name) for name in OPEN_PERCENTS],
        drawing,
    )


def _stays(stays: FigureOnPage) -> list[TimeRow]:
    """Return the time in each stage of leads, drawn on one scale."""
    rows = [
        row
        for row in stays.rows
        if row.key.track is SubjectKind.LEAD and (row.counts["completed"] or row.counts["open"])
    ]
    longest = max((_days(row, "p90") or 0.0 for row in rows), default=0.0)
    return [_time(stays, row, stays.row_label(row.key), _spread(row, longest)) for row in rows]


def _spread(row: FigureRow, longest: float) -> Markup | None:
    low, middle, high, most = (_days(row, name) for name in PERCENTS)
    if low is None or middle is None or high is None or most is None:
        return None
    return spread(Spread(low, middle, high, most), scale=longest)


def _days(row: FigureRow, name: str) -> float | None:
    lasting = row.durations.get(name)
    return lasting.length / DAY if lasting is not None else None


def _ages(ages: FigureOnPage) -> list[AgeRow]:
    """Return the ages of what is in each stage of leads now."""
    return [
        AgeRow(
            ages.row_label(row.key),
            [ages.number(row, name) for name in BANDS],
            ages.number(row, "open"),
            stack(
                [
                    Segment(
                        row.counts[name],
                        f"a{number}",
                        f"{ages.heading(name)}: {row.counts[name]:,}",
                    )
                    for number, name in enumerate(BANDS)
                ],
                scale=row.counts["open"],
            ),
        )
        for row in ages.rows
        if row.key.track is SubjectKind.LEAD and row.counts["open"]
    ]
