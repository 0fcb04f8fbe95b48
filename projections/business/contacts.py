"""Contacts with leads: attempts to reach them, completed screenings, and meetings."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from domain.event import Event
from domain.lifecycle.automation import Screening

REACHED, CLASS = "reached", "class"


class Contact(StrEnum):
    """What a contact was. A completed screening has reached the person as well."""

    REACHED = "reached"
    UNREACHED = "unreached"
    COMPLETED = "completed"
    SCHEDULED = "scheduled"
    HELD = "held"
    MISSED = "missed"


class ContactRow(NamedTuple):
    position: int
    known_from: int
    lead: str
    """The lead that the identifiers pointed to. Later merges are resolved at query time."""
    contacted_at: datetime
    what: str
    class_: str | None


COLUMNS = ("position", "known_from", "lead", "contacted_at", "what", "class")


def contact_row(screening: Screening, event: Event) -> ContactRow | None:
    """Return the contact that a lead's event reports, if it reports one."""
    what = _what(screening, event)
    if what is None:
        return None
    found = event.data.get(CLASS) if what is Contact.COMPLETED else None
    return ContactRow(
        event.position, event.position, event.subject.id, event.occurred_at, str(what), found
    )


def attempt_in(fields: Mapping[str, Any]) -> str | None:
    """Return what an attempt led to, if these fields say so."""
    if REACHED not in fields:
        return None
    return str(Contact.REACHED if fields[REACHED] else Contact.UNREACHED)


def _what(screening: Screening, event: Event) -> Contact | None:
    type = event.type
    if type in screening.completed_by:
        return Contact.COMPLETED
    if type in screening.attempted_by:
        return Contact.REACHED if event.data.get(REACHED) else Contact.UNREACHED
    if type in screening.scheduled_by:
        return Contact.SCHEDULED
    if type in screening.held_by:
        return Contact.HELD
    return Contact.MISSED if type in screening.missed_by else None
