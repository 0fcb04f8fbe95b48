"""Why a decision has no move from the current stage, and when it needs none."""

from domain.case import Case, NotAllowed
from domain.lead.readings import CaseReadings
from domain.lead.state import AccountState, LeadState
from domain.lifecycle.compiled.table import CompiledMove, MoveTable
from domain.lifecycle.definition import UNPLACED, MoveKind, SubjectKind

_LEFT_BEHIND = frozenset({MoveKind.ENTERED, MoveKind.ADVANCED, None})
"""Moves to a stage that a lead can be past; None is `to: same`, such as a hand-over."""
_ONWARD = frozenset({MoveKind.ENTERED, MoveKind.ADVANCED, MoveKind.DISQUALIFIED, MoveKind.LOST})


def refusal_of(case: Case, kind: SubjectKind) -> NotAllowed | None:
    """Return why a decision has no move from here; None if it needs none or already holds."""
    table, type = case.table(kind), case.signal.type.name
    state, readings = case.state_of(kind), case.readings(type, case.signal.data)
    stage = state.stage
    if not table.targets(type) or _is_already(state, table, type, readings):
        return None
    legal_from = _legal_from(table, type)
    return NotAllowed(
        "move-not-allowed",
        _why_not(type, stage or UNPLACED, legal_from),
        stage=stage,
        allowed=tuple((move.on, move.to) for move in table.allowed(stage) if not move.named),
        legal_from=legal_from,
        failed=table.explain(stage, type, readings),
    )


def first_listed(case: Case, kind: SubjectKind) -> CompiledMove | None:
    """Return the first move that the lifecycle lists for a decision here, whatever its guards."""
    type = case.signal.type.name
    readings = case.readings(type, case.signal.data)
    return next(
        (
            move
            for move in case.table(kind).moves.get((case.state_of(kind).stage, type), ())
            if not move.named or move.tests[0](readings) is True
        ),
        None,
    )


def _legal_from(table: MoveTable, type: str) -> tuple[str, ...]:
    stages = [stage or UNPLACED for stage, trigger in table.moves if trigger == type]
    return tuple(sorted(stages, key=lambda stage: table.path_index.get(stage, len(stages))))


def _why_not(type: str, stage: str, legal_from: tuple[str, ...]) -> str:
    if stage in legal_from:
        return f"{type} is not allowed from stage {stage} now: a guard does not hold."
    return f"{type} is not allowed from stage {stage}, only from {', '.join(legal_from)}."


def _is_already(
    state: LeadState | AccountState, table: MoveTable, type: str, readings: CaseReadings
) -> bool:
    """Whether the decision already holds: the lead is in the stage, or was and has gone past it.

    A stage that was passed over was never entered. A lead that was sent back from a stage is not
    past it, and the stage it was sent back to was not decided by this. There a late decision is
    refused, because accepting it would hide a disagreement. So is one that sends back or recycles a
    lead that has moved on in the meantime. A correction already holds only if it names the stage.
    """
    here = table.path_index.get(state.stage or "")
    for (_, on), moves in table.moves.items():
        if on != type:
            continue
        for move in moves:
            if move.named and move.tests[0](readings) is not True:
                continue
            if move.to == state.stage and (move.named or move.kind in _ONWARD):
                return True
            if here is None or move.kind not in _LEFT_BEHIND or move.to not in state.entered:
                continue
            if table.path_index.get(move.to, here) < here:
                return True
    return False
