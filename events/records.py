"""The record: the bytes of one event, serialised once and stored as text.

One line of CloudEvents 1.0 JSON with our extension attributes, keys sorted, no white space. Its
leaf is SHA-256(0x00 || record), the leaf hash of RFC 6962 §2.1. Content that does not fit is in
parts (`events.parts`), whose records readers get as further lines.
"""

from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple

import orjson

from domain.event import LEDGER, Event, Subject
from domain.lifecycle.definition import SubjectKind
from domain.times import format_utc
from events.limits import PARTS_MAX, RECORD_BYTES_MAX
from events.parts import PART_TYPES, TEXT, Parts, attach, content_of

OWN_SOURCE = "leadledger"
"""The source of every event that the service itself writes; no key may speak for it."""

FORMAT = 1
"""The format of a ledger: everything that docs/ledger.md describes. The first event states it."""
FOUNDING_ID = "ledger.founded"
"""The id of the first event of every ledger."""

_LEAF_PREFIX = b"\x00"
_FIRING = "timer."
_SELECTION = "selection."
_REASSESSMENT = "reassessment."
_RESTATEMENT = "restatement."
_KEY = "key."
_BEGIN_GROUPS = (_FIRING, _SELECTION, _REASSESSMENT, _RESTATEMENT)
_PART = "part."
_READS = "personal-reads."
_KINDS = {str(kind): kind for kind in SubjectKind}


class RecordUnreadable(Exception):
    """A stored record is not one that this service writes."""


class Envelope(NamedTuple):
    """What a record holds in addition to the event: where it came from and who decided."""

    source: str
    id: str
    subject_version: int
    recorded_time: str
    """RFC 3339 in UTC with six decimals; one value per batch."""
    claimed_at: datetime | None
    key_id: str | None
    department: str | None
    lifecycle: int
    rules: int
    personal_digest: str | None
    actor_digest: str | None = None
    parts: Parts | None = None
    """Where the content is that the record itself does not hold."""


class Record(NamedTuple):
    """A decoded record: the event, and its envelope as it was written."""

    event: Event
    envelope: Envelope


def encode(event: Event, envelope: Envelope) -> bytes:
    """Serialise the record of an event, without its parts. Absent values are left out."""
    attributes: dict[str, Any] = {
        "id": envelope.id,
        "lifecycle": envelope.lifecycle,
        "position": str(event.position),
        "recordedtime": envelope.recorded_time,
        "rules": envelope.rules,
        "source": envelope.source,
        "specversion": "1.0",
        "subject": str(event.subject),
        "subjectversion": envelope.subject_version,
        "time": format_utc(event.occurred_at),
        "type": event.type,
    }
    if event.data or event.effects:
        attributes["data"] = content_of(event)
    if event.cause is not None:
        attributes["cause"] = str(event.cause)
    if event.forwarded_to is not None:
        attributes["forwardedto"] = event.forwarded_to
    if event.effective_at is not None:
        _describe_move(attributes, event)
    _describe_report(attributes, envelope)
    if envelope.parts is not None:
        attributes["parts"] = len(envelope.parts.positions)
        attributes["partsfrom"] = str(envelope.parts.first)
        attributes["partsdigest"] = envelope.parts.digest
    record = orjson.dumps(attributes, option=orjson.OPT_SORT_KEYS)
    assert len(record) <= RECORD_BYTES_MAX, f"{event.type}: a record of {len(record)} bytes"
    return record


def _describe_move(attributes: dict[str, Any], event: Event) -> None:
    assert event.effective_at is not None
    attributes["effectivetime"] = format_utc(event.effective_at)
    attributes["pass"] = event.pass_number
    if event.stage_from is not None:
        attributes["stagefrom"] = event.stage_from
    if event.stage_to is not None:
        attributes["stageto"] = event.stage_to


def _describe_report(attributes: dict[str, Any], envelope: Envelope) -> None:
    if envelope.claimed_at is not None:
        attributes["claimedtime"] = format_utc(envelope.claimed_at)
    if envelope.key_id is not None:
        attributes["key"] = envelope.key_id
    if envelope.department is not None:
        attributes["department"] = envelope.department
    if envelope.personal_digest is not None:
        attributes["personaldigest"] = envelope.personal_digest
    if envelope.actor_digest is not None:
        attributes["actordigest"] = envelope.actor_digest


def decode(record: str) -> Record:
    """Read a record, with its parts, back into the event and its envelope."""
    try:
        attributes = _attributes(record)
        return Record(_event(attributes), _envelope(attributes))
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise RecordUnreadable(f"not a record of this ledger: {error!r}") from error


def decode_event(record: str) -> Event:
    """Decode only what a replay needs."""
    return _event(_attributes(record))


def whole(record: str, parts: Iterable[str]) -> str:
    """Return a record with its parts, a line each, as `decode` and the view `whole_events` do."""
    return "\n".join((record, *parts))


def parts_of(record: str) -> Parts | None:
    """Return the parts that a stored record names. Raises RecordUnreadable."""
    if '"partsfrom":"' not in record:
        return None
    try:
        attributes = orjson.loads(record)
        parts = _parts(attributes) if "parts" in attributes else None
        assert parts is None or 0 < len(parts.positions) <= PARTS_MAX, parts
    except (AssertionError, KeyError, ValueError, TypeError) as error:
        raise RecordUnreadable(f"not a record of this ledger: {error!r}") from error
    return parts


def has_parts(record: str) -> bool:
    """Whether this text is a record with its parts."""
    return "\n" in record


def _attributes(record: str) -> dict[str, Any]:
    first, _, lines = record.partition("\n")
    attributes: dict[str, Any] = orjson.loads(first)
    if "parts" in attributes:
        texts = [orjson.loads(line)["data"][TEXT] for line in lines.split("\n") if line]
        content = attributes.get("data", {})
        attributes["data"] = attach(content, texts, digest=attributes["partsdigest"])
    return attributes


def _event(attributes: dict[str, Any]) -> Event:
    data = attributes.get("data", {})
    effects = data.pop("effects", {})
    effective, cause = attributes.get("effectivetime"), attributes.get("cause")
    kind, _, subject_id = attributes["subject"].partition("/")
    return Event(
        int(attributes["position"]),
        attributes["type"],
        Subject(_KINDS[kind], subject_id) if subject_id else LEDGER,
        datetime.fromisoformat(attributes["time"]),
        data,
        effects,
        int(cause) if cause is not None else None,
        attributes.get("forwardedto"),
        attributes.get("stagefrom"),
        attributes.get("stageto"),
        datetime.fromisoformat(effective) if effective is not None else None,
        attributes.get("pass"),
    )


def _envelope(attributes: dict[str, Any]) -> Envelope:
    claimed = attributes.get("claimedtime")
    return Envelope(
        source=attributes["source"],
        id=attributes["id"],
        subject_version=attributes["subjectversion"],
        recorded_time=attributes["recordedtime"],
        claimed_at=datetime.fromisoformat(claimed) if claimed is not None else None,
        key_id=attributes.get("key"),
        department=attributes.get("department"),
        lifecycle=attributes["lifecycle"],
        rules=attributes["rules"],
        personal_digest=attributes.get("personaldigest"),
        actor_digest=attributes.get("actordigest"),
        parts=_parts(attributes) if "parts" in attributes else None,
    )


def _parts(attributes: dict[str, Any]) -> Parts:
    first = int(attributes["partsfrom"])
    return Parts(first, first + attributes["parts"] - 1, attributes["partsdigest"])


def firing_id(lead_id: str, version: int) -> str:
    """Return the event id of a timer firing: the lead and the version that the firing gives it."""
    return f"{_FIRING}{lead_id}.{version}"


def reassessment_id(lead_id: str, version: int) -> str:
    """Return the event id of a reassessment: the lead and the version that it gives the lead."""
    return f"{_REASSESSMENT}{lead_id}.{version}"


def is_reassessment(record: Record) -> bool:
    """Whether it is a lead's reassessment, from which further events may follow."""
    return record.envelope.source == OWN_SOURCE and record.envelope.id.startswith(_REASSESSMENT)


def restatement_id(subject_id: str, version: int) -> str:
    """Return the event id of a restatement: its first subject and the version that it gives it."""
    return f"{_RESTATEMENT}{subject_id}.{version}"


def is_restatement(record: Record) -> bool:
    """Whether it states what counts since late reports became known."""
    return record.envelope.source == OWN_SOURCE and record.envelope.id.startswith(_RESTATEMENT)


def is_firing(record: Record) -> bool:
    """Whether a timer made this event."""
    return record.envelope.source == OWN_SOURCE and record.envelope.id.startswith(_FIRING)


def selection_id(run_id: str, *part: str) -> str:
    """Return the event id of a selection run, or of a part of it."""
    return ".".join((f"{_SELECTION}{run_id}", *part))


def is_of_selection(record: Record) -> bool:
    """Whether a selection run made this event."""
    return record.envelope.source == OWN_SOURCE and record.envelope.id.startswith(_SELECTION)


def key_event_id(key_id: str, version: int) -> str:
    """Return the event id of a key change: the key and the version that it gives the ledger."""
    return f"{_KEY}{key_id}.{version}"


def reads_id(version: int) -> str:
    """Return the event id of a seal of personal reads: the version that it gives the ledger."""
    return f"{_READS}{version}"


def part_id(position: int, number: int) -> str:
    """Return the event id of a part: the position of the event that it is part of, and a number."""
    return f"{_PART}{position}.{number}"


def is_part(record: Record) -> bool:
    """Whether it holds content of an event that follows it."""
    return record.event.type in PART_TYPES


def begins_group(record: Record) -> bool:
    """Whether this event begins a group: it was reported, or the service initiated it."""
    if record.event.cause is None:
        return True
    envelope = record.envelope
    return envelope.source == OWN_SOURCE and envelope.id.startswith(_BEGIN_GROUPS)


def leaf_of(record: bytes) -> bytes:
    """Return the event's fingerprint in the ledger, 32 bytes (RFC 6962 §2.1)."""
    return sha256(_LEAF_PREFIX + record).digest()
