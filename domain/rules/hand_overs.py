"""Hand-overs: from one department to the next, to somebody there, by itself."""

from typing import Any

from domain.case import Course
from domain.lead.owners import OWNER_FIELD
from domain.lead.readings import Facts
from domain.lifecycle.automation import Assignment, HandOver
from domain.lifecycle.definition import MoveKind, SubjectKind
from domain.rules.deals import marks_of

_NAME = "hand_over"


def hand_over(course: Course) -> bool:
    """Hand the lead over that has just entered a stage; once, and not where a person corrects."""
    entry = next(
        (
            event
            for event in reversed(course.events)
            if event.stage_to is not None and event.receiver == course.lead
        ),
        None,
    )
    if entry is None or entry.effects["move"]["kind"] == MoveKind.CORRECTED:
        return False
    return any(
        _hand_over(course, rule)
        for rule in course.compiled.lifecycle.pace.hand_overs
        if rule.entering == entry.stage_to
        and rule.by != entry.type
        and not any(event.data.get(_NAME) == rule.name for event in course.events)
    )


def _hand_over(course: Course, rule: HandOver) -> bool:
    facts = course.facts(course.signal.type.name, course.signal.data)
    assigned = _assigned(rule, facts)
    owner, team = (assigned.owner, assigned.team) if assigned is not None else (None, None)
    # Whom the report itself names, as an acceptance or a direct enquiry does, keeps the lead.
    owner = owner or course.signal.data.get(OWNER_FIELD)
    data: dict[str, Any] = {
        _NAME: rule.name,
        "from_department": rule.from_department,
        "to_department": rule.to_department,
    }
    data |= {"owner": owner} if owner is not None else {}
    data |= {"team": team} if team is not None else {}
    data |= _brief(rule, facts)
    move = course.find(SubjectKind.LEAD, rule.by, data)
    if move is None:
        return False
    marks = marks_of(course.compiled.lifecycle.events[rule.by], course.state.lead)
    effects = {"owner": owner, "team": team, **marks}
    if owner is not None or rule.to_department in course.state.lead.owners:
        effects["owners"] = {rule.to_department: owner}
    course.add(rule.by, course.lead, data=data, effects=effects, move=move)
    return True


def _assigned(rule: HandOver, facts: Facts) -> Assignment | None:
    """Find the first row of the table that holds."""
    return next(
        (one for one in rule.assign if one.condition is None or one.condition.test(facts) is True),
        None,
    )


def _brief(rule: HandOver, facts: Facts) -> dict[str, Any]:
    """Gather what the new owner is told; what is not known is left out."""
    told = {path: value for path in rule.brief if (value := facts.get(path)) is not None}
    return {"brief": told} if told else {}
