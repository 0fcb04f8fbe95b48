"""Figures in JSON: every number with the path of the list behind it, labels on request."""

import re
from datetime import timedelta
from fractions import Fraction
from typing import Final, NamedTuple
from urllib.parse import urlencode

from domain.lifecycle.definition import UNPLACED, Lifecycle
from domain.lifecycle.words import Words
from domain.times import format_optional_utc, format_utc
from projections.figures import parameters
from projections.figures.definition import Figure
from projections.figures.question import (
    Cell,
    FigureAnswer,
    FigureRow,
    FigureUnit,
    Lasting,
    Member,
    MemberPage,
    Place,
    Question,
    RowKey,
)
from projections.figures.rows import track_of
from service.http.problem import Problem
from service.ingest.labels import label_of
from service.limits import FIGURE_PARTS_MAX
from service.reading.figures.breakdowns import describe_values
from service.reading.figures.defining import label_in
from service.shapes import figures as shapes

PATH: Final = "/v1/figures"
DAY: Final = timedelta(days=1)
MICROSECOND: Final = timedelta(microseconds=1)
_PLACES: Final = 6
_UNPLACED: Final = Words({"ja": "ステージなし", "en": "no stage"})
_PLACE = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([0-9]{1,18})\.([0-9]{1,9})")


class FigureWording(NamedTuple):
    """What an answer is written with."""

    figure: Figure
    question: Question
    lifecycle: Lifecycle
    version: int | None
    language: str | None
    zone: str | None = None
    """The time zone that was asked for; None: the lifecycle's."""


def describe_figure(answer: FigureAnswer, wording: FigureWording) -> shapes.AnsweredFigure:
    """Describe every number of a figure. Raises Problem: parameter-invalid, for too many parts."""
    figure, question = wording.figure, wording.question
    if len(answer.parts) > FIGURE_PARTS_MAX:
        raise Problem(
            "parameter-invalid",
            f"There are {len(answer.parts):,} values of {_by(question)}, and an answer has at "
            f"most {FIGURE_PARTS_MAX}: choose a shorter period or another breakdown.",
            parameter="by",
        )
    return {
        **_asked(wording),
        "main": figure.main,
        "measures": [
            {**_labelled(one.name, one.words, wording), "is_detail": one.is_detail}
            for one in figure.measures
        ],
        "shares": [_labelled(one.name, one.words, wording) for one in figure.shares],
        "durations": [_labelled(one.name, one.words, wording) for one in figure.durations],
        "rows": [_row(row, wording, None) for row in answer.total],
        "parts": _parts(answer, wording),
        "against": None,
        "plans": None,
    }


def describe_against(answer: FigureAnswer, wording: FigureWording, period: str) -> shapes.Against:
    """Describe the numbers of the period that a figure is compared with."""
    return {
        "period": period,
        "from": format_optional_utc(wording.question.since),
        "to": format_optional_utc(wording.question.until),
        "rows": [_row(row, wording, None) for row in answer.total],
        "parts": _parts(answer, wording),
    }


def _parts(answer: FigureAnswer, wording: FigureWording) -> list[shapes.FigurePart]:
    by = wording.question.by
    return [
        {
            **describe_values(by, part.value, wording.lifecycle, wording.language),
            "rows": [_row(row, wording, part.value) for row in part.rows],
        }
        for part in answer.parts
    ]


def describe_members(page: MemberPage, cell: Cell, wording: FigureWording) -> shapes.CountedLeads:
    """Describe a page of the leads behind a number."""
    return {
        **_asked(wording),
        **_cell(cell, wording),
        "leads": [describe_member(member, cell, wording) for member in page.members],
        "next": place_text(page.next) if page.next is not None else None,
    }


def read_place(text: str | None) -> Place | None:
    """Read the cursor of a page. Raises Problem: parameter-invalid."""
    if text is None:
        return None
    found = _PLACE.fullmatch(text)
    if found is None:
        raise Problem(
            "parameter-invalid",
            "after must be the `next` of an earlier page, unchanged.",
            parameter="after",
        )
    return Place(found[1], int(found[2]), int(found[3]))


def place_text(place: Place) -> str:
    """Write the cursor of a page, which `read_place` reads."""
    return f"{place.subject_id}.{place.position}.{place.number}"


def _asked(wording: FigureWording) -> shapes.FigureAsked:
    figure, question = wording.figure, wording.question
    content: shapes.FigureAsked = {
        "figure": figure.name,
        "version": figure.version,
        "as_of": format_utc(question.as_of),
        "as_of_position": str(question.known_at),
        "lifecycle": wording.version,
        "zone": wording.zone or wording.lifecycle.time_zone,
        "from": format_optional_utc(question.since),
        "to": format_optional_utc(question.until),
        "by": _by(question),
    }
    if wording.language is not None:
        content["label"] = label_in(figure.words, wording.language)
    if parameters.SINCE in figure.parameters:
        content["is_open"] = question.is_open
    if question.base:
        content["base"] = question.base
    if question.within:
        content["within"] = question.within // DAY
    if figure.takes(parameters.UNIT.name):
        content["unit"] = question.unit.value
    if question.target:
        content["target"] = question.target
    return content


def _by(question: Question) -> str | None:
    return ",".join(question.by) or None


def _cell(cell: Cell, wording: FigureWording) -> shapes.CountedCell:
    content: shapes.CountedCell = {
        "track": str(cell.row.track),
        "row": cell.row.name,
        "measure": cell.measure,
    }
    if cell.values is not None:
        content["values"] = [value or None for value in cell.values]
    if wording.language is not None:
        measure = wording.figure.measure(cell.measure)
        assert measure is not None
        content["row_label"] = _row_label(cell.row, wording, wording.language)
        content["measure_label"] = label_in(measure.words, wording.language)
    return content


def _labelled(name: str, words: Words, wording: FigureWording) -> shapes.Labelled:
    if wording.language is None:
        return {"name": name}
    return {"name": name, "label": label_in(words, wording.language)}


def _row(row: FigureRow, wording: FigureWording, value: str | None) -> shapes.FigureRow:
    content: shapes.FigureRow = {
        "track": str(row.key.track),
        "row": row.key.name,
        "counts": {
            measure: _number(row, Cell(row.key, measure, value), wording) for measure in row.counts
        },
        "shares": {name: share_text(share) for name, share in row.shares.items()},
        "durations": {
            name: _duration(case, row.key) if case is not None else None
            for name, case in row.durations.items()
        },
    }
    if row.costs is not None:
        content["costs"] = {
            currency: {
                "amount": format(cost.amount, "f"),
                "each": format(cost.each, "f") if cost.each is not None else None,
            }
            for currency, cost in row.costs.items()
        }
    if wording.language is not None:
        content["row_label"] = _row_label(row.key, wording, wording.language)
    if wording.question.within:
        last_at = row.last_at
        matures_at = last_at + wording.question.within if last_at is not None else None
        content["matures_at"] = format_optional_utc(matures_at)
    return content


def _number(row: FigureRow, cell: Cell, wording: FigureWording) -> shapes.Number:
    count = row.counts[cell.measure]
    measure = wording.figure.measure(cell.measure)
    is_listed = bool(count) and measure is not None and not measure.is_given
    content: shapes.Number = {
        "count": count,
        "leads": leads_path(cell, wording) if is_listed else None,
    }
    if row.amounts is not None:
        content["amount"] = format(row.amounts[cell.measure], "f")
    return content


def leads_path(cell: Cell, wording: FigureWording) -> str:
    """Return the path of the list behind a number, which repeats what was asked and read."""
    return _path_of(cell, wording, "leads")


def compare_path(cell: Cell, wording: FigureWording, other: Question) -> str:
    """Return the path at which a number is compared with itself in another reading."""
    return _path_of(
        cell,
        wording,
        "compare",
        other_as_of=format_utc(other.as_of),
        other_known_at=other.known_at,
    )


def _path_of(cell: Cell, wording: FigureWording, what: str, **other: str | int) -> str:
    question, name = wording.question, wording.figure.name
    asked: dict[str, str | int | tuple[str, ...] | None] = {
        "as_of": format_utc(question.as_of),
        "known_at": question.known_at,
        "from": format_optional_utc(question.since),
        "to": format_optional_utc(question.until),
        "base": question.base or None,
        "target": question.target or None,
        "within": question.within // DAY or None,
        "unit": str(question.unit) if question.unit is not FigureUnit.JOURNEY else None,
        "by": _by(question) if cell.value is not None else None,
        "track": str(cell.row.track),
        "row": cell.row.name,
        "measure": cell.measure,
        "value": cell.values,
        "lang": wording.language,
        **other,
    }
    given = {name: text for name, text in asked.items() if text is not None}
    return f"{PATH}/{name}/{what}?{urlencode(given, doseq=True)}"


def share_text(share: Fraction | None) -> str | None:
    """Write a share; None if it is not shown."""
    return None if share is None else rounded(share)


def _duration(case: Lasting, row: RowKey) -> shapes.Duration:
    days = Fraction(case.length // MICROSECOND, DAY // MICROSECOND)
    return {
        "days": rounded(days),
        "subject": f"{row.track}/{case.subject_id}",
        "position": str(case.position),
    }


def rounded(number: Fraction) -> str:
    """Write a number with six decimals, rounded half to even."""
    return f"{float(round(number, _PLACES)):.{_PLACES}f}"


def _row_label(key: RowKey, wording: FigureWording, language: str) -> str:
    if key.name == UNPLACED:
        return label_in(_UNPLACED, language)
    figure, lifecycle = wording.figure, wording.lifecycle
    own = figure.row_words.get(key.name)
    if own is not None:
        return label_in(own, language)
    if figure.named_by is not None:
        return label_of(figure.named_by(lifecycle), key.name, language)
    return label_of(track_of(wording.lifecycle, key.track).stages, key.name, language)


def describe_member(member: Member, cell: Cell, wording: FigureWording) -> shapes.CountedLead:
    """Describe one member."""
    content: shapes.CountedLead = {
        "subject": f"{member.kind}/{member.place.subject_id}",
        "pass": member.pass_number,
        "at": format_utc(member.at),
        "position": str(member.place.position),
        "values": [value or None for value in member.values(wording.question)],
        "then": _then(member, cell, wording),
    }
    if member.amount is not None:
        content["amount"] = format(member.amount, "f")
    return content


def _then(member: Member, cell: Cell, wording: FigureWording) -> shapes.Then | None:
    then = member.then
    if then is None:
        return None
    content: shapes.Then = {
        "stage": then.stage,
        "kind": then.kind,
        "at": format_utc(then.at),
        "position": str(then.position),
    }
    if wording.language is not None and then.stage is not None:
        stages = track_of(wording.lifecycle, cell.row.track).stages
        content["stage_label"] = label_of(stages, then.stage, wording.language)
    return content
