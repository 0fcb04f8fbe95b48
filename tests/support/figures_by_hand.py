"""Every figure about stages, computed as plainly as possible from the stays of a history.

No SQL and no shared predicates: a figure is a loop over stays, and a cell holds what counts there.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from domain.lifecycle.definition import UNPLACED, Lifecycle, SubjectKind, Track
from projections.figures.question import Dimension, Question, RowKey
from tests.support.stays_by_hand import HandStay

NEVER = datetime.max.replace(tzinfo=UTC)


class HandCell(NamedTuple):
    row: RowKey
    measure: str
    value: str


class HandMember(NamedTuple):
    subject_id: str
    pass_number: int
    at: datetime


Cells = Mapping[HandCell, list[HandMember]]
Counts = Iterator[tuple[RowKey, str, HandStay]]
Stays = Sequence[HandStay]


def cells_by_hand(name: str, stays: Stays, lifecycle: Lifecycle, question: Question) -> Cells:
    """Return the members of every cell that has any."""
    cells: defaultdict[HandCell, list[HandMember]] = defaultdict(list)
    known = [stay for stay in stays if stay.entered_at <= question.as_of]
    for row, measure, stay in BY_HAND[name](known, lifecycle, question):
        member = HandMember(stay.subject.id, stay.pass_number, stay.entered_at)
        cells[HandCell(row, measure, _value(stay, question.dimension))].append(member)
    return {cell: sorted(members) for cell, members in cells.items()}


def _value(stay: HandStay, dimension: Dimension) -> str:
    values = {
        Dimension.NONE: "",
        Dimension.ORIGIN: stay.origin,
        Dimension.CHANNEL: stay.channel,
        Dimension.MONTH: stay.month,
    }
    return values[dimension] or ""


def _left_at(stay: HandStay, question: Question) -> datetime:
    """Return when a stay ended, if it had by then."""
    if stay.left_at is None or stay.left_at > question.as_of:
        return NEVER
    return stay.left_at


def _row(stay: HandStay, name: str | None = None) -> RowKey:
    return RowKey(stay.subject.kind, name or stay.stage)


def beyond(track: Track, stage: str) -> Sequence[str]:
    return track.path[track.path.index(stage) :] if stage in track.path else (stage,)


def track_of(lifecycle: Lifecycle, kind: SubjectKind) -> Track:
    return lifecycle.lead if kind is SubjectKind.LEAD else lifecycle.account


def stock(stays: Stays, lifecycle: Lifecycle, question: Question) -> Counts:
    for stay in stays:
        if _left_at(stay, question) is NEVER:
            yield _row(stay), "standing", stay
        if stay.is_first and stay.stage != UNPLACED:
            yield _row(stay), "entered", stay
    for kind in (SubjectKind.LEAD, SubjectKind.ACCOUNT):
        track = track_of(lifecycle, kind)
        for stage in track.stages:
            reached = set()
            for stay in stays:
                one = (stay.subject, stay.pass_number)
                is_there = stay.stage in beyond(track, stage) and stay.subject.kind is kind
                if is_there and one not in reached:
                    reached.add(one)
                    yield _row(stay, stage), "reached", stay


def flow(stays: Stays, _: Lifecycle, question: Question) -> Counts:
    since, until = question.since, question.until
    for stay in stays:
        left_at = _left_at(stay, question)
        if (until is not None and stay.entered_at >= until) or (since and left_at < since):
            continue
        if since is not None and stay.entered_at < since:
            yield _row(stay), "before", stay
        elif not stay.is_first:
            yield _row(stay), "again", stay
        else:
            yield _row(stay), "first" if stay.pass_number == 1 else "later", stay
        if left_at is NEVER or (until is not None and left_at >= until):
            yield _row(stay), "after", stay
        else:
            yield _row(stay), f"left_{stay.exit_kind}", stay


BY_HAND: Mapping[str, Callable[[Stays, Lifecycle, Question], Counts]] = {
    "stock": stock,
    "flow": flow,
}
