"""Build a figure's answer from counted members. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Final, NamedTuple

from domain.lifecycle.definition import Lifecycle, SubjectKind
from projections.figures.costs import CostOf, Spent, costs_of
from projections.figures.definition import Figure, FigureShare, ShareOf
from projections.figures.question import (
    BETWEEN_VALUES,
    Dimension,
    FigureAnswer,
    FigurePart,
    FigureRow,
    Lasting,
    Question,
    RowKey,
)

SHARED_MIN: Final = 5
"""A share of fewer is not shown: one more or less would change it by twenty percentage points."""


class Counted(NamedTuple):
    """Members that count for the same measures in the same row."""

    kind: str
    in_row: str
    value: str
    measures: str
    members: int
    last_at: datetime | None
    amount: Decimal | None = None
    """What they add up to, in a row of amounts."""

    @property
    def row(self) -> RowKey:
        return RowKey(SubjectKind(self.kind), self.in_row)


class Measured(NamedTuple):
    """A percentile in a row, in total or for a value."""

    name: str
    kind: str
    in_row: str
    value: str | None
    length: timedelta
    subject_id: str
    position: int


def answer_from(
    counted: Sequence[Counted],
    measured: Iterable[Measured],
    figure: Figure,
    lifecycle: Lifecycle,
    question: Question,
    *,
    spent: Sequence[Spent] = (),
) -> FigureAnswer:
    """Return the total and one part for each value, all with the same rows."""
    keys = figure.rows(lifecycle, question, dict.fromkeys(one.row for one in counted))
    of_amounts = {one.row for one in counted if one.amount is not None}
    cases = {
        (one.value, RowKey(SubjectKind(one.kind), one.in_row), one.name): Lasting(*one[4:])
        for one in measured
    }

    is_by_campaign = question.by == (Dimension.CAMPAIGN,)

    def has_costs(value: str | None) -> bool:
        return value is None or is_by_campaign

    def rows(value: str | None) -> tuple[FigureRow, ...]:
        measured_for = None if figure.measures_whole_rows else value
        found: defaultdict[RowKey, list[Counted]] = defaultdict(list)
        for one in counted:
            if value in (None, one.value):
                found[one.row].append(one)
        counts = [_counts(found[key], figure) for key in keys]
        costs = [one for one in spent if value in (None, one.campaign)] if has_costs(value) else []
        amounts = [_amounts(found[key], figure) if key in of_amounts else None for key in keys]
        return tuple(
            FigureRow(
                key,
                counts[place],
                {
                    share.name: _share(share, keys, counts, place, amounts[place])
                    if key.name not in share.except_in
                    else None
                    for share in figure.shares
                },
                _last_at(found[key]) if question.within else None,
                {one.name: cases.get((measured_for, key, one.name)) for one in figure.durations},
                amounts[place],
                _costs(key, counts[place], costs, figure) if amounts[place] is None else None,
            )
            for place, key in enumerate(keys)
        )

    total = rows(None)
    if not question.by:
        return FigureAnswer(total, ())
    found = {one.value for one in counted}
    if is_by_campaign:
        found |= {one.campaign for one in spent}
    values = sorted(found, key=_unreported_last)
    return FigureAnswer(total, tuple(FigurePart(value, rows(value)) for value in values))


def _unreported_last(value: str) -> list[tuple[bool, str]]:
    return [(one == "", one) for one in value.split(BETWEEN_VALUES)]


def _last_at(counted: Iterable[Counted]) -> datetime | None:
    return max((one.last_at for one in counted if one.last_at is not None), default=None)


def _counts(counted: Iterable[Counted], figure: Figure) -> dict[str, int]:
    """Add up members by what they count for; a sum is that of its measures."""
    single: defaultdict[str, int] = defaultdict(int)
    for one in counted:
        for name in one.measures.split():
            single[name] += one.members
    return {
        measure.name: sum(single[name] for name in figure.counted_by(measure))
        for measure in figure.measures
    }


def _amounts(counted: Iterable[Counted], figure: Figure) -> dict[str, Decimal]:
    """Add up what members add to each measure."""
    single: defaultdict[str, Decimal] = defaultdict(Decimal)
    for one in counted:
        for name in one.measures.split():
            single[name] += one.amount or 0
    return {
        measure.name: sum((single[name] for name in figure.counted_by(measure)), Decimal())
        for measure in figure.measures
    }


def _costs(
    key: RowKey, counts: Mapping[str, int], spent: Sequence[Spent], figure: Figure
) -> Mapping[str, CostOf] | None:
    if figure.costs is None:
        return None
    is_mature = key.name != figure.costs.of_row
    results = counts[figure.costs.mature if is_mature else figure.costs.results]
    return costs_of(spent, results, is_mature=is_mature)


def _share(
    share: FigureShare,
    keys: Sequence[RowKey],
    counts: Sequence[Mapping[str, int]],
    place: int,
    amounts: Mapping[str, Decimal] | None,
) -> Fraction | None:
    """Return a share of counts; in a row of amounts, that of the amounts."""
    first = next(n for n, key in enumerate(keys) if key.track is keys[place].track)
    of_place = {
        ShareOf.THE_SAME: place,
        ShareOf.THE_FIRST: first,
        ShareOf.THE_ONE_BEFORE: max(0, place - 1),
    }[share.of_row]
    whole = counts[of_place][share.out_of]
    if whole < SHARED_MIN:
        return None
    if amounts is not None:
        of_amount = sum((amounts[name] for name in share.of), Decimal())
        whole_amount = amounts[share.out_of]
        return Fraction(of_amount) / Fraction(whole_amount) if whole_amount > 0 else None
    return Fraction(sum(counts[place][name] for name in share.of), whole)
