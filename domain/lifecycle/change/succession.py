"""From one version of a lifecycle to the next: leads and accounts left without a stage."""

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from domain.lifecycle.compiled.table import CompiledLifecycle
from domain.lifecycle.definition import Lifecycle, SubjectKind


class OccupiedStage(NamedTuple):
    """A stage with leads or accounts in it, and the version that decides them."""

    kind: SubjectKind
    stage: str
    version: int
    """For an account, which is not tied to a version, the one in force."""


Occupied = Mapping[OccupiedStage, int]
"""The number of leads or accounts in each stage."""


class Occupancy(NamedTuple):
    """The occupied stages when the ledger ended at a position."""

    position: int
    occupied: Occupied


class Homeless(NamedTuple):
    """A stage that is removed although it is occupied."""

    kind: SubjectKind
    stage: str
    standing: int


def homeless(
    occupied: Occupied,
    published: Mapping[int, CompiledLifecycle],
    lifecycle: Lifecycle,
    stage_map: Mapping[str, str],
) -> list[Homeless]:
    """Return the occupied stages that would be removed, with how many are in each.

    Leads that have not yet been brought over to earlier versions go through their stage maps first.
    """
    found: Counter[tuple[SubjectKind, str]] = Counter()
    for place, count in occupied.items():
        stage = stage_under(place, published)
        if place.kind is SubjectKind.LEAD:
            stage = stage_map.get(stage, stage)
        track = lifecycle.lead if place.kind is SubjectKind.LEAD else lifecycle.account
        if stage not in track.stages:
            found[place.kind, stage] += count
    return [Homeless(kind, stage, count) for (kind, stage), count in sorted(found.items())]


def evicts(
    published: Mapping[int, CompiledLifecycle], lifecycle: Lifecycle, stage_map: Mapping[str, str]
) -> bool:
    """Whether any lead or account could be left without a stage, whatever stages they are in.

    Most publications change rules but not stages. Then nothing need be counted. A lead still under
    an earlier version is sure to have a stage in the version in force, which could not have been
    published otherwise.
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


def stage_under(place: OccupiedStage, published: Mapping[int, CompiledLifecycle]) -> str:
    """Return the stage that the versions published since map this one to."""
    stage = place.stage
    if place.kind is SubjectKind.LEAD:
        for version in range(place.version + 1, max(published) + 1):
            stage = published[version].stage_map.get(stage, stage)
    return stage


def unmappable(stage_map: Mapping[str, str], before: Lifecycle, after: Lifecycle) -> str | None:
    """Return the first stage that a map cannot move; None if the map is valid.

    A map moves leads from removed stages to stages of the new version. Leads leave a stage that
    remains by moves, not by a publication.
    """
    for stage, to in stage_map.items():
        if stage not in before.lead.stages or stage in after.lead.stages:
            return stage
        if to not in after.lead.stages:
            return stage
    return None
