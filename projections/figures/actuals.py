"""What is compared with a target: a number of another figure, so that the two always agree."""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Final, NamedTuple

from domain.lifecycle.definition import OF_AMOUNTS, Counts, Lifecycle, SubjectKind
from projections.figures.definition import Figure
from projections.figures.money.bought import GROSS_PROFIT, ORDERS, READS, VALUE
from projections.figures.money.funnel_by_side import FUNNEL_BY_SIDE
from projections.figures.over_time.customers import CUSTOMERS, ROW
from projections.figures.over_time.deals import CREATED, DEALS
from projections.figures.question import (
    BETWEEN_VALUES,
    DIMENSIONS_MAX,
    Cell,
    Dimension,
    FigureAnswer,
    RowKey,
)
from projections.figures.stages import FLOW
from projections.names import ProjectionName
from projections.plans.projection import NARROWER, Target

TARGETS_READ: Final = (*READS, ProjectionName.PLANS)
"""The projections from which targets and everything compared with them are read."""


NOTHING_NARROWER: Final[Mapping[str, str]] = MappingProxyType({})


class ComparedNumber(NamedTuple):
    """The number of a figure that is compared with a target."""

    figure: Figure
    by: tuple[Dimension, ...]
    """What the target is for, if it is not for all: the number is that of this value."""
    cell: Cell
    is_amount: bool
    accumulates: bool
    """Whether it grows during the period. False: it is a state at the end."""


class Reached(NamedTuple):
    """How much was reached."""

    members: int
    amount: Decimal | None = None
    """What they add up to, if that is what is compared."""

    @property
    def value(self) -> Decimal:
        return Decimal(self.members) if self.amount is None else self.amount


def compared_with(target: Target, lifecycle: Lifecycle) -> ComparedNumber | None:
    """Return the number that is compared with a target; None if no figure counts it.

    A target for more than two things at once has no number.
    """
    narrower = {name: value for name in NARROWER if (value := getattr(target, name))}
    if len(narrower) > DIMENSIONS_MAX:
        return None
    return number_of(target.figure, lifecycle, currency=target.currency, narrower=narrower)


def closed_numbers(closed: str, lifecycle: Lifecycle) -> dict[str, ComparedNumber]:
    """Return the numbers that a closing confirms: those of one target figure, or of all.

    Amounts are those in the currency of the lifecycle.
    """
    rules = lifecycle.contribution
    currency = rules.currency if rules is not None else None
    numbers = {
        figure: number_of(figure, lifecycle, currency=currency or "")
        for figure in lifecycle.target_figures
        if closed in ("", figure)
    }
    return {
        figure: number
        for figure, number in numbers.items()
        if number is not None and (currency is not None or not number.is_amount)
    }


def number_of(
    figure_planned: str,
    lifecycle: Lifecycle,
    *,
    currency: str,
    narrower: Mapping[str, str] = NOTHING_NARROWER,
) -> ComparedNumber | None:
    """Return the number of a target figure, as the lifecycle says; None if it does not."""
    actual = lifecycle.actuals.get(figure_planned)
    if actual is None:
        return None
    counts, stage = actual
    if counts in (Counts.ENTRIES, Counts.PRESENT):
        assert stage is not None, f"{counts} without a stage"
        is_of_lead = stage in lifecycle.lead.stages
        key = RowKey(SubjectKind.LEAD if is_of_lead else SubjectKind.ACCOUNT, stage)
        figure, measure = FLOW, "first" if counts is Counts.ENTRIES else "after"
    elif counts is Counts.DEALS:
        figure, key, measure = DEALS, RowKey(SubjectKind.LEAD, CREATED), "created"
    elif counts is Counts.ENDED:
        figure, key, measure = CUSTOMERS, RowKey(SubjectKind.ACCOUNT, ROW), "ended"
    else:
        figure, measure = FUNNEL_BY_SIDE, "total"
        key = RowKey(SubjectKind.LEAD, _ROWS[counts].format(currency=currency))
    value = BETWEEN_VALUES.join(narrower.values()) if narrower else None
    return ComparedNumber(
        figure,
        tuple(map(Dimension, narrower)),
        Cell(key, measure, value),
        is_amount=counts in OF_AMOUNTS,
        accumulates=counts is not Counts.PRESENT,
    )


_ROWS: Final = {
    Counts.ORDERS: ORDERS,
    Counts.VALUE: f"{ORDERS}_{VALUE}_{{currency}}",
    Counts.GROSS_PROFIT: f"{ORDERS}_{GROSS_PROFIT}_{{currency}}",
}
"""The rows of orders in the funnel by side."""


def reached_in(answer: FigureAnswer, compared: ComparedNumber) -> Reached:
    """Find the number in the answer of its figure. What is not in it is zero."""
    cell = compared.cell
    rows = answer.total
    if cell.value is not None:
        rows = next((part.rows for part in answer.parts if part.value == cell.value), ())
    row = next((row for row in rows if row.key == cell.row), None)
    zero = Decimal() if compared.is_amount else None
    if row is None:
        return Reached(0, zero)
    return Reached(
        row.counts[cell.measure],
        row.amounts[cell.measure] if row.amounts is not None else zero,
    )
