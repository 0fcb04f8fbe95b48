"""Refusals: why readable input did not become an event, in words that a sender can act on."""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import UUID

from events.records import OWN_SOURCE

NOT_KEPT = frozenset(
    {
        "scope-missing",
        "source-not-allowed",
        "event-unreadable",
        "event-too-large",
        "event-not-comparable",
        "batch-refused",
    }
)
"""Refusals that say nothing about a lead: the sender is at fault, not the event."""

NATIVE = "native"
"""The name of our own JSON dialect, as it is stored with refused input."""


class Refusal(NamedTuple):
    """Why an event was not accepted. `reason` is stable; the rest explains it."""

    reason: str
    detail: str
    """In our words and the lifecycle's. It quotes nothing that the sender wrote, except the
    pointer, where that is repeated."""
    pointer: str | None = None
    """Where in the event, as a JSON pointer (RFC 6901)."""
    members: Mapping[str, Any] = {}
    """What was expected and what would be allowed. `found` holds what the sender wrote, which may
    be personal."""


class Received(NamedTuple):
    """The refused input. It never changes."""

    refusal_id: str
    received_at: datetime
    key_id: str
    source: str | None
    event_id: str | None
    type: str | None
    dialect: str
    content: bytes


class RefusalState(NamedTuple):
    """Why it was refused, in the stored words, and its status since."""

    reason: str
    problem: str
    status: str = "open"
    position: int | None = None
    settled_at: datetime | None = None
    settled_by: str | None = None
    dismissal: str | None = None


class Refused(NamedTuple):
    """A refused event, with everything needed to keep it and to parse it again."""

    refusal: Refusal
    refusal_id: str
    """Derived from the report: the same report, refused again, is the same refusal."""
    received_at: datetime
    key_id: str
    source: str | None
    event_id: str | None
    type: str | None
    content: bytes
    fingerprint: bytes | None
    """The fingerprint of the parsed event; None if none could be made."""
    dialect: str = NATIVE
    """The dialect it was parsed in, and in which it is parsed again."""
    counted_as: str = ""
    """The source under which it is counted: one that could be recorded, unlike `source`, which is
    whatever the sender wrote. Empty if that is unknown."""

    @property
    def received(self) -> Received:
        return Received(
            self.refusal_id,
            self.received_at,
            self.key_id,
            self.source,
            self.event_id,
            self.type,
            self.dialect,
            self.content,
        )

    @property
    def is_kept(self) -> bool:
        """The service's own reports are not kept: a selection lists the leads it skipped."""
        return self.refusal.reason not in NOT_KEPT and self.source != OWN_SOURCE


def refusal_id_of(key_id: str, fingerprint: bytes) -> str:
    """Derive the id of a refusal from the API key and the keyed fingerprint of the report.

    A sender that keeps repeating an unacceptable event is counted and does not pile up refusals;
    a batch that runs again keeps each refusal once. A version 8 UUID (RFC 9562): 122 bits of a
    hash.
    """
    digest = bytearray(sha256(key_id.encode() + b"\x00" + fingerprint).digest()[:16])
    digest[6] = 0x80 | digest[6] & 0x0F
    digest[8] = 0x80 | digest[8] & 0x3F
    return str(UUID(bytes=bytes(digest)))
