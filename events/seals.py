"""Seals under the ledger's secret: a change made without the secret is detected.

Keyed BLAKE2b of 32 bytes (RFC 7693), because an append computes two of them per event: a third of
the cost of HMAC-SHA-256 here.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import blake2b
from uuid import UUID

from domain.times import format_utc
from events.refusals import Received, RefusalState

SEAL_BYTES = 32


class Seals:
    """Seals of one ledger. A class, because the keys are derived once."""

    def __init__(self, event_key: bytes, chain_key: bytes, refusal_key: bytes) -> None:
        self._event_key = event_key
        self._chain_key = chain_key
        self._refusal_key = refusal_key

    def of_event(self, position: int, leaf: bytes) -> bytes:
        """Seal a record, by its leaf, at its position.

        What an erasure may remove needs no seal: the record holds its digest.
        """
        message = position.to_bytes(8, "big") + leaf
        return blake2b(message, key=self._event_key, digest_size=SEAL_BYTES).digest()

    def first_chain(self, ledger_id: UUID) -> bytes:
        """Begin the chain of a ledger without events."""
        return blake2b(ledger_id.bytes, key=self._chain_key, digest_size=SEAL_BYTES).digest()

    def chain(self, before: bytes, leaves: Iterable[bytes]) -> bytes:
        """Extend the chain. Only its end is stored, at the head of the log.

        An attacker who truncates the log therefore cannot know the chain value at that place,
        unless they had read it at the time. The chain covers leaves alone, which remain when a
        person is erased.
        """
        assert len(before) == SEAL_BYTES, "a chain continues from the value at the head"
        key, link = self._chain_key, before
        for leaf in leaves:
            link = blake2b(link + leaf, key=key, digest_size=SEAL_BYTES).digest()
        return link

    def of_refusal(self, received: Received) -> bytes:
        """Seal what was received and refused."""
        return self._of_values(b"received", received)

    def of_state(self, refusal_id: str, status: RefusalState) -> bytes:
        """Seal why it was refused, and its status since."""
        return self._of_values(b"status", (refusal_id, *status))

    def _of_values(self, purpose: bytes, values: Sequence[object]) -> bytes:
        message = b"".join(_encoded(value) for value in values)
        key = self._refusal_key
        return blake2b(message, key=key, person=purpose, digest_size=SEAL_BYTES).digest()


def _encoded(value: object) -> bytes:
    """Encode a value so that no two sequences of values have the same encoding."""
    match value:
        case None:
            return b"-"
        case bytes():
            content = value
        case datetime():
            content = format_utc(value).encode()
        case _:
            # PostgreSQL rejects what it cannot store; there the offending item can be identified.
            content = str(value).encode(errors="surrogatepass")
    return b"%d:" % len(content) + content
