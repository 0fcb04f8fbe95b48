"""Automatic hand-overs from one department to the next, and to a person or team there."""

from typing import Any

from domain.case import Case
from domain.effects import Effects
from domain.lead.owners import OWNER_FIELD
from domain.lead.readings import CaseReadings
from domain.lifecycle.automation import Assignment, HandOver
from domain.lifecycle.definition import MoveKind, SubjectKind
from domain.rules.deals import marks_of

_NAME = "hand_over"


def hand_over(case: Case) -> bool:
    """Hand over a lead that has just entered a stage; once, and not after a correction."""
    entry = case.moved
    if entry is None or entry.effects["move"]["kind"] == MoveKind.CORRECTED:
        return False
    return any(
        _hand_over(case, rule)
        for rule in case.compiled.lifecycle.pace.hand_overs
        if rule.entering == entry.stage_to
        and rule.by != entry.type
        and not any(event.data.get(_NAME) == rule.name for event in case.events)
    )


def _hand_over(case: Case, rule: HandOver) -> bool:
    readings = case.readings(case.signal.type.name, case.signal.data)
    assigned = _assigned(rule, readings)
    owner, team = (assigned.owner, assigned.team) if assigned is not None else (None, None)
    # A person named in the report itself, as in an acceptance or a direct enquiry, keeps the lead.
    owner = owner or case.signal.data.get(OWNER_FIELD)
    data: dict[str, Any] = {
        _NAME: rule.name,
        "from_department": rule.from_department,
        "to_department": rule.to_department,
    }
    data |= {"owner": owner} if owner is not None else {}
    data |= {"team": team} if team is not None else {}
    data |= _brief(rule, readings)
    move = case.find(SubjectKind.LEAD, rule.by, data)
    if move is None:
        return False
    marks = marks_of(case.compiled.lifecycle.events[rule.by], case.state.lead)
    effects: Effects = {"owner": owner, "team": team, **marks}
    if owner is not None or rule.to_department in case.state.lead.owners:
        effects["owners"] = {rule.to_department: owner}
    case.add(rule.by, case.lead, data=data, effects=effects, move=move)
    return True


def _assigned(rule: HandOver, readings: CaseReadings) -> Assignment | None:
    """Find the first row of the table that holds."""
    return next(
        (
            row
            for row in rule.assign
            if row.condition is None or row.condition.test(readings) is True
        ),
        None,
    )


def _brief(rule: HandOver, readings: CaseReadings) -> dict[str, Any]:
    """Collect the information for the new owner, without values that are unknown."""
    brief = {path: value for path in rule.brief if (value := readings.get(path)) is not None}
    return {"brief": brief} if brief else {}
