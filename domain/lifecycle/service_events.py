"""Event types whose meaning the service defines, whatever the funnel is.

The service writes some of them itself, and every lifecycle declares those. Others are decisions
that people report and the service carries out without consulting the machine: about identities, and
about what is taken back. A lifecycle offers the ones that it declares.
"""

from collections.abc import Mapping
from typing import NamedTuple

from domain.lifecycle.definition import (
    EventType,
    Right,
    SubjectKind,
)

FOUNDED = "ledger.founded"
LIFECYCLE_TEXT, EFFECTS_TEXT = "lifecycle.text", "effects.text"
"""Parts of an event whose content does not fit into its own record."""
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
PERIOD_CLOSED = "period.closed"
KEY_CREATED, KEY_CHANGED, KEY_REVOKED = "key.created", "key.changed", "key.revoked"
READS_SEALED = "personal.reads_sealed"

OTHER, EVENT, EVENTS, FIELDS = "other", "event", "events", "fields"
"""Data fields for the other subject, the event or events, and the corrected values."""
KINDS, TAKEN = "kinds", "taken"
"""Data fields that the service adds to an unlinking: the kinds of the identifiers that name the
other person from then on, and the kinds of those among them that named this one."""
TIME = "time"
"""Among corrected fields: when the event happened, which is not a field of any event's data."""
CALENDAR, CLOSED, WORKED_HOURS = "calendar", "closed", "hours"
"""Data fields for the calendar, whether it is closed or worked, and the hours."""
READS, READS_END = "reads", "end"
"""Data fields for the number of recorded reads of personal data, and the end of their chain."""
FIRST_DAY, LAST_DAY = "starts_on", "ends_on"
"""Data fields of any period; both days are included."""
READ_AT = "read_at"
"""A data field: the position at which the numbers were read that a closing confirms."""

WRITTEN: Mapping[str, SubjectKind] = {
    LINKED: SubjectKind.LEAD,
    ABSORBED: SubjectKind.LEAD,
    MERGED: SubjectKind.LEAD,
    CONFLICTED: SubjectKind.LEAD,
    ACCOUNT_CONFLICTED: SubjectKind.ACCOUNT,
    FOUNDED: SubjectKind.LEDGER,
    LIFECYCLE_TEXT: SubjectKind.LEDGER,
    EFFECTS_TEXT: SubjectKind.LEDGER,
    PUBLISHED: SubjectKind.LEDGER,
    KEY_CREATED: SubjectKind.LEDGER,
    KEY_CHANGED: SubjectKind.LEDGER,
    KEY_REVOKED: SubjectKind.LEDGER,
    READS_SEALED: SubjectKind.LEDGER,
}
"""Written by the service in every lifecycle; those about companies only if it has their track."""


class Offered(NamedTuple):
    """How a lifecycle must declare a decision that the service carries out."""

    subject: SubjectKind
    rights: tuple[Right, ...]
    required: Mapping[str, str] = {}
    """Name of a required field → its type."""


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

BY_PERIOD = (COST_RECORDED, TARGET_SET, PERIOD_CLOSED)
"""Decisions about the ledger whose periods may not overlap, so that no day counts twice."""

CONSEQUENCES: Mapping[str, SubjectKind] = {
    RESTATED: SubjectKind.LEAD,
    ACCOUNT_ABSORBED: SubjectKind.ACCOUNT,
    ACCOUNT_RESTATED: SubjectKind.ACCOUNT,
}
"""Written by the service when it carries out such a decision; declared if one is offered."""

DEADLINES = ("deadline.started", "deadline.met", "deadline.breached")
"""Written by the service if a lifecycle has deadlines, which must then declare them."""

SELECTIONS = ("selection.run", "selection.ranked", "selection.completed")
"""Written by the service in a selection; a lifecycle that qualifies this way must declare them."""

FAMILIES = (
    *("identity", "ledger", "lifecycle", "effects", "selection", "deadline", "event", "key"),
    "personal",
)
"""First words of the types that only the service, or an administrator through it, writes."""


def is_offered(event: EventType) -> bool:
    """Whether this is a decision that the service carries out without consulting the machine."""
    return event.name in OFFERED and not event.reserved
