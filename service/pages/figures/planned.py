"""Numbers that are compared with targets, as pages show them."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Final, NamedTuple

from domain.lifecycle.definition import Lifecycle, SubjectKind
from projections.figures.question import Cell
from projections.figures.stages import FLOW
from projections.plans.projection import NARROWER, Target
from service.ingest.labels import label_of
from service.pages.figures.numbers import LinkedNumber, part_parameters, percent
from service.pages.frame.looking import Looking
from service.pages.frame.rendering import View
from service.reading.figures.achieving import Achieved, Actual, Actuals
from service.reading.figures.periods import DAY, Period


def actuals_of(looking: Looking, **instead: str) -> Actuals:
    """Return what reads the numbers that a page is about."""
    about = looking.question(FLOW, {**looking.given(FLOW), **instead})
    return Actuals(
        looking.driver,
        looking.queries,
        lifecycle=looking.lifecycle,
        reading=looking.reading,
        about=about,
    )


def department_label(view: View, lifecycle: Lifecycle, target: Target) -> str:
    """Return what the department of a target is called."""
    return label_of(lifecycle.departments, target.department, view.codes.language)


def figure_label(view: View, lifecycle: Lifecycle, figure: str) -> str:
    """Return what a target figure is called."""
    return label_of(lifecycle.target_figures, figure, view.codes.language)


MOMENT: Final = ("as_of", "known_at")
"""The parameters of a page that its links keep."""


class TargetRow(NamedTuple):
    """A target, and what has come of it."""

    department: str
    figure: str
    about: str
    """What it is for, if it is not for all; its currency."""
    plan: Decimal
    original: Decimal
    actual: LinkedNumber | None
    achieved: str | None
    passed: str | None
    landing: Fraction | None


class PlanOfMonth(NamedTuple):
    """What is planned for a number of this month, and how much of it is reached."""

    plan: Decimal
    rate: str | None


def plans_of_month(
    targets: Sequence[Achieved], month: Period, lifecycle: Lifecycle
) -> Mapping[tuple[str, Cell], Decimal]:
    """Return what is planned for the whole of a month, by the figure and number it is about.

    If several departments have a target for the same number, that of the department to which the
    figure belongs counts, or else the first.
    """
    plans: dict[tuple[str, Cell], Decimal] = {}
    its_own_first = sorted(targets, key=lambda one: not _is_its_own(one.target, lifecycle))
    for target, actual, _ in its_own_first:
        days = target.starts_on, target.ends_on
        if actual is not None and days == (month.first, month.beyond - DAY):
            compared = actual.compared
            plans.setdefault((compared.figure.name, compared.cell), target.plan)
    return plans


def _is_its_own(target: Target, lifecycle: Lifecycle) -> bool:
    figure = lifecycle.target_figures.get(target.figure)
    return figure is not None and target.department in figure.departments


def plan_of(plan: Decimal | None, reached: Decimal | int) -> PlanOfMonth | None:
    """Return a plan and the share of it that is reached; None if there is no plan."""
    if plan is None:
        return None
    return PlanOfMonth(plan, percent(Fraction(reached) / Fraction(plan)) if plan else None)


def linked(view: View, actual: Actual, moment: Mapping[str, str]) -> LinkedNumber:
    """Return a number with the address of the list behind it."""
    reached = actual.reached
    address = view.url("/leads", **number_parameters(actual), **moment)
    return LinkedNumber(reached.members, address if reached.members else None, reached.amount)


def number_parameters(actual: Actual) -> dict[str, str | None]:
    """Return the parameters of `/leads` and `/compare` that name a number."""
    figure, by, cell, *_ = actual.compared
    return {
        "figure": figure.name,
        "track": str(cell.row.track) if cell.row.track is not SubjectKind.LEAD else None,
        "row": cell.row.name,
        "measure": cell.measure if cell.measure != figure.main else None,
        "by": ",".join(by) or None,
        **(part_parameters(cell.value) if cell.value is not None else {}),
        "from": actual.given["from"],
        "to": actual.given["to"],
    }


def target_row(view: View, looking: Looking, one: Achieved) -> TargetRow:
    """Return a target as pages show it."""
    target = one.target
    moment = {name: looking.asked[name] for name in MOMENT if name in looking.asked}
    return TargetRow(
        department_label(view, looking.lifecycle, target),
        figure_label(view, looking.lifecycle, target.figure),
        " · ".join(
            value for name in (*NARROWER, "currency") if (value := str(getattr(target, name)))
        ),
        target.plan,
        target.original,
        linked(view, one.actual, moment) if one.actual is not None else None,
        percent(one.rate),
        percent(one.progress.share) if one.progress is not None else None,
        one.landing,
    )
