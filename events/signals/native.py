"""The native dialect: read our own JSON into a signal, or refuse it and name the faulty place."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from domain.lead.numbers import OPPORTUNITY_FIELD, ORDER_FIELD, key_of, sharing_with
from domain.lifecycle.definition import (
    NUMBERED_BY,
    EventKind,
    EventType,
    Right,
    Role,
    SubjectKind,
)
from domain.lifecycle.names import resolve
from domain.lifecycle.service_events import EVENT, EVENTS, FIELDS, UNLINKED, is_offered
from domain.recordable import identifying
from domain.rules.deals import ORDER_ROLES
from domain.rules.revisits import DAY_FIELD
from domain.signal import Identifier, Ignored, Signal
from events import refusal_texts
from events.limits import ID_CHARACTERS_MAX
from events.refusals import Refusal
from events.signals import times
from events.signals.context import Context
from events.signals.corrected_fields import divide_corrected
from events.signals.fields import divide
from events.signals.native_schema import AccountReference, LeadReference, NativeEvent
from events.signals.parties import Parties, read_parties
from events.signals.sender import Sender
from events.signals.times import InFuture, SentAt
from events.signals.validation import UNKNOWN, complaint_of

_ID = re.compile(r"[!-~](?:[ -~]*[!-~])?")
_INSTEAD = {
    "id": "Send an opaque id, such as a UUID or the number of a row in your system.",
    "source": "Send the name of the system, such as website.",
}
ONE_DAY = timedelta(days=1)
_NATIVE: TypeAdapter[NativeEvent] = TypeAdapter(NativeEvent)


def read(
    reported: object,
    context: Context,
    *,
    content: Mapping[str, Any] | None = None,
    sent_at: SentAt = SentAt.OF_THE_EVENT,
) -> Signal | Refusal:
    """Read one parsed JSON value as an event in the native dialect.

    `content` is the sender's original if it was translated from another dialect. The fingerprint
    covers that original, so an improved translation does not change an event's identity.
    """
    if not isinstance(reported, dict):
        return Refusal(
            "event-invalid", "An event is a JSON object.", "", {"found": type(reported).__name__}
        )
    try:
        event = _NATIVE.validate_python(reported)
    except ValidationError as error:
        return _invalid(error)
    event_type = context.lifecycle.events.get(event.type)
    if event_type is None:
        return refusal_texts.type_unknown(event.type, context.lifecycle)
    refusal = _unrecordable(event) or _not_permitted(event, event_type, context.sender)
    if refusal is not None:
        return refusal
    when = _times(event, context.received_at, sent_at)
    if isinstance(when, Refusal):
        return when
    content = reported if content is None else content
    return _signal(event, event_type, content, context, when)


def may_report(sender: Sender, event_type: EventType) -> bool:
    """Return whether a key may report events of a type, whatever they say."""
    is_of_department = not event_type.departments or _is_of_department(sender, event_type)
    return not event_type.reserved and event_type.right in sender.scopes and is_of_department


def is_event_id(id: str) -> bool:
    """Return whether a record may hold this id of an event."""
    return len(id) <= ID_CHARACTERS_MAX and _ID.fullmatch(id) is not None and not identifying(id)


def _unrecordable(event: NativeEvent) -> Refusal | None:
    """Refuse an id or a source that may identify a person: both are in the record permanently."""
    for name, text in (("id", event.id), ("source", event.source)):
        if text is None or is_event_id(text):
            continue
        found = identifying(text) or "characters other than printable ASCII"
        return Refusal(
            "event-invalid",
            f"The {name} contains {found}, but it becomes part of the record, and records are "
            f"never erased. {_INSTEAD[name]}",
            f"/{name}",
            {"expected": f"printable ASCII that identifies no person, without {found}"},
        )
    return None


def _signal(
    event: NativeEvent,
    event_type: EventType,
    content: Mapping[str, Any],
    context: Context,
    when: tuple[datetime, datetime | None],
) -> Signal | Refusal:
    divided = divide(event.data or {}, event_type)
    if not isinstance(divided, Refusal) and FIELDS in divided.declared:
        divided = divide_corrected(divided, context.lifecycle, context.received_at)
    if isinstance(divided, Refusal):
        return divided
    refusal = _looks_back(event_type, divided.declared, when[0])
    if refusal is not None:
        return refusal
    department = _department(event, context)
    if isinstance(department, Refusal):
        return department
    parties = read_parties(event.lead, event.account, context)
    if isinstance(parties, Refusal):
        return parties
    if event_type.role is Role.LINKS_ACCOUNT:
        parties = parties.linked_with_account()
    source = event.source or context.sender.source
    references, shared = _references(event_type, divided.declared, source, context)
    # If the event takes back another one, only the ledger knows whom that one is about.
    names_an_event = is_offered(event_type) and EVENT in event_type.fields
    find = _nobody_named if names_an_event else _subject
    subject = find(event_type, parties, references)
    subject = _unlinks_nothing(event_type, divided.declared, parties) or subject
    if isinstance(subject, Refusal):
        return subject
    return Signal(
        source=source,
        id=event.id,
        type=event_type,
        subject=subject,
        occurred_at=when[0],
        claimed_at=when[1],
        key_id=context.sender.key_id,
        department=department,
        lead_id=parties.lead_id,
        identifiers=parties.identifiers,
        references=references,
        shared_references=shared,
        account_id=parties.account_id,
        account_identifiers=parties.account_identifiers,
        account_name=parties.account_name,
        names_account=parties.names_account_outright,
        data=divided.declared,
        attributes=parties.attributes,
        mail_domain=parties.mail_domain,
        personal=parties.personal(divided.undeclared),
        actor=event.actor,
        holds_personal_data=parties.identifies_person,
        ignored=tuple(Ignored(ignored.kind, ignored.reason) for ignored in parties.ignored),
        fingerprint=context.digests.fingerprint(content),
        may_administer=Right.ADMINISTRATION in context.sender.scopes,
    )


def _invalid(error: ValidationError) -> Refusal:
    """Refuse for the first mistake: its place, and what was expected there."""
    first = complaint_of(error)
    if first.kind == UNKNOWN:
        where = first.place[0] if len(first.place) > 1 else None
        models: dict[str, type[BaseModel]] = {"lead": LeadReference, "account": AccountReference}
        model = models.get(str(where), NativeEvent)
        known = tuple(model.model_fields)
        return Refusal(
            "event-invalid",
            "No field of this name is expected here; the fields of an event type go into data. "
            f"Expected one of: {', '.join(known)}.",
            first.pointer,
            {"expected": list(known)},
        )
    return Refusal("event-invalid", first.detail, first.pointer, {"expected": first.expected})


def _not_permitted(event: NativeEvent, event_type: EventType, sender: Sender) -> Refusal | None:
    if event_type.reserved:
        return Refusal(
            "event-type-reserved",
            f"{event_type.name} is written by the service itself and never accepted from outside.",
            "/type",
        )
    if event_type.right not in sender.scopes:
        return Refusal(
            "scope-missing",
            f"{event_type.name} is a {event_type.kind} and needs a key with the scope "
            f"{event_type.right}.",
            "/type",
            {"expected": str(event_type.right)},
        )
    if event_type.departments and not _is_of_department(sender, event_type):
        return Refusal(
            "department-not-allowed",
            f"{event_type.name} is decided by {' or '.join(event_type.departments)}, and the key "
            f"belongs to {sender.department or 'no department'}.",
            "/type",
            {"expected": list(event_type.departments), "found": sender.department},
        )
    if event.source is not None and not sender.speaks_for(event.source):
        return Refusal(
            "source-not-allowed",
            "This key may not speak for that source.",
            "/source",
            {"expected": list(sender.sources), "found": event.source},
        )
    return None


def _is_of_department(sender: Sender, event_type: EventType) -> bool:
    """Return whether the key may report for the type's departments.

    An administrator may report for every department, because administrators import and correct.
    """
    return sender.department in event_type.departments or Right.ADMINISTRATION in sender.scopes


def _department(event: NativeEvent, context: Context) -> str | Refusal | None:
    """Return the department that did it: the key's, or another that the key may name."""
    sender, lifecycle = context.sender, context.lifecycle
    if event.department is None:
        return sender.department
    known = {
        code: words
        for code, words in lifecycle.departments.items()
        if code not in lifecycle.department_parts
    }
    found = resolve(known, event.department)
    if found is None:
        return Refusal(
            "event-invalid",
            f"Expected a department, one of {', '.join(known)}.",
            "/department",
            {"expected": list(known)},
        )
    if found == sender.department or Right.ADMINISTRATION in sender.scopes:
        return found
    return Refusal(
        "department-not-allowed",
        f"The key belongs to {sender.department or 'no department'} and may report for no other.",
        "/department",
        {"expected": [sender.department] if sender.department else [], "found": found},
    )


def _times(
    event: NativeEvent, received: datetime, sent_at: SentAt
) -> tuple[datetime, datetime | None] | Refusal:
    read: list[datetime | None] = []
    for pointer, text in (("/time", event.time), ("/sent_at", event.sent_at)):
        moment = times.parse(text) if text is not None else None
        if text is not None and moment is None:
            return Refusal(
                "event-invalid",
                "A time must be RFC 3339 with an offset, between the years 1970 and 2200, such as "
                "2026-11-22T10:15:00+09:00.",
                pointer,
            )
        read.append(moment)
    try:
        return times.occurred(read[0], read[1], received, meaning=sent_at)
    except InFuture as error:
        return Refusal(
            "event-invalid",
            f"The time {error}: the event was received at {received.isoformat()}. Correct the "
            "time, or omit it if the event happened now.",
            "/time",
        )


def _looks_back(
    event_type: EventType, declared: Mapping[str, Any], occurred: datetime
) -> Refusal | None:
    """Refuse a decision to revisit a lead on a day that had already passed when it was made.

    The day before is accepted, because it may be today in the lifecycle's time zone.
    """
    day, earliest = declared.get(DAY_FIELD), (occurred - ONE_DAY).date().isoformat()
    if event_type.kind is not EventKind.DECISION or day is None or day >= earliest:
        return None
    return Refusal(
        "event-invalid",
        f"{DAY_FIELD} {day} had passed when {event_type.name} was decided, on "
        f"{occurred.date()}. Give a later day, or omit it to use the lifecycle's default.",
        f"/data/{DAY_FIELD}",
        {"expected": "the day of the decision or a later one"},
    )


def _unlinks_nothing(
    event_type: EventType, declared: Mapping[str, Any], parties: Parties
) -> Refusal | None:
    """Refuse an unlinking that does not name its lead, or what to remove from that lead."""
    if event_type.name != UNLINKED:
        return None
    if parties.lead_id is None:
        return Refusal(
            "event-invalid",
            f"{UNLINKED} must name its lead by id. All other identifiers in `lead` are those of "
            "the other person.",
            "/lead/id",
        )
    if declared[EVENTS] or parties.identifiers:
        return None
    return parties.nobody_named(
        f"{UNLINKED} removes something from the lead: give identifiers of the other person under "
        f"`lead`, or positions of reports about that person under `data.{EVENTS}`.",
        f"/data/{EVENTS}",
    )


_NAMES_OF_ACCOUNTS = "name it by id, domain, external_ids or name"


def _references(
    event_type: EventType, data: Mapping[str, Any], source: str, context: Context
) -> tuple[tuple[Identifier, ...], tuple[Identifier, ...]]:
    """Return the deal or order that an event reports, by which its lead can be found.

    First the source's own numbers, then those of the sources that share them.
    """
    if event_type.role not in NUMBERED_BY and OPPORTUNITY_FIELD not in event_type.fields:
        return (), ()
    digest, shared = context.digests.identifier, context.lifecycle.shared_numbers
    named = [
        (field, str(data[field]))
        for field in (OPPORTUNITY_FIELD, ORDER_FIELD)
        if field in data and field in event_type.fields
    ]
    own = tuple(digest(field, key_of(source, number)) for field, number in named)
    others = tuple(
        digest(field, key_of(other, number))
        for field, number in named
        for other in sharing_with(source, field, shared)
        if other != source
    )
    return own, others


def _subject(
    event_type: EventType, parties: Parties, references: tuple[Identifier, ...]
) -> SubjectKind | Refusal:
    """Return the kind of subject. An order may name an account only, or nobody (domain rule 12)."""
    if event_type.subject is SubjectKind.LEAD:
        return _subject_of_lead(event_type, parties, references)
    if event_type.subject is SubjectKind.ACCOUNT and not parties.names_an_account:
        return parties.nobody_named(
            f"{event_type.name} is about an account: {_NAMES_OF_ACCOUNTS}.", "/account"
        )
    return event_type.subject


def _subject_of_lead(
    event_type: EventType, parties: Parties, references: tuple[Identifier, ...]
) -> SubjectKind | Refusal:
    if event_type.role is Role.LINKS_ACCOUNT and not parties.names_an_account:
        return parties.nobody_named(
            f"{event_type.name} links a lead to a company: {_NAMES_OF_ACCOUNTS}, under `account`.",
            "/account",
        )
    if parties.names_a_lead:
        return SubjectKind.LEAD
    if event_type.role in ORDER_ROLES and parties.names_an_account:
        return SubjectKind.ACCOUNT
    # An order with an unreadable buyer is not the same as an order without one.
    is_unreadable = any(ignored.reason == "malformed" for ignored in parties.ignored)
    is_alone = event_type.role is Role.PLACES_ORDER and len(references) == 1
    if (references or event_type.role in ORDER_ROLES) and not (is_alone and is_unreadable):
        return SubjectKind.LEAD
    return parties.nobody_named(
        f"{event_type.name} is about a lead: name it by id, email, phone, user_id, anonymous_id, "
        "aliases or external_ids.",
        "/lead",
    )


def _nobody_named(
    event_type: EventType, parties: Parties, _: tuple[Identifier, ...]
) -> SubjectKind | Refusal:
    if not parties.names_a_lead and not parties.names_an_account:
        return SubjectKind.LEAD
    return Refusal(
        "event-invalid",
        f"{event_type.name} must not name anyone: its subject is that of the event at the position "
        "given.",
        "/lead" if parties.names_a_lead else "/account",
    )


@lru_cache(maxsize=1)
def json_schema() -> dict[str, Any]:
    """Return the JSON schema of one event, for the OpenAPI document."""
    return _NATIVE.json_schema(ref_template="#/components/schemas/{model}")
