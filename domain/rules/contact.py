"""Contacting a person: attempts and calls, and the channels that the person has closed."""

from datetime import timedelta

from domain.case import Case
from domain.effects import Effects, joined
from domain.lifecycle.definition import SubjectKind
from domain.rules.revisits import effects_of_recycling, end_of_wait, revisit
from domain.times import format_utc

_REACHED, _CLASS, _REASON, _CHANNEL = "reached", "class", "reason", "channel"
_DAY_FIELD = "revisit_date"


def effects_of_screening(case: Case) -> Effects:
    """Keep the result of a call, or the recent attempts that did not reach the person."""
    screening, signal = case.compiled.lifecycle.pace.screening, case.signal
    if screening is None:
        return {}
    if signal.type.name in screening.completed_by:
        return joined({"attempts": []}, end_of_wait(case.state.lead), _found(case))
    if signal.type.name not in screening.attempted_by or _REACHED not in signal.data:
        return {}
    if signal.data[_REACHED]:
        return {"attempts": []} if case.state.lead.attempts else {}
    unreachable = screening.unreachable
    if unreachable is None:
        return {}
    attempts = sorted((*case.state.lead.attempts, signal.occurred_at))
    since = attempts[-1] - timedelta(days=unreachable.within_days)
    recent = [attempt for attempt in attempts if attempt > since][-unreachable.attempts :]
    return {"attempts": [format_utc(attempt) for attempt in recent]}


def _found(case: Case) -> Effects:
    """The class, and for some classes the revisit date."""
    screening, signal = case.compiled.lifecycle.pace.screening, case.signal
    assert screening is not None
    found: str = signal.data[_CLASS]
    if found not in screening.revisit_days:
        return {"screened_as": found}
    days = screening.revisit_days[found]
    day = revisit(case.compiled, signal.data.get(_DAY_FIELD), signal.occurred_at, days)
    return {"screened_as": found, **day}


def recycle_unreachable(case: Case) -> bool:
    """Recycle a lead after too many failed attempts, if that is allowed from its stage."""
    screening, signal, lead = (
        case.compiled.lifecycle.pace.screening,
        case.signal,
        case.state.lead,
    )
    unreachable = screening.unreachable if screening is not None else None
    if screening is None or unreachable is None or signal.type.name not in screening.attempted_by:
        return False
    if len(lead.attempts) < unreachable.attempts:
        return False
    data = {_REASON: unreachable.reason}
    move = case.find(SubjectKind.LEAD, unreachable.by, data)
    if move is None or move.kind is None:
        return False
    again = effects_of_recycling(case.compiled, unreachable.by, data, signal.occurred_at, move)
    case.add(
        unreachable.by,
        case.lead,
        data=data,
        effects=joined({"attempts": []}, again),
        move=move,
    )
    return True


def effects_on_channels(case: Case) -> Effects:
    """Close or reopen channels by the person's statement."""
    consent, signal = case.compiled.lifecycle.pace.consent, case.signal
    if consent is None:
        return {}
    blocks: dict[str, str | None] = {}
    for rule in consent.rules:
        if rule.on != signal.type.name:
            continue
        if rule.condition is not None:
            readings = case.readings(signal.type.name, signal.data)
            if rule.condition.test(readings) is not True:
                continue
        named = signal.data.get(_CHANNEL)
        for channel in (named,) if named in rule.channels else rule.channels:
            blocks[channel] = signal.type.name if rule.blocks else None
    return {"blocks": blocks} if blocks else {}
