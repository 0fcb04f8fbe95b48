"""Seals under the ledger's secret: nobody without it changes what is sealed and is not noticed.

Keyed BLAKE2b of 32 bytes (RFC 7693), because an append pays for two of them with every event: a
third of what HMAC-SHA-256 costs here.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import NamedTuple
from uuid import UUID

from domain.times import format_utc
from events.refusals import Received, Standing

SEAL_BYTES = 32


class SealedLink(NamedTuple):
    """An identifier that an event points to a lead or an account."""

    kind: str
    digest: bytes
    subject_id: str
    is_moved: bool = False


class Seals:
    """Seals of one ledger. A class, because the keys are derived once."""

    def __init__(self, event_key: bytes, chain_key: bytes, refusal_key: bytes) -> None:
        self._event_key = event_key
        self._chain_key = chain_key
        self._refusal_key = refusal_key

    def of_event(
        self,
        position: int,
        leaf: bytes,
        fingerprint: bytes | None,
        links: Iterable[SealedLink] = (),
    ) -> bytes:
        """Seal a record, by its leaf, at its position, with all that is keyed alongside it.

        Personal data needs no seal: the record holds its digest.
        """
        told = fingerprint or b""
        message = position.to_bytes(8, "big") + leaf + len(told).to_bytes(1, "big") + told
        for link in sorted(links):
            kind = link.kind.encode()
            message += len(kind).to_bytes(1, "big") + kind
            message += link.digest + UUID(link.subject_id).bytes + bytes([link.is_moved])
        return blake2b(message, key=self._event_key, digest_size=SEAL_BYTES).digest()

    def first_chain(self, ledger_id: UUID) -> bytes:
        """Begin the chain of a ledger without events."""
        return blake2b(ledger_id.bytes, key=self._chain_key, digest_size=SEAL_BYTES).digest()

    def chain(self, before: bytes, leaves: Iterable[bytes]) -> bytes:
        """Go on with the chain. Only its end is stored, at the head of the log.

        So nobody who cuts the log off can say what the chain was at that place, unless they had
        read it there. It goes over leaves alone, which stay when a person is erased.
        """
        assert len(before) == SEAL_BYTES, "a chain goes on from where the head says"
        key, link = self._chain_key, before
        for leaf in leaves:
            link = blake2b(link + leaf, key=key, digest_size=SEAL_BYTES).digest()
        return link

    def of_refusal(self, received: Received) -> bytes:
        """Seal what was received and refused."""
        return self._of_values(b"received", received)

    def of_standing(self, refusal_id: str, standing: Standing) -> bytes:
        """Seal why it was refused, and what has become of it."""
        return self._of_values(b"standing", (refusal_id, *standing))

    def _of_values(self, purpose: bytes, values: Sequence[object]) -> bytes:
        message = b"".join(_encoded(value) for value in values)
        key = self._refusal_key
        return blake2b(message, key=key, person=purpose, digest_size=SEAL_BYTES).digest()


def _encoded(value: object) -> bytes:
    """Write a value so that no two sequences of values are written alike."""
    match value:
        case None:
            return b"-"
        case bytes():
            content = value
        case datetime():
            content = format_utc(value).encode()
        case _:
            # What PostgreSQL would reject is rejected there, where it can be told whose it was.
            content = str(value).encode(errors="surrogatepass")
    return b"%d:" % len(content) + content
