"""Laws of every figure, on random histories with merges, passes, late reports and restatements."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import combinations, pairwise
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.lifecycle.definition import UNPLACED, SubjectKind
from events.database.sessions import Driver
from projections.figures.catalogue import FIGURES
from projections.figures.comparing import Because, Compared, MemberDifference
from projections.figures.definition import STAYS, Figure
from projections.figures.money.bought import values_of_business
from projections.figures.money.funnel_by_side import FUNNEL_BY_SIDE
from projections.figures.queries import FIRST, FigureQueries, Side, values_of
from projections.figures.question import (
    DIMENSIONS_MAX,
    Cell,
    Dimension,
    FigureAnswer,
    FigureUnit,
    Member,
    Place,
    Question,
    RowKey,
)
from service.private_postgres import PrivatePostgres
from tests.support.figures_by_hand import (
    Cells,
    HandCell,
    HandMember,
    cells_by_hand,
    lengths_by_hand,
    percentile,
)
from tests.support.stage_events import day
from tests.support.stage_histories import LIFECYCLE, MOMENTS, ZONE, History, histories
from tests.support.stage_laboratory import CUTS, Laboratory, asked, laboratory_on
from tests.support.stage_ledgers import SCHEMA
from tests.support.stays_by_hand import stays_after

QUERIES = FigureQueries(SCHEMA, answers_kept=0)
"""Every example is a log of its own, with positions that the others have too."""
STAGES_BY_SIDE = replace(
    FUNNEL_BY_SIDE,
    of_business=None,
    values=lambda lifecycle, question: {
        **FUNNEL_BY_SIDE.values(lifecycle, question),
        **values_of_business((), (), question),
    },
)
"""Where nothing has been bought."""
OF_STAYS = [
    *(figure for figure in FIGURES.values() if figure.reads == (STAYS,)),
    STAGES_BY_SIDE,
]
LASTING = [figure for figure in OF_STAYS if figure.durations]
WITHIN_DAYS = (1, 28, 30)
MATURE_DAY = 100
"""Everything is mature by then."""
LEAD = SubjectKind.LEAD
FEW_STAGES = {
    SubjectKind.LEAD: ("ML", "MQL", "SQL", "WON", "LOST"),
    SubjectKind.ACCOUNT: ("PROSPECT", "C", "KA"),
}
_DIMENSIONS = st.sampled_from(
    [*Dimension, *3 * [Dimension.OWNER, Dimension.CAMPAIGN], Dimension.SIDE]
)
BREAKDOWNS = st.lists(_DIMENSIONS, max_size=DIMENSIONS_MAX, unique=True).map(tuple)
PAGE = 2
"""Members of a page, so that most lists have several pages."""


@pytest.fixture(scope="module")
def laboratory(postgres_server: PrivatePostgres) -> Iterator[Laboratory]:
    with laboratory_on(postgres_server) as opened:
        yield opened


class Asked(NamedTuple):
    """A history, and a question about it."""

    history: History
    question: Question


@st.composite
def asked_histories(draw: st.DrawFn) -> Asked:
    """Draw a history and a question, mostly about stages that one pass has entered."""
    history = draw(histories(FEW_STAGES, steps_min=15))
    since, until = sorted((draw(MOMENTS), draw(MOMENTS)))
    base, target = draw(st.sampled_from(_ways(history)))
    question = Question(
        as_of=draw(st.sampled_from([day(draw(MOMENTS)), *2 * [day(MATURE_DAY)]])),
        known_at=draw(st.sampled_from([draw(st.integers(1, 30)), *2 * [30]])),
        since=draw(st.sampled_from([None, None, day(since)])),
        until=draw(st.sampled_from([None, None, day(until)])),
        by=draw(BREAKDOWNS),
        base=base,
        target=target,
        within=timedelta(days=draw(st.sampled_from(WITHIN_DAYS))),
        unit=draw(st.sampled_from([*2 * [FigureUnit.JOURNEY], *FigureUnit])),
    )
    return Asked(history, question)


def _ways(history: History) -> list[tuple[str, str]]:
    """Return pairs of stages that a pass has entered, mostly in this order."""
    passes: defaultdict[tuple[str, int], dict[str, None]] = defaultdict(dict)
    for stay in stays_after(history.events, ZONE):
        if stay.stage != UNPLACED:
            passes[stay.subject.id, stay.pass_number][stay.stage] = None
    ways = sorted({way for one in passes.values() for way in combinations(one, 2)})
    first, *_, last = LIFECYCLE.lead.path
    return [*ways, (first, last), *((after, before) for before, after in ways[::4])]


def by_hand(figure: Figure, history: History, question: Question) -> Cells:
    """Compute a figure on the log as it was at `known_at`."""
    stays = stays_after(history.events[: question.known_at], ZONE)
    return cells_by_hand(figure.name, stays, LIFECYCLE, question)


def numbers(answer: FigureAnswer) -> dict[tuple[RowKey, str, str | None], int]:
    """Return every number that is not zero; the value is None in the total."""
    parts: list[tuple[str | None, Any]] = [(None, answer.total)]
    parts += [(part.value, part.rows) for part in answer.parts]
    return {
        (row.key, measure, value): count
        for value, rows in parts
        for row in rows
        for measure, count in row.counts.items()
        if count
    }


def counted(figure: Figure, cells: Cells, question: Question) -> dict[Any, int]:
    """Count the members of cells, for every measure, in total and for each value."""
    is_parted = bool(question.by)
    found: dict[Any, int] = {}
    for measure in figure.measures:
        for cell, members in cells.items():
            if cell.measure in figure.counted_by(measure):
                for value in (None, cell.value) if is_parted else (None,):
                    key = (cell.row, measure.name, value)
                    found[key] = found.get(key, 0) + len(members)
    return found


@asked
@given(asked_histories(), CUTS)
@pytest.mark.parametrize("figure", OF_STAYS, ids=lambda figure: figure.name)
def test_a_figure_is_what_counting_by_hand_gives_on_the_log_as_it_was(
    laboratory: Laboratory, figure: Figure, asked_history: Asked, cuts: list[int]
) -> None:
    history, question = asked_history
    answer = laboratory.ask(
        history, cuts, lambda driver: QUERIES.answer(driver, figure, LIFECYCLE, question)
    )

    cells = by_hand(figure, history, question)
    assert numbers(answer) == counted(figure, cells, question)


@asked
@given(asked_histories(), CUTS)
@pytest.mark.parametrize("figure", OF_STAYS, ids=lambda figure: figure.name)
def test_the_list_behind_every_number_has_that_many_leads(
    laboratory: Laboratory, figure: Figure, asked_history: Asked, cuts: list[int]
) -> None:
    history, question = asked_history

    async def lists(driver: Driver) -> Any:
        answer = await QUERIES.answer(driver, figure, LIFECYCLE, question)
        asked_for = numbers(answer)
        return asked_for, [await members(driver, figure, question, Cell(*key)) for key in asked_for]

    asked_for, listed = laboratory.ask(history, cuts, lists)

    cells = by_hand(figure, history, question)
    for ((row, measure, value), count), found in zip(asked_for.items(), listed, strict=True):
        assert len({member.place for member in found}) == len(found) == count
        known = figure.measure(measure)
        assert known is not None
        expected = sorted(
            member
            for cell in _cells_of(figure.counted_by(known), row, value, cells)
            for member in cells[cell]
        )
        shown = (HandMember(one.place.subject_id, one.pass_number, one.at) for one in found)
        assert sorted(shown) == expected


def _cells_of(
    measures: tuple[str, ...], row: RowKey, value: str | None, cells: Cells
) -> list[HandCell]:
    return [
        cell
        for cell in cells
        if cell.row == row and cell.measure in measures and value in (None, cell.value)
    ]


async def members(driver: Driver, figure: Figure, question: Question, cell: Cell) -> list[Member]:
    """Read all pages of a list."""
    found: list[Member] = []
    after: Place | None = None
    while True:
        page = await QUERIES.members(
            driver, figure, LIFECYCLE, question, cell, after=after, limit=PAGE
        )
        found += page.members
        after = page.next
        if after is None:
            return found


@asked
@given(asked_histories())
def test_a_figure_of_the_past_is_that_of_the_log_that_ended_then(
    laboratory: Laboratory, asked_history: Asked
) -> None:
    history, question = asked_history

    async def every_figure(driver: Driver) -> list[FigureAnswer]:
        return [await QUERIES.answer(driver, figure, LIFECYCLE, question) for figure in OF_STAYS]

    cut = History(history.events[: question.known_at])

    assert laboratory.ask(history, [], every_figure) == laboratory.ask(cut, [], every_figure)


async def differences(
    driver: Driver, figure: Figure, questions: tuple[Question, Question], cell: Cell
) -> tuple[list[MemberDifference], Compared]:
    """Read all pages of a comparison, and what the first one says about the whole."""
    first, second = (Side(LIFECYCLE, question, cell) for question in questions)
    found: list[MemberDifference] = []
    whole, after = None, FIRST.subject_id
    while True:
        page = await QUERIES.compare(driver, figure, (first, second), after=after, limit=PAGE)
        found += page.differences
        whole = whole or page.whole
        if page.next is None:
            assert whole is not None
            assert len(found) == len(whole.differing)
            return found, whole
        after = page.next


@asked
@given(asked_histories(), st.data())
@pytest.mark.parametrize("figure", OF_STAYS, ids=lambda figure: figure.name)
def test_two_readings_differ_by_the_events_between_them(
    laboratory: Laboratory, figure: Figure, asked_history: Asked, data: st.DataObject
) -> None:
    history, question = asked_history
    question = question._replace(unit=FigureUnit.JOURNEY)
    by_moment = question._replace(as_of=day(data.draw(MOMENTS)))
    by_position = question._replace(known_at=data.draw(st.integers(1, 30)))
    other = data.draw(st.sampled_from([question, by_moment, by_position]))

    async def compared(driver: Driver) -> Any:
        answers = [
            numbers(await QUERIES.answer(driver, figure, LIFECYCLE, one))
            for one in (question, other)
        ]
        cells = sorted({(row, measure) for one in answers for row, measure, _ in one})
        cell = Cell(*data.draw(st.sampled_from(cells or [(RowKey(LEAD, "ML"), "none")])))
        if not cells:
            return None
        found, whole = await differences(driver, figure, (question, other), cell)
        counts = [one.get((cell.row, cell.measure, None), 0) for one in answers]
        return counts, found, whole

    asked_for = laboratory.ask(history, [], compared)
    if asked_for is None:
        return
    counts, found, whole = asked_for

    assert [whole.first, whole.second] == counts
    assert other != question or not found
    known = sorted((question.known_at, other.known_at))
    moments = sorted((question.as_of, other.as_of))
    for one in found:
        because, position = one.reason
        if known[0] < known[1] and figure.name != "ageing":
            # Only what became known in between makes a difference, except that the bands of ageing
            # depend on the other leads as well.
            assert position is not None, one
            assert known[0] < position <= known[1]
        if because in (Because.HAPPENED, Because.ARRIVED):
            assert moments[0] < moments[1]
            assert position is not None


@asked
@given(asked_histories())
def test_more_time_never_makes_fewer_hits(laboratory: Laboratory, asked_history: Asked) -> None:
    history, question = asked_history

    async def hits(driver: Driver) -> list[list[int]]:
        found = []
        for days in WITHIN_DAYS:
            wider = question._replace(within=timedelta(days=days))
            answer = await QUERIES.answer(driver, FIGURES["conversion"], LIFECYCLE, wider)
            found.append([row.counts["so_far"] for row in answer.total])
        return found

    for fewer, more in pairwise(laboratory.ask(history, [], hits)):
        assert all(one <= other for one, other in zip(fewer, more, strict=True))


@asked
@given(asked_histories())
def test_a_yield_never_rises_and_bounds_hold_the_rate_to_come(
    laboratory: Laboratory, asked_history: Asked
) -> None:
    history, question = asked_history

    async def both(driver: Driver) -> tuple[FigureAnswer, FigureAnswer, FigureAnswer]:
        later = question._replace(as_of=day(MATURE_DAY))
        return (
            await QUERIES.answer(driver, FIGURES["yield"], LIFECYCLE, question),
            await QUERIES.answer(driver, FIGURES["conversion"], LIFECYCLE, question),
            await QUERIES.answer(driver, FIGURES["conversion"], LIFECYCLE, later),
        )

    fallen, now, later = laboratory.ask(history, [], both)

    for measure in ("reached", "early"):
        reached = [row.counts[measure] for row in fallen.total]
        assert reached == sorted(reached, reverse=True)
    for row, grown in zip(now.total, later.total, strict=True):
        counts = row.counts
        assert counts["mature"] + counts["immature"] == counts["base"]
        assert grown.counts["immature"] == 0
        # Whatever enters the base after the moment asked about is not in the bounds.
        if grown.counts["base"] == counts["base"]:
            possible = counts["so_far"] + counts["possible"]
            assert counts["so_far"] <= grown.counts["hits"] <= possible


@asked
@given(asked_histories(), CUTS)
def test_the_present_stock_is_that_of_a_moment_after_everything(
    laboratory: Laboratory, asked_history: Asked, cuts: list[int]
) -> None:
    history, question = asked_history
    known_at = len(history.events)
    then = question._replace(
        as_of=day(MATURE_DAY), known_at=known_at, within=timedelta(), unit=FigureUnit.JOURNEY
    )

    async def both(driver: Driver) -> tuple[FigureAnswer, FigureAnswer, list[Any]]:
        now, stock = then._replace(is_now=True), FIGURES["stock"]
        assert stock.kept is not None
        kept = QUERIES._sql[stock.kept]
        values = values_of(stock, LIFECYCLE, then)
        return (
            await QUERIES.answer(driver, stock, LIFECYCLE, now),
            await QUERIES.answer(driver, stock, LIFECYCLE, then),
            await driver.fetch(kept.driver_sql, *kept.arguments(values)),
        )

    now, moment, kept = laboratory.ask(history, cuts, both)

    assert now == moment
    assert kept, "the projection keeps nothing for this position"


def end_of_day(moment: float) -> datetime:
    """Return the last instant of a day in Tokyo."""
    return day(moment).replace(hour=15) - timedelta(microseconds=1)


@asked
@given(asked_histories(), CUTS, MOMENTS.map(day) | MOMENTS.map(end_of_day))
def test_the_stock_at_a_moment_is_the_sum_of_days_and_of_what_followed(
    laboratory: Laboratory, asked_history: Asked, cuts: list[int], moment: datetime
) -> None:
    history, question = asked_history
    then = question._replace(
        as_of=moment,
        known_at=len(history.events),
        within=timedelta(),
        by=question.by if question.by in FIGURES["stock"].kept_then_by else (),
        unit=FigureUnit.JOURNEY,
    )

    async def both(driver: Driver) -> tuple[FigureAnswer, FigureAnswer, list[Any] | None]:
        stock = FIGURES["stock"]
        read = replace(stock, kept_then_by=())
        return (
            await QUERIES.answer(driver, stock, LIFECYCLE, then),
            await QUERIES.answer(driver, read, LIFECYCLE, then),
            await QUERIES._kept(driver, stock, LIFECYCLE, then),
        )

    summed, counted, kept = laboratory.ask(history, cuts, both)

    assert numbers(summed) == numbers(counted)
    assert kept is not None, "the projection keeps nothing for this moment"


@asked
@given(asked_histories())
@pytest.mark.parametrize("figure", LASTING, ids=lambda figure: figure.name)
def test_a_percentile_is_a_real_case_that_so_many_do_not_exceed(
    laboratory: Laboratory, figure: Figure, asked_history: Asked
) -> None:
    history, question = asked_history

    async def read(driver: Driver) -> tuple[FigureAnswer, dict[Any, list[Member]]]:
        answer = await QUERIES.answer(driver, figure, LIFECYCLE, question)
        listed = {
            (row.key, measure): await members(driver, figure, question, Cell(row.key, measure))
            for row in answer.total
            for measure, count in row.counts.items()
            if count
        }
        return answer, listed

    answer, listed = laboratory.ask(history, [], read)

    stays = stays_after(history.events[: question.known_at], ZONE)
    lengths = lengths_by_hand(figure.name, stays, LIFECYCLE, question)
    for row in answer.total:
        for duration in figure.durations:
            case, key = row.durations[duration.name], (row.key, duration.measure)
            if case is None:
                assert key not in lengths
                continue
            assert case.length == percentile(lengths[key], duration.percent)
            if figure.measure(duration.measure) is not None:
                assert any(one.place[:2] == case[1:] for one in listed[key])
