"""A refusal in words, for those who may see personal data and for those who may not."""

from collections.abc import Container
from typing import Any

import orjson
from sqlalchemy import RowMapping

from domain.lifecycle.definition import Lifecycle
from events.outcomes import Outcome
from events.records import rfc3339
from events.refusals import Refusal, Refused
from events.reported import AccountReference, LeadReference, NativeEvent
from service.problems import of_refusal

INDEX_DIGITS_MAX = 4
"""Of a place in an array; a longer number may be somebody's."""
_OURS = frozenset(
    name for model in (NativeEvent, LeadReference, AccountReference) for name in model.model_fields
)


def describe_refusal(
    row: RowMapping, lifecycle: Lifecycle, *, shows_personal: bool
) -> dict[str, Any]:
    """Write a refusal. Its bytes, and what people wrote about it, are personal data."""
    refusal = stored_refusal(row)
    content: dict[str, Any] = {
        "refusal": str(row["refusal_id"]),
        "status": row["status"],
        "received_time": rfc3339(row["received_at"]),
        "last_received_time": rfc3339(row["last_received_at"]),
        "times": row["times"],
        "retries": row["retries"],
        "key": row["key_id"],
        "source": row["source"],
        "id": row["event_id"],
        "type": row["type"],
        "dialect": row["dialect"],
        "reason": row["reason"],
        "problem": of_refusal(refusal if shows_personal else impersonal(refusal, lifecycle)),
    }
    if row["settled_at"] is not None:
        content["settled_time"] = rfc3339(row["settled_at"])
        content["settled_by"] = row["settled_by"]
    if row["position"] is not None:
        content["position"] = str(row["position"])
    if shows_personal:
        if row["dismissal"] is not None:
            content["dismissal"] = row["dismissal"]
        if "content" in row:
            content["content"] = bytes(row["content"]).decode("utf-8", errors="replace")
    return content


def impersonal(refusal: Refusal, lifecycle: Lifecycle) -> Refusal:
    """Point no further into an event than by names of our own: a sender's may say who it is."""
    if not refusal.pointer:
        return refusal
    declared = (lifecycle.attributes, *(event.fields for event in lifecycle.events.values()))
    names = _OURS.union(*declared)
    pointer = _known_part(refusal.pointer, names)
    return refusal._replace(
        pointer=pointer, detail=refusal.detail.replace(refusal.pointer, pointer or "its root")
    )


def impersonal_outcome(outcome: Outcome, lifecycle: Lifecycle) -> Outcome:
    """Write what became of a retry for somebody who has not sent it."""
    if isinstance(outcome, Refused):
        return outcome._replace(refusal=impersonal(outcome.refusal, lifecycle))
    return outcome


def _known_part(pointer: str, names: Container[str]) -> str:
    known: list[str] = []
    for part in pointer.split("/")[1:]:
        if part not in names and not (part.isdecimal() and len(part) <= INDEX_DIGITS_MAX):
            break
        known.append(part)
    return "".join(f"/{part}" for part in known)


def stored_refusal(row: RowMapping) -> Refusal:
    """Return why something was refused, as it is kept."""
    members = orjson.loads(row["problem"])
    detail, pointer = members.pop("detail"), members.pop("pointer", None)
    return Refusal(row["reason"], detail, pointer, members)
