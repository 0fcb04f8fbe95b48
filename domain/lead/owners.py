"""Who works on a lead: a person of each department, and which of them is in charge.

In charge is the department that a stage hands the lead over to, else the one that owns the stage.
Where a lead comes to another department, that one's own person has it again, or nobody yet; whoever
had it remains known as the other department's. A stage that no department owns changes nothing.
"""

from collections.abc import Mapping
from typing import Any

from domain.lead.state import LeadState
from domain.lifecycle.compiled.table import CompiledLifecycle, CompiledMove
from domain.lifecycle.definition import Role
from domain.signal import Signal

TEAM_FIELD = "team"
"""Beside the owner, or instead of one: whoever hands over need not name a person."""
FOR_DEPARTMENT_FIELD, TO_DEPARTMENT_FIELD = "for_department", "to_department"
"""Whose person the owner is, where the event says so (see domain/lead/owners.py)."""


OWNER_FIELD = "owner"
"""The data field that names a person; a lifecycle declares it as required."""
TEAM_FIELD = "team"
"""In addition to the owner, or instead of one: a hand-over need not name a person."""
FOR_DEPARTMENT_FIELD, TO_DEPARTMENT_FIELD = "for_department", "to_department"
"""Whose person the owner is, where the event says so."""

_NAMES_TEAM = (Role.ASSIGNS_OWNER, Role.HANDS_OVER)


def effects_of_naming(
    compiled: CompiledLifecycle, lead: LeadState, signal: Signal, move: CompiledMove | None
) -> dict[str, Any]:
    """Return what a report says of who works on the lead; who is not named stays as it was."""
    data, role = signal.data, signal.type.role
    effects = {TEAM_FIELD: data[TEAM_FIELD]} if role in _NAMES_TEAM and TEAM_FIELD in data else {}
    if OWNER_FIELD not in data and role is not Role.UNASSIGNS_OWNER:
        return effects
    person = None if role is Role.UNASSIGNS_OWNER else data[OWNER_FIELD]
    moves = move is not None and move.kind is not None
    in_charge = compiled.in_charge.get(
        (move.to if move is not None and moves else lead.stage) or ""
    )
    department = _named_department(data) or (
        # Who is named with a move, or handed to, is whoever takes over; else of whom the key is.
        in_charge if moves or role is Role.HANDS_OVER else signal.department or in_charge
    )
    if department is not None and lead.owners.get(department) != person:
        effects["owners"] = {department: person}
    is_in_charge = in_charge is None or department in (None, in_charge)
    if is_in_charge and lead.owner != person:
        effects["owner"] = person
    return effects


def effects_of_stage(
    compiled: CompiledLifecycle, lead: LeadState, stage: str | None, told: Mapping[str, Any]
) -> dict[str, Any]:
    """Put the person in charge whose department a stage is; `told` are the event's other effects.

    Somebody who was named before any department was in charge is the first one's.
    """
    department = compiled.in_charge.get(stage or "")
    if department is None:
        return {}
    named, owner = told.get("owners", {}), told.get("owner", lead.owner)
    owners = {**lead.owners, **named}
    person = owners.get(department)
    if person is None and owner is not None and owner not in owners.values():
        return {"owners": {**named, department: owner}}
    return {"owner": person} if person != owner else {}


def _named_department(data: Mapping[str, Any]) -> str | None:
    department: str | None = data.get(TO_DEPARTMENT_FIELD, data.get(FOR_DEPARTMENT_FIELD))
    return department
