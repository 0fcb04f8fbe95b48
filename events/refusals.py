"""Refusals: why something readable did not become an event, in words a sender can act on."""

from collections.abc import Mapping
from typing import Any, NamedTuple

NOT_KEPT = frozenset(
    {
        "scope-missing",
        "source-not-allowed",
        "event-unreadable",
        "event-too-large",
        "batch-refused",
    }
)
"""Refusals that say nothing about a lead: the sender is at fault, not the event."""


class Refusal(NamedTuple):
    """Why an event was not accepted. `reason` is stable; the rest explains it."""

    reason: str
    detail: str
    pointer: str | None = None
    """Where in the event, as a JSON pointer (RFC 6901)."""
    members: Mapping[str, Any] = {}
    """What was expected, what was found, what would be allowed; never anything personal."""


class Refused(NamedTuple):
    """A refused event with what is needed to keep it."""

    refusal: Refusal
    refusal_id: str
    """Minted at receipt, so that a batch that runs again keeps each refusal once."""
    key_id: str
    source: str | None
    event_id: str | None
    type: str | None
    content: bytes

    @property
    def is_kept(self) -> bool:
        return self.refusal.reason not in NOT_KEPT
