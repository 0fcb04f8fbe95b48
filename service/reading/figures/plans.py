"""`against=plan`: the numbers of a figure with the targets for the same days."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from events.database.sessions import Driver
from projections.figures.actuals import ComparedNumber, compared_with, reached_in
from projections.figures.question import FigureAnswer
from projections.plans.projection import PlanQueries, Target
from service.reading.figures.achieving import ONE_DAY, targets_of, wanted_plans
from service.reading.figures.describing import FigureWording, share_text
from service.reading.figures.periods import calendar_of
from service.shapes import figures as shapes


class Planned(NamedTuple):
    """What is planned for a number of a figure in the whole of a period."""

    target: Target
    """One of the targets that make it up."""
    compared: ComparedNumber
    plan: Decimal
    reached: Decimal


async def planned_for(
    driver: Driver, plans: PlanQueries, answer: FigureAnswer, wording: FigureWording
) -> list[Planned]:
    """Return what is planned for the numbers of an answer. Raises Problem: parameter-invalid."""
    figure, question, lifecycle = wording.figure, wording.question, wording.lifecycle
    wanted, calendar = wanted_plans(question, lifecycle, limit=0), calendar_of(lifecycle)
    first, last = wanted.first_day, wanted.last_day
    assert first is not None
    assert last is not None
    if (calendar.begins(first), calendar.ends(last)) != (question.since, question.until):
        return []
    alike: defaultdict[tuple[str, ...], list[Target]] = defaultdict(list)
    for target in await targets_of(driver, plans, question, lifecycle):
        alike[target.about].append(target)
    found = []
    for targets in alike.values():
        compared, plan = compared_with(targets[0], lifecycle), whole_plan(targets, first, last)
        if compared is None or plan is None or compared.figure.name != figure.name:
            continue
        # An answer has the numbers of a part only if it is broken down by what is planned.
        if compared.by in ((), question.by):
            reached = reached_in(answer, compared).value
            found.append(Planned(targets[0], compared, plan, reached))
    return found


def describe_plans(planned: Sequence[Planned]) -> list[shapes.PlannedNumber]:
    """Describe what is planned for the numbers of a figure."""
    return [
        {
            "department": one.target.department,
            "figure": one.target.figure,
            "currency": one.target.currency or None,
            "track": str(one.compared.cell.row.track),
            "row": one.compared.cell.row.name,
            "measure": one.compared.cell.measure,
            "values": list(one.compared.cell.values) if one.compared.cell.values else None,
            "plan": format(one.plan, "f"),
            "achieved": share_text(Fraction(one.reached) / Fraction(one.plan))
            if one.plan
            else None,
        }
        for one in planned
    ]


def whole_plan(targets: Sequence[Target], first: date, last: date) -> Decimal | None:
    """Return what is planned for a period; None unless targets cover each of its days.

    The targets are for the same thing, and do not overlap: three months make up a quarter.
    """
    ordered = sorted(targets, key=lambda target: target.starts_on)
    begins = first
    for target in ordered:
        if target.starts_on != begins:
            return None
        begins = target.ends_on + ONE_DAY
    if begins != last + ONE_DAY:
        return None
    return sum((target.plan for target in ordered), Decimal())
