"""Leads that we never sell to (domain rule 2), judged on arrival and when rules or facts change.

At the stage that the lifecycle names, one true rule excludes, all false accept, and anything
unknown waits for a person. A lead that has moved on is judged again when something about it or the
rules has changed. It is excluded wherever the lifecycle allows that, and flagged otherwise.
"""

from domain.case import Case
from domain.effects import Effects
from domain.lifecycle.definition import Exclusion, MoveKind, SubjectKind
from domain.lifecycle.service_events import REASSESSED

_NEWS = frozenset({"account", "known", "absorbs"})
"""Effects that may change the answer of a rule, in addition to the attributes that it reads."""


def judge_exclusion(case: Case) -> bool:
    """Accept, exclude or flag by rule. Returns whether this produced an event."""
    exclusion = case.compiled.lifecycle.exclusion
    if exclusion is None:
        return False
    if case.state.lead.stage == exclusion.at:
        return _judge_arrival(case, exclusion)
    if not _is_news(case, exclusion):
        return False
    return _exclude(case, exclusion) or _flag(case)


def flags_here(case: Case, *, stage: str | None) -> Effects:
    """Return the flags to set and to clear on a lead that can no longer be excluded at a stage."""
    lifecycle = case.compiled.lifecycle
    if lifecycle.exclusion is None:
        return {}
    reasons = {rule.reason for rule in lifecycle.exclusion.rules}
    here = lifecycle.lead.stages.get(stage) if stage is not None else None
    true: tuple[str, ...] = ()
    is_beyond = (stage, lifecycle.exclusion.excludes_by) not in case.compiled.lead.moves
    if here is not None and here.ends is not MoveKind.DISQUALIFIED and is_beyond:
        true = _true_reasons(case, lifecycle.exclusion)
    flags = case.state.lead.flags
    changed: dict[str, str | None] = {
        reason: case.signal.type.name for reason in true if reason not in flags
    }
    changed |= {reason: None for reason in flags if reason in reasons and reason not in true}
    return {"flags": changed} if changed else {}


def _is_news(case: Case, exclusion: Exclusion) -> bool:
    """Whether rules may answer differently; until then a person's own judgement remains."""
    if case.signal.type.name == REASSESSED or not _NEWS.isdisjoint(case.effects):
        return True
    changed = {f"lead.{name}" for name in case.effects.get("attributes", ())}
    return bool(changed) and any(
        not changed.isdisjoint(rule.condition.reads) for rule in exclusion.rules
    )


def _judge_arrival(case: Case, exclusion: Exclusion) -> bool:
    if _exclude(case, exclusion):
        return True
    readings = case.readings(case.signal.type.name, case.signal.data)
    if any(rule.condition.test(readings) is not False for rule in exclusion.rules):
        return False
    move = case.find(SubjectKind.LEAD, exclusion.accepts_by, {})
    if move is None:
        return False
    case.add(exclusion.accepts_by, case.lead, data={}, move=move)
    return True


def _exclude(case: Case, exclusion: Exclusion) -> bool:
    reasons = _true_reasons(case, exclusion)
    if not reasons:
        return False
    data = {"reason": reasons[0]}
    move = case.find(SubjectKind.LEAD, exclusion.excludes_by, data)
    if move is None:
        return False
    case.add(exclusion.excludes_by, case.lead, data=data, move=move)
    return True


def _flag(case: Case) -> bool:
    effects = flags_here(case, stage=case.state.lead.stage)
    if not effects:
        return False
    data = {"version": case.compiled.version}
    case.add(REASSESSED, case.lead, data=data, effects=effects)
    return True


def _true_reasons(case: Case, exclusion: Exclusion) -> tuple[str, ...]:
    readings = case.readings(case.signal.type.name, case.signal.data)
    reasons = (rule.reason for rule in exclusion.rules if rule.condition.test(readings))
    return tuple(dict.fromkeys(reasons))
