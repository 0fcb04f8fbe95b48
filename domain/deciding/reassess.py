"""Bring a lead under the version in force, or judge it again: the event `lead.reassessed`.

A lead stays under the version that last decided it until this event brings it over. History keeps
the rules it was made by, and nothing changes without a record.
"""

from datetime import datetime

from domain.case import Case, Decided, Party
from domain.deciding.automation import effects_of_succession
from domain.deciding.consequences import follow
from domain.deciding.timers import own_signal
from domain.effects import Effects, joined
from domain.lead.identity import Resolution
from domain.lead.state import LeadState, State
from domain.lifecycle.compiled.table import CompiledLifecycle, CompiledMove
from domain.lifecycle.definition import EventKind, EventType, MoveKind, Right, SubjectKind, Words
from domain.lifecycle.service_events import REASSESSED
from domain.rules import grading
from domain.rules.deadlines import judge_deadlines
from domain.rules.exclusion import flags_here

_TYPE = EventType(
    name=REASSESSED,
    words=Words(label={"en": "reassessed", "ja": "再判定"}),
    kind=EventKind.DERIVED,
    subject=SubjectKind.LEAD,
    right=Right.ADMINISTRATION,
    reserved=True,
)
"""For lifecycles that do not declare it themselves."""


def reassess(
    compiled: CompiledLifecycle,
    state: State,
    *,
    lead_id: str,
    id: str,
    source: str,
    cause: int,
    occurred_at: datetime,
    position: int,
) -> Decided:
    """Return the reassessment of a lead and its consequences.

    `compiled` is the version after the lead's own, or its own if something other than the
    lifecycle has changed; then `has_consequences` says whether it is to be recorded.
    """
    lead = state.lead
    signal = own_signal(
        compiled.lifecycle.events.get(REASSESSED, _TYPE),
        lead_id=lead_id,
        id=id,
        source=source,
        occurred_at=occurred_at,
        data={"version": compiled.version},
        cause=cause,
    )
    party = Party(Resolution(lead_id, lead_id), lead.account)
    case = Case(compiled, state, signal, party, position)
    effects: Effects = {}
    move = None
    if lead.lifecycle != compiled.version:
        effects = joined(
            {"lifecycle": compiled.version},
            effects_of_succession(compiled, lead),
            grading.effects_of_succession(compiled, lead),
        )
        move = _mapped(compiled, lead)
    case.add_effects(effects)
    flags = flags_here(case, stage=move.to if move is not None else lead.stage)
    case.enter(case.lead, flags, move=move)
    if lead.absorbed_by is None:
        follow(case)
        judge_deadlines(case)
    return case.decided()


def has_consequences(reassessed: Decided) -> bool:
    """Whether anything follows from a reassessment under the lead's own version."""
    first, *derived = reassessed.events
    return bool(derived or first.effects)


def _mapped(compiled: CompiledLifecycle, lead: LeadState) -> CompiledMove | None:
    """Return the move of a lead whose stage does not exist in the new version."""
    to = compiled.stage_map.get(lead.stage) if lead.stage is not None else None
    if to is None:
        return None
    return CompiledMove(
        to=to,
        kind=MoveKind.CORRECTED,
        guards=(),
        begins_pass=False,
        passed_over=(),
        named=False,
        tests=(),
    )
