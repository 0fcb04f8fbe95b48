"""Where a pass comes from: set once, by the fact that began it (domain rule 11)."""

from collections.abc import Mapping
from typing import Any

from domain.course import Course
from domain.lifecycle.compiled import CompiledMove
from domain.lifecycle.definition import EventKind


def origin_of(
    course: Course, move: CompiledMove, type: str, data: Mapping[str, Any]
) -> dict[str, Any]:
    """Return origin and channel of the pass that the move begins; nothing where none begins."""
    lead, lifecycle = course.state.lead, course.compiled.lifecycle
    begins = move.begins_pass or (lead.stage is None and not lead.entered)
    if not begins or lifecycle.events[type].kind is not EventKind.FACT:
        return {}
    facts = course.facts(type, data)
    origin = next(
        (rule.origin for rule in lifecycle.origin_rules if rule.condition.test(facts)),
        lifecycle.origin_otherwise,
    )
    return {"origin": origin, "channel": data.get("channel")}
