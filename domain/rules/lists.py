"""Who is on which list at a time: predicates, for any state and any moment."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from domain.lead.readings import CaseReadings
from domain.lead.state import State
from domain.lifecycle.definition import LeadList


def on_list(lists: Mapping[str, LeadList], state: State, at: datetime) -> tuple[str, ...]:
    """Return the codes of the lists that a lead is on, in the order of the lifecycle.

    Lists overlap, so their sizes are never summed. What cannot be answered puts nobody on a list.
    """
    readings = CaseReadings(state, type="", data={}, department=None)
    return tuple(
        code
        for code, one in lists.items()
        if is_in_time(one, state.lead.acquired_at, at) and one.condition.test(readings) is True
    )


def matching(lists: Mapping[str, LeadList], state: State) -> tuple[str, ...]:
    """Return the codes of the lists that a lead would be on if there were no clock."""
    readings = CaseReadings(state, type="", data={}, department=None)
    return tuple(code for code, one in lists.items() if one.condition.test(readings) is True)


def is_in_time(one: LeadList, acquired_at: datetime | None, at: datetime) -> bool:
    """Say whether the clock lets a lead that was acquired then be on a list at a moment."""
    if one.acquired_within_days is None and one.held_before_days is None:
        return True
    if acquired_at is None or acquired_at > at:
        return False
    age = at - acquired_at
    if one.acquired_within_days is not None and age >= timedelta(days=one.acquired_within_days):
        return False
    return one.held_before_days is None or age >= timedelta(days=one.held_before_days)
