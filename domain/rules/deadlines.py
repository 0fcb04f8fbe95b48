"""Deadlines: started with a stay, met or breached, and followed by an automatic return.

A deadline is judged by the time of events. A decision that was made in time but reported late is
decided again in its place: then there was no breach, and no return.
"""

from datetime import datetime

from domain.case import Case
from domain.effects import NO_EFFECTS, DeadlineEffect, Effects
from domain.event import Event
from domain.lead.deadlines import MET
from domain.lead.state import Firing, LeadState, Timer
from domain.lifecycle.automation import Deadline
from domain.lifecycle.compiled.table import CompiledLifecycle
from domain.signal import Signal
from domain.times import format_utc

STARTED, BREACHED = "deadline.started", "deadline.breached"
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


def effects_of_breach(compiled: CompiledLifecycle, lead: LeadState, signal: Signal) -> Effects:
    """Mark the deadline as breached, and arm its return if it has one."""
    name = signal.data["deadline"]
    due, rule = lead.deadlines[name], compiled.lifecycle.pace.deadlines.get(name)
    breached: DeadlineEffect = {"due": format_utc(due.due_at), "stage": due.stage, "breached": True}
    effects: Effects = {"deadlines": {name: breached}}
    if rule is not None and rule.returns is not None:
        calendar = compiled.calendars[rule.calendar]
        returns_at = calendar.due(due.due_at, rule.returns.after)
        effects["timers"] = {f"{GIVES_BACK}.{name}": format_utc(returns_at)}
    return effects


def effects_of_answer(compiled: CompiledLifecycle, lead: LeadState, signal: Signal) -> Effects:
    """End breached deadlines that the event answers too late. In time, `deadline.met` ends them."""
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


def judge_deadlines(case: Case) -> None:
    """Record which deadlines the signal has met, and start those of the stay that it leads to.

    A stay that ends within the same report starts none: there was no time to act.
    """
    for name, due in sorted(case.before.lead.deadlines.items()):
        if case.signal.occurred_at <= due.due_at and _is_answered(case, name):
            _meet(case, name, due.due_at)
    if not _may_begin(case):
        return
    for name, rule in case.compiled.lifecycle.pace.deadlines.items():
        began = _began(case, rule)
        if began is not None and name not in case.state.lead.deadlines:
            _start(case, name, rule, began)


def _meet(case: Case, name: str, due_at: datetime) -> None:
    data = {"deadline": name, "due": format_utc(due_at)}
    lead, effects = case.state.lead, NO_EFFECTS
    if name in lead.deadlines:
        effects = {"deadlines": {name: None}, "timers": dict.fromkeys(_timers_of(lead, name))}
    case.add(MET, case.lead, data=data, effects=effects)


def _may_begin(case: Case) -> bool:
    """Whether the lead has moved, or an event has happened that a deadline runs from."""
    paced = case.compiled.paced
    return case.moved is not None or not paced.isdisjoint([event.type for event in case.events])


def _began(case: Case, rule: Deadline) -> datetime | None:
    """Return since when the deadline runs; None if nothing of this case starts it."""
    began = None
    for event in case.events:
        if event.stage_to is None and event.type not in rule.on:
            continue
        if event.receiver != case.lead:
            continue
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
