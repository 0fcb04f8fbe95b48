"""Corrected fields: values that replace those of an earlier event, split like any event's data."""

from datetime import datetime
from typing import Any

from domain.lifecycle.definition import Lifecycle
from domain.lifecycle.service_events import FIELDS, TIME
from domain.times import format_utc
from events.refusals import Refusal
from events.signals import times
from events.signals.fields import Divided, coded

_WHO = frozenset(
    {"lead", "account", "email", "phone", "user_id", "anonymous_id", "external_ids", "profile"}
)
_KEY = frozenset({"id", "source", "type", "sent_at", "actor"})


def divide_corrected(
    divided: Divided, lifecycle: Lifecycle, received_at: datetime
) -> Divided | Refusal:
    """Split the corrected fields: those that no event type declares are stored outside the record.

    The type of the corrected event determines which fields it may have, and only the ledger knows
    that type.
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
    declared = {
        name: field for event in lifecycle.events.values() for name, field in event.fields.items()
    }
    recorded: dict[str, Any] = {}
    apart: dict[str, Any] = {}
    for name, value in fields.items():
        field = declared.get(name)
        if name == TIME:
            recorded[name] = value
        elif field is None:
            apart[name] = value
        else:
            recorded[name] = coded(field, value)
            if field.type == "page" and recorded[name] != value:
                apart[name] = value
    undeclared = {**divided.undeclared, FIELDS: apart} if apart else divided.undeclared
    return Divided({**divided.declared, FIELDS: recorded}, undeclared)


def _read_time(time: object, received_at: datetime) -> str | Refusal:
    """Return the corrected time in the format of records."""
    moment = times.parse(time) if isinstance(time, str) else None
    if moment is not None and moment <= received_at:
        return format_utc(moment)
    detail = "A corrected time must be RFC 3339 with an offset, between the years 1970 and 2200."
    if moment is not None:
        detail = "A corrected time must not be later than now: the event has already happened."
    return Refusal("event-invalid", detail, f"/data/{FIELDS}/{TIME}", {"found": time})


def _not_corrected(name: str) -> Refusal:
    if name in _WHO:
        detail = (
            "A correction cannot change whom an event is about, and identifiers stay linked. Void "
            "the event and report it again. If two leads are one person, merge them; if one lead "
            "is two people, unmerge it."
        )
    else:
        detail = (
            f"{name} identifies the event and cannot be corrected. Void the event and report it "
            "again."
        )
    return Refusal("event-invalid", detail, f"/data/{FIELDS}/{name}")
