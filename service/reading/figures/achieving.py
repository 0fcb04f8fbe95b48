"""Plans and actuals: how much of each target has been reached, and where it will land."""

from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import NamedTuple

from domain.lifecycle.compiled.business_time import DAY_MAX, DAY_MIN, BusinessTime
from domain.lifecycle.definition import Lifecycle
from events.database.sessions import Driver
from projections.figures.actuals import ComparedNumber, Reached, compared_with, reached_in
from projections.figures.definition import Figure
from projections.figures.queries import FigureQueries, Reading
from projections.figures.question import AN_INSTANT, Dimension, FigureAnswer, Question
from projections.plans.projection import PlanQueries, Target, WantedPlans
from service.http.problem import Problem
from service.limits import TARGET_DAYS_MAX, TARGETS_MAX
from service.reading.figures.asking import Given, question_from
from service.reading.figures.periods import calendar_of

ONE_DAY = timedelta(days=1)


class Progress(NamedTuple):
    """The business days of a period: those that have begun, and all."""

    passed: int
    all: int

    @property
    def share(self) -> Fraction | None:
        return Fraction(self.passed, self.all) if self.all else None


class Actual(NamedTuple):
    """A number of a figure, with the question that it answers."""

    compared: ComparedNumber
    given: Given
    question: Question
    reached: Reached


class Achieved(NamedTuple):
    """A target, and what has come of it."""

    target: Target
    actual: Actual | None
    """None: no figure counts what the target is about."""
    progress: Progress | None
    """None: the lifecycle has no calendar, or the target is for decades."""

    @property
    def rate(self) -> Fraction | None:
        """Return actual ÷ plan; None without an actual, or if nothing is planned."""
        if self.actual is None or not self.target.plan:
            return None
        return Fraction(self.actual.reached.value) / Fraction(self.target.plan)

    @property
    def landing(self) -> Fraction | None:
        """Return where the actual will be at the end of the period if the days to come are alike.

        None before its first business day, and for what does not accumulate.
        """
        if self.actual is None or not self.actual.compared.accumulates or self.progress is None:
            return None
        share = self.progress.share
        return Fraction(self.actual.reached.value) / share if share else None


class Actuals:
    """Reads numbers of figures at one moment.

    A class, because targets of the same days share answers: each figure is asked once for a period.
    """

    def __init__(
        self,
        driver: Driver,
        queries: FigureQueries,
        *,
        lifecycle: Lifecycle,
        reading: Reading,
        about: Question,
    ) -> None:
        self._driver, self._queries = driver, queries
        self.lifecycle, self.reading, self.about = lifecycle, reading, about
        self._answers: dict[tuple[str, Question], FigureAnswer] = {}

    async def of(self, compared: ComparedNumber, first: date, last: date) -> Actual:
        """Return a number for a period, both days included."""
        given = self._given(compared.by, first, last)
        question = self._question(compared.figure, given)
        asked = (compared.figure.name, question)
        if asked not in self._answers:
            self._answers[asked] = await self._queries.answer(
                self._driver, compared.figure, self.lifecycle, question
            )
        return Actual(compared, given, question, reached_in(self._answers[asked], compared))

    def _given(self, by: Sequence[Dimension], first: date, last: date) -> Given:
        days = {"from": within_bounds(first).isoformat(), "to": within_bounds(last).isoformat()}
        return {**days, "by": ",".join(by)} if by else days

    def _question(self, figure: Figure, given: Given) -> Question:
        asked = question_from(figure, given, self.lifecycle, self.reading, now=self.about.as_of)
        return asked._replace(as_of=self.about.as_of, is_now=self.about.is_now)


async def achieved(
    actuals: Actuals, plans: PlanQueries, driver: Driver, calendar: BusinessTime | None
) -> list[Achieved]:
    """Return the targets for the days of a period, as they were at its moment.

    Raises Problem: parameter-invalid, for too many.
    """
    targets = await targets_of(driver, plans, actuals.about, actuals.lifecycle)
    return [await _achieved(actuals, target, calendar) for target in targets]


async def targets_of(
    driver: Driver, plans: PlanQueries, question: Question, lifecycle: Lifecycle
) -> list[Target]:
    """Return the targets for the days of a period. Raises Problem: parameter-invalid."""
    found = await plans.targets(driver, wanted_plans(question, lifecycle, limit=TARGETS_MAX + 1))
    if len(found) > TARGETS_MAX:
        raise Problem(
            "parameter-invalid",
            f"There are more than {TARGETS_MAX} targets for these days: choose a shorter period.",
            parameter="period",
        )
    order = {code: place for place, code in enumerate(lifecycle.departments)}
    figures = {code: place for place, code in enumerate(lifecycle.target_figures)}
    return sorted(
        found,
        key=lambda target: (
            target.starts_on,
            target.ends_on,
            order.get(target.department, len(order)),
            figures.get(target.figure, len(figures)),
            target.about,
        ),
    )


async def _achieved(actuals: Actuals, target: Target, calendar: BusinessTime | None) -> Achieved:
    compared = compared_with(target, actuals.lifecycle)
    first, last = target.starts_on, target.ends_on
    actual = await actuals.of(compared, first, last) if compared is not None else None
    today = _local_day(actuals.about, actuals.lifecycle)
    return Achieved(target, actual, progress_in(calendar, first, last, today=today))


def progress_in(
    calendar: BusinessTime | None, first: date, last: date, *, today: date
) -> Progress | None:
    """Count the business days of a period, and those of them up to today, which counts."""
    length = (last - first).days + 1
    if calendar is None or length > TARGET_DAYS_MAX:
        return None
    days = (first + ONE_DAY * number for number in range(length))
    open_days = [day for day in days if calendar.is_business_day(day)]
    return Progress(sum(day <= today for day in open_days), len(open_days))


def wanted_plans(question: Question, lifecycle: Lifecycle, *, limit: int) -> WantedPlans:
    """Ask for the plans that are for some of the days of a question's period."""
    zone = calendar_of(lifecycle).zone
    since, until = question.since, question.until
    return WantedPlans(
        question.as_of,
        question.known_at,
        since.astimezone(zone).date() if since is not None else None,
        (until - AN_INSTANT).astimezone(zone).date() if until is not None else None,
        limit,
    )


def within_bounds(day: date) -> date:
    """Return a day, or the nearest that figures can be asked about."""
    return min(max(day, DAY_MIN), DAY_MAX)


def _local_day(question: Question, lifecycle: Lifecycle) -> date:
    return question.as_of.astimezone(calendar_of(lifecycle).zone).date()
