"""Events without consequences in a stage, determined when a lifecycle is compiled.

Most reports of marketing tools are of this kind, such as that a mail was sent.
"""

from collections.abc import Container

from domain.lifecycle.definition import EventKind, EventType, Lifecycle, SubjectKind
from domain.lifecycle.qualification import Mode

Place = tuple[str | None, str]
"""A stage, None for a lead that is unplaced, and an event type."""


def quiet_places(lifecycle: Lifecycle, moves: Container[Place]) -> frozenset[Place]:
    """Return stages with facts that cause nothing there, unless the lead's state requires it."""
    stages = {None, *lifecycle.lead.stages} - _never_quiet(lifecycle)
    types = [event.name for event in lifecycle.events.values() if _does_nothing(lifecycle, event)]
    places = ((stage, type) for stage in stages for type in types)
    return frozenset(place for place in places if place not in moves)


def _never_quiet(lifecycle: Lifecycle) -> set[str | None]:
    """Return the stages in which a lead is judged after every event about it."""
    exclusion, qualification = lifecycle.exclusion, lifecycle.qualification
    stages: set[str | None] = set()
    if exclusion is not None:
        stages.add(exclusion.at)
    if qualification is not None and qualification.mode is Mode.THRESHOLD:
        stages.add(qualification.at)
    return stages


def _does_nothing(lifecycle: Lifecycle, type: EventType) -> bool:
    scoring = lifecycle.scoring
    return (
        type.kind is EventKind.FACT
        and type.subject is SubjectKind.LEAD
        and type.role is None
        and type.stands_as is None
        and not type.marks
        and type.name not in lifecycle.pace.concerned()
        and (scoring is None or type.name not in scoring.by_type)
    )
