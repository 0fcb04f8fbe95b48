"""The ledger's refusals. Each states what is wrong and what to do next."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from domain.case import NotAllowed
from domain.lifecycle.definition import Lifecycle
from domain.lifecycle.names import nearest
from domain.signal import Identifier
from domain.times import format_utc
from events.limits import DECLARED_MAX
from events.refusals import Refusal


def reused(position: int) -> Refusal:
    return Refusal(
        "event-id-reused",
        "This source has already used this id for an event with other content. An id identifies "
        "one event permanently: give the new event its own id.",
        "/id",
        {"position": str(position)},
    )


def not_comparable(position: int) -> Refusal:
    return Refusal(
        "event-not-comparable",
        "This source has used this id before, for an event whose fingerprint has a format that "
        "this process does not know, so the two cannot be compared. Send the event again once "
        "every process of the service runs the newest version.",
        "/id",
        {"position": str(position)},
    )


def lead_unknown() -> Refusal:
    return Refusal(
        "lead-unknown",
        "This lead has not been reported yet. Report a fact about it first, or name it by an "
        "identifier that was reported.",
        "/lead",
    )


def identifier_shared(shared: Iterable[Identifier]) -> Refusal:
    kinds = sorted({identifier.kind for identifier in shared})
    return Refusal(
        "identifier-shared",
        f"Several people have been reported under this {' and this '.join(kinds)}, so it "
        "identifies none of them. Name the lead by an identifier of its own, or settle the "
        "conflict that `GET /v1/conflicts` lists, and try again.",
        "/lead",
        {"ignored": [{"kind": kind, "reason": "shared"} for kind in kinds]},
    )


def not_of_this_lead(identifiers: Iterable[Identifier]) -> Refusal:
    kinds = sorted({identifier.kind for identifier in identifiers})
    return Refusal(
        "taking-back-not-possible",
        f"This {' and this '.join(kinds)} does not identify this lead: it has been reported for "
        "another person, or for several. Remove only identifiers that belong to this lead alone.",
        "/lead",
        {"found": kinds},
    )


def too_much_declared(type: str) -> Refusal:
    return Refusal(
        "history-too-long",
        f"{DECLARED_MAX} events of type {type} are recorded, the most that a new one is compared "
        "with.",
    )


def account_unknown() -> Refusal:
    return Refusal(
        "account-unknown",
        "This account has not been reported yet. Report a fact about it first, or name it by an "
        "identifier that was reported.",
        "/account",
    )


def type_unknown(name: str, lifecycle: Lifecycle) -> Refusal:
    near = list(nearest(name, lifecycle.events))
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    return Refusal(
        "event-type-unknown",
        f"The lifecycle {lifecycle.name} has no event type of this name.{hint}",
        "/type",
        {"found": name, "nearest": near},
    )


def internal_error() -> Refusal:
    return Refusal(
        "internal-error",
        "An internal error occurred while this event was processed. The event is not recorded; it "
        "is kept as a refusal, to be retried once the error is fixed. Other events are not "
        "affected.",
    )


def not_storable() -> Refusal:
    return Refusal(
        "event-not-storable",
        "The database rejected this event. The events sent with it are not affected.",
    )


def not_allowed_then(refused: NotAllowed, at: datetime, first_at: datetime | None) -> Refusal:
    """State why a decision was not legal at its own time, which is before other reports.

    `first_at` is when something first happened to the lead, as far as is known.
    """
    if refused.reason == "lead-unknown":
        known = f", and the first report about it is of {format_utc(first_at)}" if first_at else ""
        detail = f"At that time the lead was not known{known}."
        refused = replace(refused, reason="move-not-allowed", detail=detail)
    refusal = not_allowed(refused)
    return refusal._replace(
        detail=f"At the time of the decision: {refusal.detail}",
        members={**refusal.members, "at": format_utc(at)}
        | ({"first_reported": format_utc(first_at)} if first_at and first_at > at else {}),
    )


def not_allowed(refused: NotAllowed) -> Refusal:
    """State the stage, the moves that it allows, and any failed guard with the values it saw."""
    if refused.reason == "lead-unknown":
        return lead_unknown()
    members: dict[str, Any] = {
        "stage": refused.stage,
        "legal_from": list(refused.legal_from),
        "allowed": [{"type": type, "to": to} for type, to in refused.allowed],
    }
    if refused.obstacle is not None:
        members["obstacle"] = refused.obstacle
    if refused.failed:
        members["guards"] = [
            {"guard": guard.name, "to": guard.to, "saw": dict(guard.seen)}
            for guard in refused.failed
        ]
    return Refusal(refused.reason, refused.detail, None, members)
