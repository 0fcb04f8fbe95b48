"""From one version of a lifecycle to the next: who would be left without a stage."""

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from domain.lifecycle.compiled.table import CompiledLifecycle
from domain.lifecycle.definition import Lifecycle, SubjectKind


class OccupiedStage(NamedTuple):
    """A stage that somebody stands in, and the version that decides those who do."""

    kind: SubjectKind
    stage: str
    version: int
    """For an account, which no version holds, the one in force."""


Occupied = Mapping[OccupiedStage, int]
"""How many stand where."""


class Occupancy(NamedTuple):
    """Who stood where when the ledger ended at a position."""

    position: int
    occupied: Occupied


class Homeless(NamedTuple):
    """A stage that disappears although somebody stands in it."""

    kind: SubjectKind
    stage: str
    standing: int


def homeless(
    occupied: Occupied,
    published: Mapping[int, CompiledLifecycle],
    lifecycle: Lifecycle,
    stage_map: Mapping[str, str],
) -> list[Homeless]:
    """Name the stages that would disappear under somebody, with how many stand there.

    Who has not yet been brought over to the versions before goes through their stage maps first.
    """
    found: Counter[tuple[SubjectKind, str]] = Counter()
    for standing, count in occupied.items():
        stage = stage_under(standing, published)
        if standing.kind is SubjectKind.LEAD:
            stage = stage_map.get(stage, stage)
        track = lifecycle.lead if standing.kind is SubjectKind.LEAD else lifecycle.account
        if stage not in track.stages:
            found[standing.kind, stage] += count
    return [Homeless(kind, stage, count) for (kind, stage), count in sorted(found.items())]


def evicts(
    published: Mapping[int, CompiledLifecycle], lifecycle: Lifecycle, stage_map: Mapping[str, str]
) -> bool:
    """Tell whether somebody could be left without a stage, wherever everybody stands.

    Most publications change rules and leave the stages as they are. Then nobody need be counted.
    Whoever is still under a version before has a stage of the one in force waiting: without that
    it could not have been published.
    """
    version = max(published)
    in_force = published[version].lifecycle
    tracks = {SubjectKind.LEAD: in_force.lead, SubjectKind.ACCOUNT: in_force.account}
    anywhere = {
        OccupiedStage(kind, stage, version): 1
        for kind, track in tracks.items()
        for stage in track.stages
    }
    return bool(homeless(anywhere, published, lifecycle, stage_map))


def stage_under(standing: OccupiedStage, published: Mapping[int, CompiledLifecycle]) -> str:
    """Return the stage that the versions published since make of this one."""
    stage = standing.stage
    if standing.kind is SubjectKind.LEAD:
        for version in range(standing.version + 1, max(published) + 1):
            stage = published[version].stage_map.get(stage, stage)
    return stage


def unmappable(stage_map: Mapping[str, str], before: Lifecycle, after: Lifecycle) -> str | None:
    """Return the first stage that a map cannot move; None where it is right.

    A map takes leads from stages that disappear to stages that there will be. One that remains is
    left by moves, not by a publication.
    """
    for stage, to in stage_map.items():
        if stage not in before.lead.stages or stage in after.lead.stages:
            return stage
        if to not in after.lead.stages:
            return stage
    return None
