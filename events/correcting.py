"""What an event should have told: fields in the place of others, divided like any event's data."""

from domain.lifecycle.definition import Lifecycle
from domain.lifecycle.service_events import FIELDS
from events.fields import Divided
from events.refusals import Refusal

_WHO = frozenset(
    {"lead", "account", "email", "phone", "user_id", "anonymous_id", "external_ids", "profile"}
)
_KEY = frozenset({"id", "source", "type", "time", "sent_at", "actor"})


def divide_corrected(divided: Divided, lifecycle: Lifecycle) -> Divided | Refusal:
    """Part the corrected fields: what no event type declares is kept apart from the record.

    Which fields the event in question may have is told by its type, which only the ledger knows.
    """
    fields = divided.declared[FIELDS]
    for name in fields:
        if name in _WHO or name in _KEY:
            return _not_corrected(name)
    declared = {name for event in lifecycle.events.values() for name in event.fields}
    told = {name: value for name, value in fields.items() if name in declared}
    apart = {name: value for name, value in fields.items() if name not in declared}
    undeclared = {**divided.undeclared, FIELDS: apart} if apart else divided.undeclared
    return Divided({**divided.declared, FIELDS: told}, undeclared)


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
