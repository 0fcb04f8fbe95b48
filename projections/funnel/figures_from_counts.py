"""Compute figures from counted stays. Pure."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeVar

from domain.lifecycle.definition import UNPLACED, Lifecycle, SubjectKind, Track
from projections.funnel.figures import Breakdown, FlowPart, FunnelPart, StageFigures, StageFlow
from projections.funnel.lifecycles import stages_of


class CountedStays(NamedTuple):
    """Stays that came to a stage by one route: after the pass had entered the stages `before`."""

    value: str
    kind: str
    stage: str
    before: str
    entries: int
    standing: int


class CountedFlow(NamedTuple):
    """Stays in one period, and those of them that ended in it, by one kind of exit."""

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
Part = TypeVar("Part", FunnelPart, FlowPart)


def funnel_parts(
    counted: Sequence[CountedStays], lifecycle: Lifecycle | None, breakdown: Breakdown
) -> tuple[FunnelPart, tuple[FunnelPart, ...]]:
    """Return the total and one part for each value."""
    return _parts(counted, breakdown, lambda value, rows: _funnel_part(value, rows, lifecycle))


def flow_parts(
    counted: Sequence[CountedFlow], lifecycle: Lifecycle | None, breakdown: Breakdown
) -> tuple[FlowPart, tuple[FlowPart, ...]]:
    """Return the total and one part for each value."""
    return _parts(counted, breakdown, lambda value, rows: _flow_part(value, rows, lifecycle))


def _parts(
    counted: Sequence[Row],
    breakdown: Breakdown,
    part_of: Callable[[str | None, Sequence[Row]], Part],
) -> tuple[Part, tuple[Part, ...]]:
    total = part_of(None, counted)
    if breakdown is Breakdown.NONE:
        return total, ()
    return total, tuple(part_of(value or None, rows) for value, rows in _by_value(counted))


def _by_value(counted: Sequence[Row]) -> list[tuple[str, list[Row]]]:
    """Group rows by value, in order, with unreported values last."""
    rows: defaultdict[str, list[Row]] = defaultdict(list)
    for row in counted:
        rows[row.value].append(row)
    return sorted(rows.items(), key=lambda item: (item[0] == "", item[0]))


def _tracks(counted: Iterable[Row]) -> tuple[list[Row], list[Row]]:
    """Separate the rows of leads from those of accounts."""
    rows = list(counted)
    return (
        [row for row in rows if row.kind == SubjectKind.LEAD],
        [row for row in rows if row.kind == SubjectKind.ACCOUNT],
    )


def _funnel_part(
    value: str | None, counted: Iterable[CountedStays], lifecycle: Lifecycle | None
) -> FunnelPart:
    leads, accounts = _tracks(counted)
    return FunnelPart(
        value,
        _stage_figures(leads, lifecycle.lead if lifecycle else None),
        _unplaced(leads),
        _stage_figures(accounts, lifecycle.account if lifecycle else None),
        _unplaced(accounts),
    )


def _unplaced(counted: Iterable[CountedStays]) -> int:
    return sum(row.standing for row in counted if row.stage == UNPLACED)


def _stage_figures(
    counted: Iterable[CountedStays], track: Track | None
) -> tuple[StageFigures, ...]:
    placed = [row for row in counted if row.stage != UNPLACED]
    path = track.path if track is not None else ()
    rank = {stage: number for number, stage in enumerate(path)}
    standing: defaultdict[str, int] = defaultdict(int)
    entered: defaultdict[str, int] = defaultdict(int)
    reached: defaultdict[str, int] = defaultdict(int)
    for row in placed:
        standing[row.stage] += row.standing
        before = row.before.split()
        if row.stage not in before:
            entered[row.stage] += row.entries
            for stage in _newly_reached(row.stage, before, rank, path):
                reached[stage] += row.entries
    stages = stages_of(track, {row.stage for row in placed})
    return tuple(
        StageFigures(stage, standing[stage], entered[stage], reached[stage]) for stage in stages
    )


def _newly_reached(
    stage: str, before: Iterable[str], rank: Mapping[str, int], path: Sequence[str]
) -> Sequence[str]:
    """Name the stages that a pass newly reaches by its first entry into this one.

    A pass that gets further along the path than before also reaches all stages in between.
    """
    if stage not in rank:
        return (stage,)
    furthest = max((rank[earlier] for earlier in before if earlier in rank), default=-1)
    return path[furthest + 1 : rank[stage] + 1]


def _flow_part(
    value: str | None, counted: Iterable[CountedFlow], lifecycle: Lifecycle | None
) -> FlowPart:
    leads, accounts = _tracks(counted)
    return FlowPart(
        value,
        _stage_flows(leads, lifecycle.lead if lifecycle else None),
        _stage_flows(accounts, lifecycle.account if lifecycle else None),
    )


def _stage_flows(counted: Iterable[CountedFlow], track: Track | None) -> tuple[StageFlow, ...]:
    rows: defaultdict[str, list[CountedFlow]] = defaultdict(list)
    for row in counted:
        rows[row.stage].append(row)
    stages = [UNPLACED, *stages_of(track, set(rows) - {UNPLACED})]
    return tuple(_stage_flow(stage, rows[stage]) for stage in stages)


def _stage_flow(stage: str, counted: Sequence[CountedFlow]) -> StageFlow:
    exits: defaultdict[str, int] = defaultdict(int)
    for row in counted:
        if row.exit_kind is not None:
            exits[row.exit_kind] += row.exits
    return StageFlow(
        stage,
        before=sum(row.before for row in counted),
        entries=sum(row.entries for row in counted),
        reentries=sum(row.reentries for row in counted),
        exits=dict(sorted(exits.items())),
        after=sum(row.after for row in counted),
    )
