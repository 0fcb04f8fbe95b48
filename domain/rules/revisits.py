"""Revisit dates, and the silence after which a lead counts as dormant.

Both are timers that are due at the start of a day, in the lifecycle's time zone.
A revisit date stays on the lead after it has passed, because there is something to do then. A call,
a new request or a new pass ends it.

Silence is counted in whole days, so that a lead that is busy all day sets its timer once.
"""

from datetime import date, datetime, timedelta
from typing import Any

from domain.effects import Effects
from domain.lead.state import REVISIT, Firing, LeadState, Timer
from domain.lifecycle.compiled.table import CompiledLifecycle, CompiledMove
from domain.lifecycle.definition import MoveKind
from domain.times import format_utc

DAY_FIELD, _REASON_FIELD = "revisit_date", "reason"
_SENT_BACK = (MoveKind.RECYCLED, MoveKind.RETURNED)


def fire_revisit(compiled: CompiledLifecycle, lead: LeadState, _: str, __: Timer) -> Firing:
    """Mark the revisit date as reached."""
    recycling = compiled.lifecycle.pace.recycling
    assert recycling is not None, "a revisit date is only set if the lifecycle has the section"
    return Firing(recycling.due_by, {DAY_FIELD: lead.revisit_on})


def fire_dormant(compiled: CompiledLifecycle, _: LeadState, __: str, ___: Timer) -> Firing:
    """Mark the lead as dormant."""
    dormancy = compiled.lifecycle.pace.dormancy
    assert dormancy is not None, "silence is only counted if the lifecycle has the section"
    return Firing(dormancy.by, {"days": dormancy.after_days})


def effects_of_recycling(
    compiled: CompiledLifecycle, type: str, data: Any, at: datetime, move: CompiledMove | None
) -> Effects:
    """Set the revisit date of a lead that is sent back; the decision may name it."""
    recycling = compiled.lifecycle.pace.recycling
    if recycling is None or type not in recycling.set_by:
        return {}
    if move is None or move.kind not in _SENT_BACK:
        return {}
    days = recycling.days.get(data.get(_REASON_FIELD), recycling.otherwise_days)
    return revisit(compiled, data.get(DAY_FIELD), at, days)


def revisit(compiled: CompiledLifecycle, named: str | None, at: datetime, days: int) -> Effects:
    """Set the revisit date: the one named, else `days` days from now."""
    if compiled.lifecycle.pace.recycling is None:
        return {}
    day = date.fromisoformat(named) if named else compiled.clock.day(at) + timedelta(days=days)
    begins = format_utc(compiled.clock.begin_of(day))
    return {"revisit_on": day.isoformat(), "timers": {REVISIT: begins}}


def effects_of_request(compiled: CompiledLifecycle, lead: LeadState, type: str) -> Effects:
    """End the wait if the person asks again before the revisit date."""
    recycling = compiled.lifecycle.pace.recycling
    return end_of_wait(lead) if recycling is not None and type in recycling.ended_by else {}


def end_of_wait(lead: LeadState) -> Effects:
    """Clear the revisit date, whose purpose is fulfilled."""
    if lead.revisit_on is None:
        return {}
    ended: Effects = {"revisit_on": None}
    if REVISIT in lead.timers:
        ended["timers"] = {REVISIT: None}
    return ended
