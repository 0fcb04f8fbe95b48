"""The consequences of an event: exclusion, early facts, the lead's account."""

from domain.case import DEPARTMENT, Case
from domain.lead.state import LeadState, StandingFact
from domain.lifecycle.compiled.table import CompiledMove
from domain.lifecycle.definition import MoveKind, SubjectKind
from domain.lifecycle.qualification import Mode
from domain.limits import CONSEQUENCES_MAX
from domain.rules.business import end_of_key_status, moves_by_business
from domain.rules.candidacy import obstacle
from domain.rules.contact import recycle_unreachable
from domain.rules.exclusion import judge_exclusion
from domain.rules.grading import arm_grade, judge_grade
from domain.rules.hand_overs import hand_over
from domain.rules.origin import origin_of


def follow(case: Case) -> None:
    """Add consequences until there are none left."""
    was_placed = case.state.lead.stage is not None
    if case.party.account is not None:
        _follow_on_account(case)
    if case.signal.subject is not SubjectKind.LEAD:
        _end_key_status(case)
        return
    for _ in range(CONSEQUENCES_MAX):
        if not (
            judge_exclusion(case)
            or _reconsider(case)
            or recycle_unreachable(case)
            or judge_grade(case)
            or _qualify(case)
            or hand_over(case)
        ):
            break
    else:
        raise AssertionError(f"{case.signal.type.name} has consequences without end")
    arm_grade(case)
    if case.party.account is not None and not was_placed:
        _follow_on_account(case)


def _follow_on_account(case: Case) -> None:
    triggers = case.compiled.lifecycle.account_triggers
    if triggers is None:
        return
    by_lead = case.signal.subject is SubjectKind.LEAD
    data = {"lead": case.lead.id} if by_lead else {}
    account, effects = case.state.account, case.effects
    assert account is not None
    of_company = not by_lead or "business_of" in effects
    wanted = moves_by_business(triggers, account, effects) if of_company else []
    if by_lead and case.state.lead.stage is not None:
        wanted.append((triggers.prospect_gained, {}))
    for type, changes in wanted:
        move = case.find(SubjectKind.ACCOUNT, type, data)
        if move is not None:
            case.add(type, case.account, data=data, effects=changes, move=move)


def _end_key_status(case: Case) -> None:
    """End the key status of a key account that has churned."""
    triggers, account = case.compiled.lifecycle.account_triggers, case.state.account
    if triggers is None or triggers.key_ended is None or account is None:
        return
    ended = end_of_key_status(case.compiled, case.events[0], account)
    if ended is not None:
        case.add(triggers.key_ended, case.account, data={}, effects=ended)


def _reconsider(case: Case) -> bool:
    """Move the lead by a fact that came early: the first in ledger order that may do so."""
    lead = case.state.lead
    for fact in lead.standing:
        event_type = case.compiled.lifecycle.events.get(fact.type)
        if event_type is None or event_type.stands_as is None:
            continue
        data = {DEPARTMENT: None, **fact.data}
        move = case.find(SubjectKind.LEAD, fact.type, data)
        if move is None or not _is_news(move, lead, fact):
            continue
        case.add(
            event_type.stands_as,
            case.lead,
            data={"fact": str(fact.position), "type": fact.type},
            effects={"fact": fact.position, **origin_of(case, move, fact.type, data)},
            move=move,
        )
        return True
    return False


def _qualify(case: Case) -> bool:
    """Qualify by threshold, if the lifecycle qualifies leads that way."""
    qualification = case.compiled.lifecycle.qualification
    if qualification is None or qualification.mode is not Mode.THRESHOLD:
        return False
    if obstacle(case.compiled, case.state, case.signal.occurred_at) is not None:
        return False
    move = case.find(SubjectKind.LEAD, qualification.qualifies_by, {})
    if move is None:
        return False
    case.add(qualification.qualifies_by, case.lead, data={}, move=move)
    return True


def _is_news(move: CompiledMove, lead: LeadState, fact: StandingFact) -> bool:
    """Whether an early fact may move the lead here.

    It may not begin a new pass, nor move the lead where it has moved it before, nor forward to a
    stage already entered in this pass: an old fact never overrules a person who sent a lead back.
    """
    if move.kind is None or move.begins_pass or move.to in fact.moved_to:
        return False
    return move.kind is not MoveKind.ADVANCED or move.to not in lead.entered
