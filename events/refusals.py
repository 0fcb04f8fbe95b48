"""Refusals: why something readable did not become an event, in words a sender can act on."""

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
"""The dialect of our own JSON, as it stands beside what was read in it."""


class Refusal(NamedTuple):
    """Why an event was not accepted. `reason` is stable; the rest explains it."""

    reason: str
    detail: str
    """In words of ours and of the lifecycle. What the sender wrote stands in no sentence, but for
    the pointer, where that is repeated."""
    pointer: str | None = None
    """Where in the event, as a JSON pointer (RFC 6901)."""
    members: Mapping[str, Any] = {}
    """What was expected, what would be allowed; and under `found` what the sender wrote, which may
    be personal."""


class Received(NamedTuple):
    """What came and was refused: it stays as it was."""

    refusal_id: str
    received_at: datetime
    key_id: str
    source: str | None
    event_id: str | None
    type: str | None
    dialect: str
    content: bytes


class Standing(NamedTuple):
    """Why it was refused, in the words that are stored, and what has become of it."""

    reason: str
    problem: str
    status: str = "open"
    position: int | None = None
    settled_at: datetime | None = None
    settled_by: str | None = None
    dismissal: str | None = None


class Refused(NamedTuple):
    """A refused event with what is needed to keep it, and to read it once more."""

    refusal: Refusal
    refusal_id: str
    """Follows from what was reported: the same, refused again, is the same refusal."""
    received_at: datetime
    key_id: str
    source: str | None
    event_id: str | None
    type: str | None
    content: bytes
    fingerprint: bytes | None
    """Of the event as parsed; None where there was none to be made."""
    dialect: str = NATIVE
    """In what it was read, and is to be read again."""

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
        """What the service itself reports is no sender's: a selection tells whom it skipped."""
        return self.refusal.reason not in NOT_KEPT and self.source != OWN_SOURCE


def refusal_id_of(key_id: str, fingerprint: bytes) -> str:
    """Name the refusal of what a key reported, by the keyed fingerprint of it.

    A sender that repeats for ever what cannot be accepted is counted, not piled up; and a batch
    that runs again keeps each refusal once. A UUID of version 8 (RFC 9562): 122 bits of a hash.
    """
    digest = bytearray(sha256(key_id.encode() + b"\x00" + fingerprint).digest()[:16])
    digest[6] = 0x80 | digest[6] & 0x0F
    digest[8] = 0x80 | digest[8] & 0x3F
    return str(UUID(bytes=bytes(digest)))
