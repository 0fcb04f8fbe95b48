"""Deadlines: started with a stay, met or breached, and followed by an automatic return.

A deadline is judged by the time of events. So a decision that was made in time but reported late,
after the breach and perhaps after the return, takes both back: `deadline.met` names the breach that
it restates, and the decision is judged from the stay that the return had ended.
"""

from datetime import datetime
from typing import Any

from domain.case import Case
from domain.effects import Firing
from domain.event import Event
from domain.lead.owners import effects_of_stage
from domain.lead.state import LeadState, Returned, State, Timer
from domain.lead.stays import RESTATES
from domain.lifecycle.automation import Deadline
from domain.lifecycle.compiled.table import CompiledLifecycle, CompiledMove
from domain.lifecycle.definition import MoveKind
from domain.signal import Signal
from domain.times import format_utc

STARTED, MET, BREACHED = "deadline.started", "deadline.met", "deadline.breached"
RUNS, GIVES_BACK = "deadline", "return"
"""First words of the names of two timers: until the breach, and from there until the return."""


def fire_breach(_: CompiledLifecycle, __: LeadState, name: str, timer: Timer) -> Firing:
    """Breach a deadline."""
    deadline = name.partition(".")[2]
    return Firing(BREACHED, {"deadline": deadline, "due": format_utc(timer.due_at)})


def fire_return(compiled: CompiledLifecycle, _: LeadState, name: str, __: Timer) -> Firing:
    """End the grace period after a breach."""
    deadline = name.partition(".")[2]
    returns = compiled.lifecycle.pace.deadlines[deadline].returns
    assert returns is not None, f"{name} was armed by a deadline that returns"
    return Firing(returns.by, {"deadline": deadline})


def effects_of_breach(
    compiled: CompiledLifecycle, lead: LeadState, signal: Signal
) -> dict[str, Any]:
    """Mark the deadline as breached, and arm its return if it has one."""
    name = signal.data["deadline"]
    due, rule = lead.deadlines[name], compiled.lifecycle.pace.deadlines.get(name)
    breached = {"due": format_utc(due.due_at), "stage": due.stage, "breached": True}
    effects: dict[str, Any] = {"deadlines": {name: breached}}
    if rule is not None and rule.returns is not None:
        calendar = compiled.calendars[rule.calendar]
        returns_at = calendar.due(due.due_at, rule.returns.after)
        effects["timers"] = {f"{GIVES_BACK}.{name}": format_utc(returns_at)}
    return effects


def effects_of_return(lead: LeadState, signal: Signal, move: CompiledMove) -> dict[str, Any]:
    """Remember the stay that the automatic return ends, for a decision that is reported late."""
    name = signal.data["deadline"]
    due = lead.deadlines.get(name)
    if move.kind is None or due is None:
        return {}
    entered = format_utc(lead.entered_at) if lead.entered_at is not None else None
    return {
        "returned_from": {
            "stage": lead.stage,
            "entered": entered,
            "deadline": name,
            "due": format_utc(due.due_at),
            "breach": due.breached,
        }
    }


def effects_of_late_answer(
    compiled: CompiledLifecycle, lead: LeadState, signal: Signal
) -> dict[str, Any]:
    """End breached deadlines that the event meets too late. In time, `deadline.met` ends them."""
    ended = [
        name
        for name, due in lead.deadlines.items()
        if _answers(compiled, name, signal.type.name) and signal.occurred_at > due.due_at
    ]
    if not ended:
        return {}
    return {
        "deadlines": dict.fromkeys(ended),
        "timers": {timer: None for name in ended for timer in _timers_of(lead, name)},
    }


def take_back_return(case: Case) -> Returned | None:
    """Continue from the stay that an automatic return ended, if the signal was in time for it."""
    lead, signal = case.state.lead, case.signal
    returned = lead.returned_from
    if (
        returned is None
        or signal.occurred_at > returned.due_at
        or not _answers(case.compiled, returned.deadline, signal.type.name)
    ):
        return None
    case.came_from = lead.stage
    stay = lead._replace(stage=returned.stage, entered_at=returned.entered_at)
    case.state = State(stay, case.state.account)
    return returned


def judge_deadlines(case: Case, before: LeadState, taken_back: Returned | None) -> None:
    """Record which deadlines the signal has met, and start those of the stay that it leads to.

    A stay that ends within the same report starts none: there was no time to act.
    """
    if taken_back is not None:
        _meet(case, taken_back.deadline, taken_back.due_at, taken_back.breached)
        if case.events[0].stage_to is None:
            _go_back(case, taken_back)
    for name, due in sorted(before.deadlines.items()):
        if case.signal.occurred_at <= due.due_at and _is_answered(case, name):
            _meet(case, name, due.due_at, due.breached)
    for name, rule in case.compiled.lifecycle.pace.deadlines.items():
        began = _began(case, rule)
        if began is not None and name not in case.state.lead.deadlines:
            _start(case, name, rule, began)


def _meet(case: Case, name: str, due_at: datetime, breached: int | None) -> None:
    data = {"deadline": name, "due": format_utc(due_at)}
    if breached is not None:
        data["restates"] = str(breached)
    lead, effects = case.state.lead, {}
    if name in lead.deadlines:
        effects = {"deadlines": {name: None}, "timers": dict.fromkeys(_timers_of(lead, name))}
    case.add(MET, case.lead, data=data, effects=effects)


def _go_back(case: Case, returned: Returned) -> None:
    """Put the lead back in its earlier stay, if the answer itself made no move.

    The case already continued from there; this records the move for all readers of the event.
    """
    event = case.events[-1]
    owner = effects_of_stage(case.compiled, case.state.lead, returned.stage, event.effects)
    case.foresee(owner)
    case.events[-1] = event._replace(
        stage_from=case.came_from,
        stage_to=returned.stage,
        effective_at=returned.entered_at,
        pass_number=case.state.lead.pass_number,
        effects={
            **event.effects,
            **owner,
            RESTATES: returned.position,
            "move": {"kind": str(MoveKind.CORRECTED)},
        },
    )


def _began(case: Case, rule: Deadline) -> datetime | None:
    """Return since when the deadline runs; None if nothing of this case starts it."""
    began = None
    for event in case.events:
        if event.stage_to is None and event.type not in rule.on:
            continue
        if event.receiver != case.lead or event.type == MET:
            continue  # going back is not a new entry
        if event.stage_to is not None and rule.entering is not None:
            began = event.effective_at if event.stage_to == rule.entering else None
        elif event.type in rule.on and _holds(case, rule, event):
            began = event.occurred_at
    return began


def _holds(case: Case, rule: Deadline, event: Event) -> bool:
    return (
        rule.condition is None or rule.condition.test(case.readings(event.type, event.data)) is True
    )


def _start(case: Case, name: str, rule: Deadline, began: datetime) -> None:
    lead = case.state.lead
    due = format_utc(case.compiled.calendars[rule.calendar].due(began, rule.within))
    holders = {"owner": lead.owner, "team": lead.team, "reseller": lead.reseller}
    case.add(
        STARTED,
        case.lead,
        data={
            "deadline": name,
            "due": due,
            **{role: holder for role, holder in holders.items() if holder is not None},
        },
        effects={
            "deadlines": {name: {"due": due, "stage": lead.stage}},
            "timers": {f"{RUNS}.{name}": due},
        },
    )


def _is_answered(case: Case, name: str) -> bool:
    return any(
        event.receiver == case.lead and _answers(case.compiled, name, event.type)
        for event in case.events
    )


def _answers(compiled: CompiledLifecycle, name: str, type: str) -> bool:
    rule = compiled.lifecycle.pace.deadlines.get(name)
    return rule is not None and type in rule.met_by


def _timers_of(lead: LeadState, name: str) -> list[str]:
    return [timer for timer in (f"{RUNS}.{name}", f"{GIVES_BACK}.{name}") if timer in lead.timers]
