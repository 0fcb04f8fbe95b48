"""What a move changes in a state: the stage, and what ends with the previous stay and pass.

The end of a stay ends its deadlines. The end of a pass ends its points, attempts, marks and early
facts; its deals and orders remain as earlier ones.
"""

from collections.abc import Mapping
from typing import Any

from domain.event import NOTHING, Event
from domain.lead.state import (
    REVISIT,
    AccountState,
    LeadState,
    StandingFact,
    Timer,
)

STAY_TIMERS = ("deadline", "return")
"""First words of the timers that belong to a deadline, and so to a stay."""


def moved(state: LeadState | AccountState, event: Event) -> dict[str, Any]:
    """Return the fields that an event's move changes, with their new values."""
    pass_number = event.pass_number if event.pass_number is not None else state.pass_number
    begins_pass = pass_number != state.pass_number
    entered: tuple[str, ...] = () if begins_pass else state.entered
    stage = event.stage_to
    if stage is not None and stage not in entered:
        entered = (*entered, stage)
    changes: dict[str, Any] = {
        "stage": stage,
        "entered_at": event.effective_at,
        "pass_number": pass_number,
        "entered": entered,
    }
    if isinstance(state, LeadState):
        changes |= _after_stay(state)
        if state.standing:
            changes["standing"] = _facts_after(state, event, begins_pass=begins_pass)
        if begins_pass:
            changes |= _in_new_pass(state, changes.get("timers", state.timers), event)
    return changes


def _after_stay(state: LeadState) -> dict[str, Any]:
    """End the deadlines that belonged to the stay that the move ends."""
    if not state.deadlines:
        return {}
    timers = {
        name: timer
        for name, timer in state.timers.items()
        if name.partition(".")[0] not in STAY_TIMERS
    }
    return {"deadlines": {}, "timers": timers}


def _in_new_pass(state: LeadState, timers: Mapping[str, Timer], event: Event) -> dict[str, Any]:
    """Clear what belonged to the ended pass; what this event itself gave belongs to the new one."""
    return {
        "points": tuple(point for point in state.points if point.position == event.position),
        "attempts": (),
        "revisit_on": event.effects.get("revisit_on"),
        "timers": {
            name: timer
            for name, timer in timers.items()
            if name != REVISIT or timer.armed_by == event.position
        },
        "marks": event.effects.get("marks", {}),
        "business": event.effects.get("business"),
        "earlier_opportunities": _left_behind(
            state.opportunities, event.effects.get("opportunities", NOTHING)
        ),
        "earlier_orders": _left_behind(state.orders, event.effects.get("orders", NOTHING)),
        "screened_as": event.effects.get("screened_as"),
        "reseller": event.effects.get("reseller"),
    }


def _left_behind(known: Mapping[str, str], changed: Mapping[str, str]) -> tuple[str, ...]:
    """Sorted, because a state that was stored and read back has its mappings in that order."""
    return tuple(id for id in sorted(known) if id not in changed)


def _facts_after(state: LeadState, event: Event, *, begins_pass: bool) -> tuple[StandingFact, ...]:
    """Mark the fact that moved the lead; standing facts end with their pass."""
    mover = event.effects.get("fact", event.position)
    assert event.stage_to is not None
    return tuple(
        fact._replace(moved_to=(*fact.moved_to, event.stage_to)) if fact.position == mover else fact
        for fact in state.standing
        if not begins_pass or fact.position == event.position
    )
