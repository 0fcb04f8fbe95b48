"""Refusals of the ledger, each saying what is wrong and what to do next."""

from collections.abc import Iterable
from typing import Any

from domain.case import NotAllowed
from domain.lifecycle.definition import Lifecycle
from domain.lifecycle.names import nearest
from domain.signal import Identifier
from events.limits import DECLARED_MAX
from events.refusals import Refusal


def reused(position: int) -> Refusal:
    return Refusal(
        "event-id-reused",
        "This source has used this id for an event with other content. One id is one event for "
        "ever: give the new event an id of its own.",
        "/id",
        {"position": str(position)},
    )


def not_comparable(position: int) -> Refusal:
    return Refusal(
        "event-not-comparable",
        "This source has used this id before, for an event whose fingerprint was made in a way "
        "that this service does not know: whether it is the same event cannot be told. Send it "
        "again once every process of the service is of the newest version.",
        "/id",
        {"position": str(position)},
    )


def lead_unknown() -> Refusal:
    return Refusal(
        "lead-unknown",
        "Nobody has reported this lead yet. Report a fact about it first, or name it by an "
        "identifier that was reported.",
        "/lead",
    )


def identifier_shared(shared: Iterable[Identifier]) -> Refusal:
    kinds = sorted({one.kind for one in shared})
    return Refusal(
        "identifier-shared",
        f"Several people have been reported under this {' and this '.join(kinds)}, so that it "
        "names none of them. Name the lead by something of its own, or settle the conflict that "
        "`GET /v1/conflicts` lists, and try again.",
        "/lead",
        {"ignored": [{"kind": kind, "reason": "shared"} for kind in kinds]},
    )


def not_of_this_lead(identifiers: Iterable[Identifier]) -> Refusal:
    kinds = sorted({one.kind for one in identifiers})
    return Refusal(
        "taking-back-not-possible",
        f"This {' and this '.join(kinds)} does not name this lead: it has been reported of "
        "somebody else, or of several people. Take off what names this lead alone.",
        "/lead",
        {"found": kinds},
    )


def too_much_declared(type: str) -> Refusal:
    return Refusal(
        "history-too-long",
        f"{DECLARED_MAX} events of type {type} are recorded: as many as one more is compared with.",
    )


def account_unknown() -> Refusal:
    return Refusal(
        "account-unknown",
        "Nobody has reported this account yet. Report a fact about it first, or name it by an "
        "identifier that was reported.",
        "/account",
    )


def type_unknown(name: str, lifecycle: Lifecycle) -> Refusal:
    near = list(nearest(name, lifecycle.events))
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    return Refusal(
        "event-type-unknown",
        f"The lifecycle {lifecycle.name} knows no event type of this name.{hint}",
        "/type",
        {"found": name, "nearest": near},
    )


def internal_error() -> Refusal:
    return Refusal(
        "internal-error",
        "The service met a fault of its own with this event. Nothing of the event is recorded; it "
        "is kept as a refusal, to be retried once the fault is mended. Other events are not "
        "affected.",
    )


def not_storable() -> Refusal:
    return Refusal(
        "event-not-storable",
        "The database refused this event alone; the events sent with it are not affected.",
    )


def not_allowed(refused: NotAllowed) -> Refusal:
    """Say the stage, the moves that it allows, and the guard that failed with what it saw."""
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
            {"guard": one.name, "to": one.to, "saw": dict(one.seen)} for one in refused.failed
        ]
    return Refusal(refused.reason, refused.detail, None, members)
