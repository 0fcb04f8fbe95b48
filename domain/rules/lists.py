"""Which lists a lead is on: predicates over any state and any moment."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from domain.lead.readings import CaseReadings
from domain.lead.state import State
from domain.lifecycle.definition import LeadList


def on_list(lists: Mapping[str, LeadList], state: State, at: datetime) -> tuple[str, ...]:
    """Return the codes of the lists that a lead is on, in the order of the lifecycle.

    Lists overlap, so their sizes are never summed. A condition that cannot be answered does not put
    a lead on a list.
    """
    readings = CaseReadings(state, type="", data={}, department=None)
    return tuple(
        code
        for code, rule in lists.items()
        if is_in_time(rule, state.lead.acquired_at, at) and rule.condition.test(readings) is True
    )


def matching(lists: Mapping[str, LeadList], state: State) -> tuple[str, ...]:
    """Return the codes of the lists that a lead would be on regardless of time."""
    readings = CaseReadings(state, type="", data={}, department=None)
    return tuple(code for code, rule in lists.items() if rule.condition.test(readings) is True)


def is_in_time(rule: LeadList, acquired_at: datetime | None, at: datetime) -> bool:
    """Whether a lead acquired at that time can be on a list at a moment."""
    if rule.acquired_within_days is None and rule.held_before_days is None:
        return True
    if acquired_at is None or acquired_at > at:
        return False
    age = at - acquired_at
    if rule.acquired_within_days is not None and age >= timedelta(days=rule.acquired_within_days):
        return False
    return rule.held_before_days is None or age >= timedelta(days=rule.held_before_days)
