"""The rows of figures about stages: in the order of the path, leads before accounts."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from domain.lifecycle.definition import UNPLACED, Lifecycle, SubjectKind, Track
from projections.figures.question import Question, RowKey
from projections.funnel.lifecycles import stages_of


def stage_rows(lifecycle: Lifecycle, _: Question, counted: Collection[RowKey]) -> list[RowKey]:
    """Return a row for each stage: declared ones, and those that only earlier versions had.

    Leads that nothing has placed yet have a row of their own, before the path.
    """
    return [row for track in tracks_of(lifecycle) for row in _rows_of(track, counted)]


def tracks_of(lifecycle: Lifecycle) -> tuple[Track, Track]:
    return lifecycle.lead, lifecycle.account


def track_of(lifecycle: Lifecycle, kind: SubjectKind) -> Track:
    return lifecycle.lead if kind is SubjectKind.LEAD else lifecycle.account


def _rows_of(track: Track, counted: Collection[RowKey]) -> Iterator[RowKey]:
    seen = {row.name for row in counted if row.track == track.subject}
    if UNPLACED in seen or track.path:
        yield RowKey(track.subject, UNPLACED)
    for stage in stages_of(track, seen - {UNPLACED}):
        yield RowKey(track.subject, stage)


def beyond(track: Track, stage: str) -> Sequence[str]:
    """Return the stages that count as having reached this one: it, and those after it."""
    return track.path[track.path.index(stage) :] if stage in track.path else (stage,)


def cohort_track(lifecycle: Lifecycle, question: Question) -> Track:
    """Return the track on which a cohort is followed."""
    return next(track for track in tracks_of(lifecycle) if question.base in track.stages)


def cohort(track: Track, question: Question) -> dict[str, Any]:
    """Return which cohort is followed: those that entered its base stage in the period."""
    return {
        "kind": str(track.subject),
        "base": question.base,
        "since": question.since,
        "until": question.until,
    }


def reaching(lifecycle: Lifecycle) -> dict[str, list[Any]]:
    """Return, as columns, every declared stage and the stages that count as having reached it."""
    rows = [
        (str(track.subject), stage, " ".join(beyond(track, stage)))
        for track in tracks_of(lifecycle)
        for stage in track.stages
    ]
    kinds, stages, beyond_them = zip(*rows, strict=True)
    return {"kinds": list(kinds), "stages": list(stages), "beyond": list(beyond_them)}


def acquired_at(track: Track) -> str:
    """Return the stage in which leads are acquired: the last in which a journey may begin.

    The ones before it are for visitors who are not known yet.
    """
    return track.entry[-1] if track.entry else track.path[0]


def handed_over_at(lifecycle: Lifecycle) -> str:
    """Return the first stage whose leads are handed over, else where leads are acquired."""
    path = lifecycle.lead.path
    entered = {rule.entering for rule in lifecycle.pace.hand_overs}
    return next((stage for stage in path if stage in entered), acquired_at(lifecycle.lead))
