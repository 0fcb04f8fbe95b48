"""A figure as a table on a page: its rows, each number with its list, its shares and its cases."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from domain.lifecycle.words import Words
from projections.figures.definition import Measure
from projections.figures.question import FigurePart, FigureRow, RowKey
from service.pages.figures.numbers import FigureOnPage, LinkedCase, LinkedNumber, percent


class SheetRow(NamedTuple):
    """A row of a figure, of the total or of a part."""

    part: str | None
    label: str
    definition: str | None
    """What the row counts, where its name does not say it."""
    numbers: list[LinkedNumber]
    shares: list[str | None]
    cases: list[LinkedCase | None]


class FigureSheet(NamedTuple):
    """The headings of a table, and its rows."""

    label: str
    numbers: list[str]
    shares: list[str]
    cases: list[str]
    rows: list[SheetRow]


def sheet_of(
    one: FigureOnPage,
    parts: Sequence[FigurePart] | None = None,
    *,
    only: Callable[[Measure], bool] = lambda measure: not measure.is_detail,
    defined: Callable[[RowKey], Words | None] = lambda _: None,
) -> FigureSheet:
    """Return the table of the total, or of some parts, without their empty rows."""
    figure = one.figure
    measures = [measure.name for measure in figure.measures if only(measure)]

    def row_of(row: FigureRow, part: FigurePart | None) -> SheetRow:
        words = defined(row.key)
        return SheetRow(
            one.value_label(part.value) if part is not None else None,
            one.row_label(row.key),
            words.definition.get(one.view.words.language) if words is not None else None,
            [one.number(row, name, part) for name in measures],
            [percent(row.shares[share.name]) for share in figure.shares],
            [one.case(row, duration.name) for duration in figure.durations],
        )

    if parts is None:
        rows = [row_of(row, None) for row in one.rows]
    else:
        rows = [
            row_of(row, part) for part in parts for row in part.rows if any(row.counts.values())
        ]
    return FigureSheet(
        one.label,
        [one.heading(name) for name in measures],
        [one.heading(share.name) for share in figure.shares],
        [one.heading(duration.name) for duration in figure.durations],
        rows,
    )
