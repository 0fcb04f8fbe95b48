"""From counted stays to figures: what was reached, what adds up to what. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, TypeVar

from domain.lifecycle.definition import UNPLACED, Lifecycle, SubjectKind, Track
from projections.funnel.figures import Breakdown, FlowPart, FunnelPart, StageFigures, StageFlow
from projections.funnel.lifecycles import stages_of


class CountedStays(NamedTuple):
    """Stays that came to a stage in one way: after the pass had entered the stages `before`."""

    value: str
    kind: str
    stage: str
    before: str
    entries: int
    standing: int


class CountedFlow(NamedTuple):
    """Stays that one period saw, and those of them that it saw end, in one way."""

    value: str
    kind: str
    stage: str
    exit_kind: str | None
    before: int
    entries: int
    reentries: int
    exits: int
    after: int


Row = TypeVar("Row", CountedStays, CountedFlow)


def funnel_parts(
    counted: Sequence[CountedStays], lifecycle: Lifecycle | None, breakdown: Breakdown
) -> tuple[FunnelPart, tuple[FunnelPart, ...]]:
    """Return the total and one part for each value."""
    total = _funnel_part(None, counted, lifecycle)
    if breakdown is Breakdown.NONE:
        return total, ()
    return total, tuple(
        _funnel_part(value or None, rows, lifecycle) for value, rows in _by_value(counted)
    )


def flow_parts(
    counted: Sequence[CountedFlow], lifecycle: Lifecycle | None, breakdown: Breakdown
) -> tuple[FlowPart, tuple[FlowPart, ...]]:
    """Return the total and one part for each value."""
    total = _flow_part(None, counted, lifecycle)
    if breakdown is Breakdown.NONE:
        return total, ()
    return total, tuple(
        _flow_part(value or None, rows, lifecycle) for value, rows in _by_value(counted)
    )


def _by_value(counted: Sequence[Row]) -> list[tuple[str, list[Row]]]:
    """Part rows by value: in order, and what was told nothing last."""
    rows: defaultdict[str, list[Row]] = defaultdict(list)
    for one in counted:
        rows[one.value].append(one)
    return sorted(rows.items(), key=lambda item: (item[0] == "", item[0]))


def _funnel_part(
    value: str | None, counted: Iterable[CountedStays], lifecycle: Lifecycle | None
) -> FunnelPart:
    leads = [one for one in counted if one.kind == SubjectKind.LEAD]
    accounts = [one for one in counted if one.kind == SubjectKind.ACCOUNT]
    return FunnelPart(
        value,
        _stage_figures(leads, lifecycle.lead if lifecycle else None),
        _unplaced(leads),
        _stage_figures(accounts, lifecycle.account if lifecycle else None),
        _unplaced(accounts),
    )


def _unplaced(counted: Iterable[CountedStays]) -> int:
    return sum(one.standing for one in counted if one.stage == UNPLACED)


def _stage_figures(
    counted: Iterable[CountedStays], track: Track | None
) -> tuple[StageFigures, ...]:
    placed = [one for one in counted if one.stage != UNPLACED]
    path = track.path if track is not None else ()
    place = {stage: number for number, stage in enumerate(path)}
    standing: defaultdict[str, int] = defaultdict(int)
    entered: defaultdict[str, int] = defaultdict(int)
    reached: defaultdict[str, int] = defaultdict(int)
    for one in placed:
        standing[one.stage] += one.standing
        before = one.before.split()
        if one.stage not in before:
            entered[one.stage] += one.entries
            for stage in _newly_reached(one.stage, before, place, path):
                reached[stage] += one.entries
    stages = stages_of(track, {one.stage for one in placed})
    return tuple(StageFigures(one, standing[one], entered[one], reached[one]) for one in stages)


def _newly_reached(
    stage: str, before: Iterable[str], place: Mapping[str, int], path: Sequence[str]
) -> Sequence[str]:
    """Name the stages that a pass reaches by its first entry into this one, and had not reached.

    Whoever comes further along the path than ever before reaches all that lies between.
    """
    if stage not in place:
        return (stage,)
    furthest = max((place[one] for one in before if one in place), default=-1)
    return path[furthest + 1 : place[stage] + 1]


def _flow_part(
    value: str | None, counted: Iterable[CountedFlow], lifecycle: Lifecycle | None
) -> FlowPart:
    leads = [one for one in counted if one.kind == SubjectKind.LEAD]
    accounts = [one for one in counted if one.kind == SubjectKind.ACCOUNT]
    return FlowPart(
        value,
        _stage_flows(leads, lifecycle.lead if lifecycle else None),
        _stage_flows(accounts, lifecycle.account if lifecycle else None),
    )


def _stage_flows(counted: Iterable[CountedFlow], track: Track | None) -> tuple[StageFlow, ...]:
    rows: defaultdict[str, list[CountedFlow]] = defaultdict(list)
    for one in counted:
        rows[one.stage].append(one)
    stages = [UNPLACED, *stages_of(track, set(rows) - {UNPLACED})]
    return tuple(_stage_flow(stage, rows[stage]) for stage in stages)


def _stage_flow(stage: str, counted: Sequence[CountedFlow]) -> StageFlow:
    exits: defaultdict[str, int] = defaultdict(int)
    for one in counted:
        if one.exit_kind is not None:
            exits[one.exit_kind] += one.exits
    return StageFlow(
        stage,
        before=sum(one.before for one in counted),
        entries=sum(one.entries for one in counted),
        reentries=sum(one.reentries for one in counted),
        exits=dict(sorted(exits.items())),
        after=sum(one.after for one in counted),
    )
