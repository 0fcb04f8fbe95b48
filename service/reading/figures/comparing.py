"""Two readings of a number in JSON: what differs, and the event that explains it."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from domain.times import format_optional_utc, format_utc
from projections.figures.comparing import Because, MemberDifference
from projections.figures.queries import ComparedPage, Side
from projections.figures.question import Member
from service.http.problem import Problem
from service.ingest.labels import label_of
from service.reading.figures.asking import Given
from service.reading.figures.describing import FigureWording, describe_member, leads_path
from service.shapes import figures as shapes

OTHER: Final = "other_"
OTHERWISE: Final = ("as_of", "known_at", "from", "to", "period", "base", "target", "within")
"""What the second reading may ask otherwise, as `other_<name>`."""
_BOUNDS: Final = frozenset({"from", "to", "period"})

BECAUSE: Final[Mapping[Because, Mapping[str, str]]] = {
    Because.HAPPENED: {"ja": "基準日より後の流入", "en": "entered after the moment of the other"},
    Because.REPORTED: {"ja": "報告日より後に判明", "en": "became known after the other was read"},
    Because.TAKEN_BACK: {"ja": "遡及再判定により取消", "en": "decided again: no longer counts"},
    Because.LEFT: {"ja": "一方では流出済み", "en": "has left the stage in one of them"},
    Because.ARRIVED: {
        "ja": "基準日より後に到達",
        "en": "got further only later",
    },
    Because.CHANGED: {"ja": "内訳の値が変化", "en": "the value of the breakdown changed"},
    Because.ASKED: {"ja": "条件または経過日数の違い", "en": "the readings ask differently"},
}


def other_given(given: Given, other: Given, *, has_value: bool) -> Given:
    """Return what the second reading asks. Raises Problem: parameter-invalid."""
    if not other and not has_value:
        known = ", ".join(OTHER + name for name in (*OTHERWISE, "value"))
        raise Problem(
            "parameter-invalid",
            f"Two readings differ in something: name it with one of {known}.",
            parameter=OTHER + "as_of",
        )
    replaced = _BOUNDS if other.keys() & _BOUNDS else frozenset()
    kept = {name: text for name, text in given.items() if name not in replaced}
    return {**kept, **other}


def read_subject(text: str | None) -> str:
    """Read the cursor of a page. Raises Problem: parameter-invalid."""
    try:
        return str(UUID(text)) if text is not None else str(UUID(int=0))
    except ValueError:
        raise Problem(
            "parameter-invalid",
            "after must be the `next` of an earlier page, unchanged.",
            parameter="after",
        ) from None


def describe_comparison(
    page: ComparedPage, sides: tuple[Side, Side], wordings: tuple[FigureWording, FigureWording]
) -> shapes.ComparedFigure:
    """Describe a page of differences."""
    (first, second), wording = sides, wordings[0]
    whole, cell = page.whole, first.cell
    content: shapes.ComparedFigure = {
        "figure": wording.figure.name,
        "version": wording.figure.version,
        "track": str(cell.row.track),
        "row": cell.row.name,
        "measure": cell.measure,
        "first": _reading(first, wordings[0]),
        "second": _reading(second, wordings[1]),
        "counts": None,
        "differences": [_difference(one, page, sides, wordings) for one in page.differences],
        "next": page.next,
    }
    if whole is not None:
        both = sum(None not in pair for pair in whole.differing)
        content["counts"] = {
            "first": whole.first,
            "second": whole.second,
            "same": whole.same,
            "only_first": whole.first - whole.same - both,
            "only_second": whole.second - whole.same - both,
            "different": both,
        }
    return content


def _reading(side: Side, wording: FigureWording) -> shapes.FigureReading:
    question = side.question
    return {
        "as_of": format_utc(question.as_of),
        "as_of_position": str(question.known_at),
        "lifecycle": wording.version,
        "from": format_optional_utc(question.since),
        "to": format_optional_utc(question.until),
        "leads": leads_path(side.cell, wording),
    }


def _difference(
    difference: MemberDifference,
    page: ComparedPage,
    sides: tuple[Side, Side],
    wordings: tuple[FigureWording, FigureWording],
) -> shapes.FigureDifference:
    because, position = difference.reason
    member = difference.first or difference.second
    assert member is not None
    wording = wordings[0]
    content: shapes.FigureDifference = {
        "subject": f"{member.kind}/{difference.subject_id}",
        "first": _member(difference.first, sides[0], wordings[0]),
        "second": _member(difference.second, sides[1], wordings[1]),
        "because": because,
        "event": None,
    }
    if position is not None:
        type = page.types[position]
        event: shapes.ExplainingEvent = {"position": str(position), "type": type}
        if wording.language is not None:
            event["type_label"] = label_of(wording.lifecycle.events, type, wording.language)
        content["event"] = event
    if wording.language is not None:
        words = BECAUSE[because]
        content["because_label"] = words.get(wording.language, words["en"])
    return content


def _member(member: Member | None, side: Side, wording: FigureWording) -> shapes.CountedLead | None:
    return None if member is None else describe_member(member, side.cell, wording)
