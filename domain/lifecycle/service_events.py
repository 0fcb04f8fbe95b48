"""Event types whose meaning is the service's own, whatever the funnel is.

Some it writes by itself, and every lifecycle has words for them. Some are decisions that people
report and that it carries out without asking the machine: who is who, and what is taken back. A
lifecycle offers those that it declares.
"""

from collections.abc import Mapping
from typing import NamedTuple

from domain.lifecycle.definition import EventKind, EventType, Right, SubjectKind
from domain.lifecycle.text.place import Place
from domain.lifecycle.text.words import Placed

MERGED, UNMERGED, KEPT_APART = "identity.merged", "identity.unmerged", "identity.kept_apart"
UNLINKED = "identity.unlinked"
ABSORBED, CONFLICTED, LINKED = "identity.absorbed", "identity.conflicted", "identity.linked"
VOIDED, CORRECTED = "event.voided", "event.corrected"
RESTATED = "lead.restated"
ACCOUNT_MERGED, ACCOUNT_ABSORBED = "account.merged", "account.absorbed"
ACCOUNT_RESTATED = "account.restated"
ACCOUNT_CONFLICTED, ACCOUNT_KEPT_APART = "account.conflicted", "account.kept_apart"
DISMISSED = "conflict.dismissed"
CALENDAR_CHANGED = "calendar.changed"
COST_RECORDED, TARGET_SET = "campaign.cost_recorded", "target.set"
KEY_CREATED, KEY_CHANGED, KEY_REVOKED = "key.created", "key.changed", "key.revoked"

OTHER, EVENT, EVENTS, FIELDS = "other", "event", "events", "fields"
"""Data fields that say which other subject, which event or events, and what it should have told."""
KINDS, TAKEN = "kinds", "taken"
"""Data fields that the service adds to an unlinking: kinds of the identifiers that name the other
person from then on, and of those among them that named this one."""
TIME = "time"
"""Among corrected fields: when the event happened, which is not a field of any event's data."""
CALENDAR, CLOSED, WORKED_HOURS = "calendar", "closed", "hours"
"""Data fields that say which calendar is closed or worked, and in which hours."""
FIRST_DAY, LAST_DAY = "starts_on", "ends_on"
"""Data fields of a period, both days included, whatever it is the period of."""

WRITTEN: Mapping[str, SubjectKind] = {
    LINKED: SubjectKind.LEAD,
    ABSORBED: SubjectKind.LEAD,
    MERGED: SubjectKind.LEAD,
    CONFLICTED: SubjectKind.LEAD,
    ACCOUNT_CONFLICTED: SubjectKind.ACCOUNT,
    "lifecycle.published": SubjectKind.LEDGER,
    KEY_CREATED: SubjectKind.LEDGER,
    KEY_CHANGED: SubjectKind.LEDGER,
    KEY_REVOKED: SubjectKind.LEDGER,
}
"""Written by the service in every lifecycle; about companies, where it has a track for them."""


class Offered(NamedTuple):
    """What a lifecycle has to say of a decision that the service carries out."""

    subject: SubjectKind
    rights: tuple[Right, ...]
    required: Mapping[str, str] = {}
    """Name of a field that must be there → its type."""


_ADMINISTRATORS = (Right.ADMINISTRATION,)
_DECIDERS = (Right.DECISIONS, Right.ADMINISTRATION)

OFFERED: Mapping[str, Offered] = {
    MERGED: Offered(SubjectKind.LEAD, _ADMINISTRATORS, {OTHER: "subject"}),
    UNMERGED: Offered(SubjectKind.LEAD, _ADMINISTRATORS),
    UNLINKED: Offered(SubjectKind.LEAD, _ADMINISTRATORS, {EVENTS: "positions"}),
    KEPT_APART: Offered(SubjectKind.LEAD, _ADMINISTRATORS, {OTHER: "subject"}),
    VOIDED: Offered(SubjectKind.LEAD, _DECIDERS, {EVENT: "position"}),
    CORRECTED: Offered(SubjectKind.LEAD, _DECIDERS, {EVENT: "position", FIELDS: "fields"}),
    DISMISSED: Offered(SubjectKind.LEAD, _ADMINISTRATORS, {OTHER: "subject"}),
    ACCOUNT_MERGED: Offered(SubjectKind.ACCOUNT, _ADMINISTRATORS, {OTHER: "subject"}),
    ACCOUNT_KEPT_APART: Offered(SubjectKind.ACCOUNT, _ADMINISTRATORS, {OTHER: "subject"}),
    CALENDAR_CHANGED: Offered(
        SubjectKind.LEDGER,
        _ADMINISTRATORS,
        {CALENDAR: "code", FIRST_DAY: "date", LAST_DAY: "date", CLOSED: "boolean"},
    ),
}

BY_PERIOD = (COST_RECORDED, TARGET_SET)
"""Decisions about the ledger of which no two may overlap, so that no day counts twice."""

CONSEQUENCES: Mapping[str, SubjectKind] = {
    RESTATED: SubjectKind.LEAD,
    ACCOUNT_ABSORBED: SubjectKind.ACCOUNT,
    ACCOUNT_RESTATED: SubjectKind.ACCOUNT,
}
"""Written by the service when it carries such a decision out: declared where one is offered."""

DEADLINES = ("deadline.started", "deadline.met", "deadline.breached")
"""Written by the service where a lifecycle has deadlines: one that has some has words for them."""

SELECTIONS = ("selection.run", "selection.ranked", "selection.completed")
"""Written by the service when it selects: a lifecycle that qualifies so has words for them."""

FAMILIES = ("identity", "lifecycle", "selection", "deadline", "event", "key")
"""First words of the types that only the service, or an administrator through it, ever writes."""


def is_offered(event: EventType) -> bool:
    """Whether this is a decision that the service carries out itself, the machine not asked."""
    return event.name in OFFERED and not event.reserved


def check_service_events(
    root: Place, events: Mapping[str, Placed[EventType]], *, has_companies: bool
) -> None:
    """Complain of what is missing, or is not what the service takes it for."""
    for name, subject in WRITTEN.items():
        placed = events.get(name)
        if placed is None and (has_companies or subject is not SubjectKind.ACCOUNT):
            root.complain(f"the event type {name} is missing; the service writes it")
        elif placed is not None and placed.value.subject is not subject:
            placed.place.complain(f"{name} is about the {subject}, not {placed.value.subject}")
    offers = any(
        is_offered(placed.value) and placed.value.subject is not SubjectKind.LEDGER
        for placed in events.values()
    )
    for name, subject in CONSEQUENCES.items():
        placed = events.get(name)
        if placed is None and offers:
            root.complain(f"the event type {name} is missing; taking something back writes it")
        elif placed is not None and (not placed.value.reserved or placed.value.subject != subject):
            placed.place.complain(f"expected a derived event about the {subject}")
    for placed in events.values():
        _check(placed)
    for name in BY_PERIOD:
        if name in events:
            _check_period(events[name])


def _check(placed: Placed[EventType]) -> None:
    event, place = placed.value, placed.place
    if is_offered(event):
        _check_offered(placed, OFFERED[event.name])
    elif event.name.partition(".")[0].casefold() in FAMILIES:
        if event.name not in {*WRITTEN, *OFFERED, *DEADLINES, *SELECTIONS}:
            place.complain("types of this family are the service's own; choose another first word")
        elif not event.reserved:
            place.complain("only the service writes this type; declare it under `derived`")


def _check_period(placed: Placed[EventType]) -> None:
    event, place = placed.value, placed.place
    if event.subject is not SubjectKind.LEDGER:
        place.complain("expected an event about the ledger")
    for name in (FIRST_DAY, LAST_DAY):
        field = event.fields.get(name)
        if field is None or not field.required or field.type != "date":
            place.complain(f"needs `required: [{name}]`, a field of type date")


def _check_offered(placed: Placed[EventType], offered: Offered) -> None:
    event, place = placed.value, placed.place
    if event.kind is not EventKind.DECISION or event.subject is not offered.subject:
        place.complain(f"expected a decision about the {offered.subject}")
    if event.right not in offered.rights:
        place.complain(f"needs `right: {' or '.join(offered.rights)}`")
    for name, type in offered.required.items():
        field = event.fields.get(name)
        if field is None or not field.required or field.type != type:
            place.complain(f"needs `required: [{name}]`, a field of type {type}")
