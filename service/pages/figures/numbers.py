"""Numbers of figures as pages show them: each with its words, and the address of its list.

    stock = await ask(view, looking, STOCK)
    stock.number(row, "standing")

The list behind a number is asked for with the same parameters as the number itself.
"""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Final, NamedTuple

from domain.lifecycle.definition import UNPLACED, SubjectKind, Track
from projections.figures.definition import Figure
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
from projections.figures.rows import track_of
from projections.figures.stages import STOCK
from service.ingest.labels import label_of
from service.pages.frame.looking import Looking
from service.pages.frame.rendering import View
from service.reading.figures.breakdowns import describe_values
from service.reading.figures.defining import label_in
from service.reading.figures.periods import DAY

VALUES: Final = ("value", "second")
"""The parameters that name the values of one or two breakdowns."""
UNREPORTED: Final = "unreported"
"""The parameter that says which of them are those of leads without a value."""


class LinkedNumber(NamedTuple):
    """A number, and the address of the list behind it; None for 0, which has none."""

    value: int
    link: str | None
    amount: Decimal | None = None
    """What is shown instead of the count, in a row of amounts."""


class LinkedCase(NamedTuple):
    """How long one real case lasted, in days, and the address of the case."""

    days: str
    link: str


class FigureOnPage(NamedTuple):
    """A figure, what was asked of it, and what it answers."""

    view: View
    looking: Looking
    figure: Figure
    given: Mapping[str, str]
    """The parameters it was asked with."""
    question: Question
    answer: FigureAnswer

    @property
    def rows(self) -> tuple[FigureRow, ...]:
        return self.answer.total

    @property
    def parts(self) -> tuple[FigurePart, ...]:
        return self.answer.parts

    @property
    def label(self) -> str:
        return label_in(self.figure.words, self.view.words.language)

    @property
    def definition(self) -> str:
        return self.figure.words.definition[self.view.words.language]

    @property
    def formula(self) -> str:
        return self.figure.formula[self.view.words.language]

    def heading(self, name: str) -> str:
        """Return the label of a measure, a share or a duration."""
        figure = self.figure
        words = {
            **{one.name: one.words for one in figure.measures},
            **{one.name: one.words for one in figure.shares},
            **{one.name: one.words for one in figure.durations},
        }
        return label_in(words[name], self.view.words.language)

    def row_label(self, key: RowKey) -> str:
        return row_label(self.view, self.looking, self.figure, key)

    def value_label(self, value: str) -> str:
        return value_label(self.view, self.looking, self.question.by, value)

    def number(self, row: FigureRow, measure: str, part: FigurePart | None = None) -> LinkedNumber:
        """Return a number of a row, of the total or of a part."""
        count, known = row.counts.get(measure, 0), self.figure.measure(measure)
        if not count or (known is not None and known.is_given):
            return LinkedNumber(count, None)
        amount = row.amounts[measure] if row.amounts is not None else None
        return LinkedNumber(count, self.list_url(row.key, measure, part), amount)

    def list_url(self, key: RowKey, measure: str, part: FigurePart | None = None) -> str:
        """Return the address of the list behind a number."""
        given = dict(self.given)
        by = given.pop("by", None)
        of_part = {"by": by, **part_parameters(part.value)} if part is not None else {}
        return self.view.url(
            "/leads",
            figure=self.figure.name if self.figure is not STOCK else None,
            track=str(key.track) if key.track is not SubjectKind.LEAD else None,
            row=key.name,
            measure=measure if measure != self.figure.main else None,
            **of_part,
            **given,
        )

    def case(self, row: FigureRow, name: str) -> LinkedCase | None:
        """Return the real case that a percentile is."""
        lasting = row.durations.get(name)
        if lasting is None:
            return None
        place = f"/leads/{lasting.subject_id}" if row.key.track is SubjectKind.LEAD else None
        return LinkedCase(days_of(lasting), self.view.url(place or f"/records/{lasting.position}"))


async def ask(view: View, looking: Looking, figure: Figure, **instead: str | None) -> FigureOnPage:
    """Ask a figure with the parameters of the page, and others instead of some.

    Raises Problem: parameter-invalid.
    """
    given = looking.given(figure, **instead)
    question = looking.question(figure, given)
    answer = await looking.queries.answer(looking.driver, figure, looking.lifecycle, question)
    return FigureOnPage(view, looking, figure, given, question, answer)


def row_label(view: View, looking: Looking, figure: Figure, key: RowKey) -> str:
    """Return what a row of a figure is called."""
    words = figure.row_words.get(key.name)
    if words is not None:
        return label_in(words, view.words.language)
    if figure.named_by is not None:
        return label_of(figure.named_by(looking.lifecycle), key.name, view.codes.language)
    return stage_in(view, track_of(looking.lifecycle, key.track), key.name)


def stage_in(view: View, track: Track, code: str) -> str:
    """Return the label of a stage."""
    if code == UNPLACED:
        return view.codes.stage(None)
    return label_of(track.stages, code, view.codes.language)


def value_label(view: View, looking: Looking, by: tuple[Dimension, ...], joined: str) -> str:
    """Return what the values of a part are called."""
    found = describe_values(by, joined, looking.lifecycle, view.codes.language)
    labels = [found.get("value_label") or found["value"]]
    if len(by) > 1:
        labels.append(found.get("second_value_label") or found["second_value"])
    return " · ".join(label or view.words("figures.unreported") for label in labels)


def part_parameters(joined: str) -> dict[str, str | None]:
    """Return the parameters of `/leads` that name the values of a part."""
    named = dict(zip(VALUES, joined.split(BETWEEN_VALUES), strict=False))
    unreported = [name for name, value in named.items() if not value]
    return {**named, UNREPORTED: ",".join(unreported) or None}


def part_named(asked: Mapping[str, str]) -> str | None:
    """Return the values that parameters of `/leads` name; None: no part is meant."""
    unreported = asked.get(UNREPORTED, "").split(",")
    values = [asked.get(name, "") for name in VALUES if name in asked or name in unreported]
    return BETWEEN_VALUES.join(values) if values else None


def percent(share: Fraction | None) -> str | None:
    """Write a share with one decimal; None if it is not shown."""
    return f"{float(share * 100):.1f} %" if share is not None else None


def days_of(lasting: Lasting) -> str:
    """Write a length in days, with one decimal."""
    return f"{lasting.length / DAY:,.1f}"
