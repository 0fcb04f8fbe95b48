"""What an event should have told: fields in the place of others, divided like any event's data."""

from datetime import datetime

from domain.lifecycle.definition import Lifecycle
from domain.lifecycle.service_events import FIELDS, TIME
from domain.times import format_utc
from events.refusals import Refusal
from events.signals import times
from events.signals.fields import Divided

_WHO = frozenset(
    {"lead", "account", "email", "phone", "user_id", "anonymous_id", "external_ids", "profile"}
)
_KEY = frozenset({"id", "source", "type", "sent_at", "actor"})


def divide_corrected(
    divided: Divided, lifecycle: Lifecycle, received_at: datetime
) -> Divided | Refusal:
    """Part the corrected fields: what no event type declares is kept apart from the record.

    Which fields the event in question may have is told by its type, which only the ledger knows.
    """
    fields = divided.declared[FIELDS]
    for name in fields:
        if name in _WHO or name in _KEY:
            return _not_corrected(name)
    if TIME in fields:
        time = _read_time(fields[TIME], received_at)
        if isinstance(time, Refusal):
            return time
        fields = {**fields, TIME: time}
    declared = {TIME, *(name for event in lifecycle.events.values() for name in event.fields)}
    told = {name: value for name, value in fields.items() if name in declared}
    apart = {name: value for name, value in fields.items() if name not in declared}
    undeclared = {**divided.undeclared, FIELDS: apart} if apart else divided.undeclared
    return Divided({**divided.declared, FIELDS: told}, undeclared)


def _read_time(time: object, received_at: datetime) -> str | Refusal:
    """Return when something happened after all, as records write it."""
    moment = times.parse(time) if isinstance(time, str) else None
    if moment is not None and moment <= received_at:
        return format_utc(moment)
    detail = "A corrected time is RFC 3339 with an offset, between the years 1970 and 2200."
    if moment is not None:
        detail = "A corrected time is not later than now: it says when something has happened."
    return Refusal("event-invalid", detail, f"/data/{FIELDS}/{TIME}", {"found": time})


def _not_corrected(name: str) -> Refusal:
    if name in _WHO:
        detail = (
            "Whom an event is about is not corrected, and identifiers stay linked. Void the event "
            "and report it anew; where two leads are one person or one lead is two, merge or "
            "unmerge them."
        )
    else:
        detail = f"{name} is what an event is known by. Void the event and report it anew."
    return Refusal("event-invalid", detail, f"/data/{FIELDS}/{name}")
