"""Event types whose meaning is the service's own, whatever the funnel is.

Some it writes by itself, and every lifecycle has words for them. Some are decisions that people
report and that it carries out without asking the machine: who is who, and what is taken back. A
lifecycle offers those that it declares.
"""

from collections.abc import Mapping
from typing import NamedTuple

from domain.lifecycle.definition import (
    EventType,
    Right,
    SubjectKind,
)

PUBLISHED = "lifecycle.published"
REASSESSED = "lead.reassessed"
"""Carries what a judgement changes in addition to a stage."""
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
    PUBLISHED: SubjectKind.LEDGER,
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
