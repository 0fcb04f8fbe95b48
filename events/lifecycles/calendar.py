"""Changes to days of a calendar: an unforeseen closure, a holiday that is worked.

The decision publishes the lifecycle again, with the same text and the changed calendar. Every later
decision names that version, and thereby the days on which it was based.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from domain.event import LEDGER, Event
from domain.lifecycle.calendars import hours_in
from domain.lifecycle.compiled.table import CompiledLifecycle
from domain.lifecycle.service_events import (
    CALENDAR,
    CLOSED,
    FIRST_DAY,
    LAST_DAY,
    PUBLISHED,
    WORKED_HOURS,
)
from domain.signal import Signal
from events.limits import CALENDAR_CHANGE_DAYS_MAX, CALENDAR_CHANGES_MAX
from events.refusals import Refusal


def change_calendar(
    signal: Signal, in_force: CompiledLifecycle, *, position: int
) -> Sequence[Event] | Refusal:
    """Return the decision, and the lifecycle as it is in force from then on."""
    name, changes = signal.data[CALENDAR], changes_of(in_force.publication)
    refusal = _objection(signal.data, in_force, changes.get(name, []))
    if refusal is not None:
        return refusal
    change = _change_in(signal.data)
    changed = Event(position, signal.type.name, LEDGER, signal.occurred_at, signal.data, {})
    if change in changes.get(name, [])[-1:]:
        return [changed._replace(effects={"already": True})]
    kept = {key: value for key, value in in_force.publication.items() if key != "stage_map"}
    published = changed._replace(
        position=position + 1,
        type=PUBLISHED,
        data={
            **with_changes(kept, {**changes, name: [*changes.get(name, []), change]}),
            "version": in_force.version + 1,
        },
        cause=position,
    )
    return [changed, published]


def changes_of(publication: Mapping[str, Any]) -> dict[str, list[list[Any]]]:
    """Return the changes of calendars that a publication holds."""
    return dict(publication.get("calendars", {}).get("changes", {}))


def with_changes(
    publication: Mapping[str, Any], changes: Mapping[str, list[list[Any]]]
) -> dict[str, Any]:
    """Return the data of a publication, with these changes of calendars."""
    if not changes:
        return dict(publication)
    calendars = {**publication.get("calendars", {}), "changes": dict(changes)}
    return {**publication, "calendars": calendars}


def _change_in(data: Mapping[str, Any]) -> list[Any]:
    """Return a change in the form in which a publication holds it."""
    return [data[name] for name in (FIRST_DAY, LAST_DAY, CLOSED, WORKED_HOURS) if name in data]


def _objection(
    data: Mapping[str, Any], in_force: CompiledLifecycle, changes: Sequence[list[Any]]
) -> Refusal | None:
    known = list(in_force.calendars)
    if data[CALENDAR] not in known:
        return Refusal(
            "event-invalid",
            "The lifecycle in force has no calendar of this name.",
            f"/data/{CALENDAR}",
            {"expected": known, "found": data[CALENDAR]},
        )
    days = (date.fromisoformat(data[LAST_DAY]) - date.fromisoformat(data[FIRST_DAY])).days + 1
    if not 1 <= days <= CALENDAR_CHANGE_DAYS_MAX:
        expected = f"on or after {FIRST_DAY}, within {CALENDAR_CHANGE_DAYS_MAX} days"
        return Refusal(
            "event-invalid",
            f"{LAST_DAY} must be {expected}.",
            f"/data/{LAST_DAY}",
            {"expected": expected},
        )
    if len(changes) >= CALENDAR_CHANGES_MAX:
        return Refusal(
            "event-invalid",
            f"The calendar {data[CALENDAR]} has been changed {CALENDAR_CHANGES_MAX} times. Publish "
            "a lifecycle with the closures in its text, under a new calendar name.",
            f"/data/{CALENDAR}",
        )
    return _objection_to_hours(data, in_force, days)


def _objection_to_hours(
    data: Mapping[str, Any], in_force: CompiledLifecycle, days: int
) -> Refusal | None:
    """Return why the days cannot be worked during these hours, or without hours."""
    hours = data.get(WORKED_HOURS)
    if hours is not None and (data[CLOSED] or hours_in(hours) is None):
        expected = "omitted for closed days" if data[CLOSED] else "a range such as 10:00-16:00"
        return Refusal(
            "event-invalid",
            f"{WORKED_HOURS} must be {expected}.",
            f"/data/{WORKED_HOURS}",
            {"expected": expected},
        )
    first = date.fromisoformat(data[FIRST_DAY])
    week = in_force.calendars[data[CALENDAR]].calendar.week
    weekdays = {(first + timedelta(days=offset)).weekday() for offset in range(days)}
    if data[CLOSED] or hours is not None or any(week[weekday] for weekday in weekdays):
        return None
    return Refusal(
        "event-invalid",
        f"The calendar {data[CALENDAR]} has no hours for the weekday of {data[FIRST_DAY]}, so the "
        f"days would stay closed. Give their hours in {WORKED_HOURS}, such as 10:00-16:00.",
        f"/data/{WORKED_HOURS}",
        {"expected": "hours such as 10:00-16:00"},
    )
