"""Describe a refusal, for readers who may see personal data and for readers who may not."""

from collections.abc import Container

import orjson
from sqlalchemy import RowMapping

from domain.lifecycle.definition import Lifecycle
from domain.times import format_utc
from events.outcomes import Outcome
from events.refusals import Refusal, Refused
from events.signals.native_schema import AccountReference, LeadReference, NativeEvent
from service.http.problem import of_refusal
from service.limits import INDEX_DIGITS_MAX
from service.shapes import refusals as shapes

_SHOWN = frozenset(
    {"expected", "nearest", "stage", "legal_from", "allowed", "obstacle", "position"}
)
"""Members of a problem from us or the lifecycle. What guards saw may come from the event."""
_OURS = frozenset(
    name for model in (NativeEvent, LeadReference, AccountReference) for name in model.model_fields
)


def describe_refusal(
    row: RowMapping, lifecycle: Lifecycle, *, shows_personal: bool
) -> shapes.Refusal:
    """Describe a refusal. What its sender wrote, and what people wrote about it, is personal data.

    Source and id are not in any record yet, so they too may be anything that a person typed.
    """
    refusal = stored_refusal(row)
    content: shapes.Refusal = {
        "refusal": str(row["refusal_id"]),
        "status": row["status"],
        "received_time": format_utc(row["received_at"]),
        "last_received_time": format_utc(row["last_received_at"]),
        "times": row["times"],
        "retries": row["retries"],
        "key": row["key_id"],
        "source": row["source"] if shows_personal else None,
        "id": row["event_id"] if shows_personal else None,
        "type": row["type"] if shows_personal or row["type"] in lifecycle.events else None,
        "dialect": row["dialect"],
        "reason": row["reason"],
        "problem": of_refusal(refusal if shows_personal else impersonal(refusal, lifecycle)),
    }
    if row["settled_at"] is not None:
        content["settled_time"] = format_utc(row["settled_at"])
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
    """Leave out what its sender wrote: values that were found, and names that are not ours.

    A pointer is therefore kept only as far as we or the lifecycle gave its names.
    """
    members = {name: value for name, value in refusal.members.items() if name in _SHOWN}
    if "guards" in refusal.members:
        guards = refusal.members["guards"]
        members["guards"] = [{"guard": guard["guard"], "to": guard["to"]} for guard in guards]
    refusal = refusal._replace(members=members)
    if not refusal.pointer:
        return refusal
    declared = (lifecycle.attributes, *(event.fields for event in lifecycle.events.values()))
    names = _OURS.union(*declared)
    pointer = _known_part(refusal.pointer, names)
    return refusal._replace(
        pointer=pointer, detail=refusal.detail.replace(refusal.pointer, pointer or "its root")
    )


def outcome_of_retry(outcome: Outcome, lifecycle: Lifecycle, *, shows_personal: bool) -> Outcome:
    """Describe the outcome of a retry to a reader who may not be its sender."""
    if isinstance(outcome, Refused) and not shows_personal:
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
    """Return the stored reason of a refusal."""
    members = orjson.loads(row["problem"])
    detail, pointer = members.pop("detail"), members.pop("pointer", None)
    return Refusal(row["reason"], detail, pointer, members)
