"""The owners of a lead: one person per department, and the one in charge.

The department in charge is the one that a stage hands the lead over to, else the one that owns the
stage. When a lead comes to another department, that department's own person has it again, or no
person yet; the previous owner remains on record for the previous department. A stage that no
department owns changes nothing.
"""

from collections.abc import Mapping
from typing import Any

from domain.effects import Effects
from domain.lead.state import LeadState
from domain.lifecycle.compiled.table import CompiledLifecycle, CompiledMove
from domain.lifecycle.definition import Role
from domain.signal import Signal

OWNER_FIELD = "owner"
"""The data field that names a person; a lifecycle declares it as required."""
TEAM_FIELD = "team"
"""In addition to the owner, or instead of one: a hand-over need not name a person."""
FOR_DEPARTMENT_FIELD, TO_DEPARTMENT_FIELD = "for_department", "to_department"
"""The department whose person the owner is, if the event states it."""

_NAMES_TEAM = (Role.ASSIGNS_OWNER, Role.HANDS_OVER)


def effects_of_naming(
    compiled: CompiledLifecycle, lead: LeadState, signal: Signal, move: CompiledMove | None
) -> Effects:
    """Return the owners and team that a report names; others stay unchanged."""
    data, role = signal.data, signal.type.role
    effects: Effects = {}
    if role in _NAMES_TEAM and TEAM_FIELD in data:
        effects["team"] = data[TEAM_FIELD]
    if OWNER_FIELD not in data and role is not Role.UNASSIGNS_OWNER:
        return effects
    person = None if role is Role.UNASSIGNS_OWNER else data[OWNER_FIELD]
    moves = move is not None and move.kind is not None
    in_charge = compiled.in_charge.get(
        (move.to if move is not None and moves else lead.stage) or ""
    )
    department = _named_department(data) or (
        # With a move or a hand-over the person takes over; otherwise the key's department counts.
        in_charge if moves or role is Role.HANDS_OVER else signal.department or in_charge
    )
    if department is not None and lead.owners.get(department) != person:
        effects["owners"] = {department: person}
    is_in_charge = in_charge is None or department in (None, in_charge)
    if is_in_charge and lead.owner != person:
        effects["owner"] = person
    return effects


def effects_of_stage(
    compiled: CompiledLifecycle, lead: LeadState, stage: str | None, others: Effects
) -> Effects:
    """Put the owner of the stage's department in charge; `others` are the event's other effects.

    A person named before any department was in charge belongs to the first one in charge.
    """
    department = compiled.in_charge.get(stage or "")
    if department is None:
        return {}
    named, owner = others.get("owners", {}), others.get("owner", lead.owner)
    owners = {**lead.owners, **named}
    person = owners.get(department)
    if person is None and owner is not None and owner not in owners.values():
        return {"owners": {**named, department: owner}}
    return {"owner": person} if person != owner else {}


def _named_department(data: Mapping[str, Any]) -> str | None:
    department: str | None = data.get(TO_DEPARTMENT_FIELD, data.get(FOR_DEPARTMENT_FIELD))
    return department
