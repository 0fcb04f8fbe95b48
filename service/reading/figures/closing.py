"""Closed periods: each number as it was confirmed next to what it is now, and the leads between."""

from collections.abc import Sequence
from typing import NamedTuple

from events.database.sessions import Driver
from projections.figures.actuals import TARGETS_READ, ComparedNumber, closed_numbers
from projections.figures.queries import FIRST, FigureQueries, Side
from projections.figures.question import Question
from projections.plans.projection import Closing, PlanQueries
from service.http.problem import Problem
from service.limits import CLOSINGS_MAX
from service.reading.figures.achieving import Actual, Actuals, wanted_plans


class ConfirmedNumber(NamedTuple):
    """A number of a closed period."""

    figure: str
    """The target figure that it counts towards."""
    confirmed: Actual
    current: Actual
    changed: int | None
    """The leads, passes or pieces of business that count in one of the two readings only, or
    differently; None if there are too many to compare."""

    @property
    def compared(self) -> ComparedNumber:
        return self.current.compared


class ConfirmedPeriod(NamedTuple):
    """A closed period and its numbers."""

    closing: Closing
    numbers: Sequence[ConfirmedNumber]


async def closed_periods(
    actuals: Actuals, queries: FigureQueries, plans: PlanQueries, driver: Driver
) -> list[ConfirmedPeriod]:
    """Return the closed periods with some of the days asked about, the latest first.

    Raises Problem: parameter-invalid, for too many.
    """
    about = actuals.about
    wanted = wanted_plans(about, actuals.lifecycle, limit=CLOSINGS_MAX + 1)
    closings = await plans.closings(driver, wanted)
    if len(closings) > CLOSINGS_MAX:
        raise Problem(
            "parameter-invalid",
            f"More than {CLOSINGS_MAX} closed periods have some of these days: choose a shorter "
            "period.",
            parameter="period",
        )
    return [
        ConfirmedPeriod(closing, await _numbers(closing, actuals, queries, driver))
        for closing in closings
    ]


async def _numbers(
    closing: Closing, actuals: Actuals, queries: FigureQueries, driver: Driver
) -> list[ConfirmedNumber]:
    """Read what a closing confirms at its position, and again now.

    What counts is what the lifecycle of that position says.
    """
    confirming = await confirmed(closing, actuals, queries, driver)
    days = closing.starts_on, closing.ends_on
    numbers = []
    for figure, compared in closed_numbers(closing.figure, confirming.lifecycle).items():
        before = await confirming.of(compared, *days)
        now = await actuals.of(compared, *days)
        sides = (
            Side(confirming.lifecycle, before.question, compared.cell),
            Side(actuals.lifecycle, now.question, compared.cell),
        )
        page = await queries.compare(
            driver, compared.figure, sides, after=FIRST.subject_id, limit=1
        )
        changed = len(page.whole.differing) if page.whole is not None else None
        numbers.append(ConfirmedNumber(figure, before, now, changed))
    return numbers


async def confirmed(
    closing: Closing, actuals: Actuals, queries: FigureQueries, driver: Driver
) -> Actuals:
    """Return what reads numbers as a closing confirms them: as they were known at its position."""
    reading = await queries.reading(driver, closing.read_at, TARGETS_READ)
    lifecycle = reading.in_force.lifecycle if reading.in_force is not None else actuals.lifecycle
    about = Question(as_of=reading.recorded_at, known_at=reading.position)
    return Actuals(driver, queries, lifecycle=lifecycle, reading=reading, about=about)
