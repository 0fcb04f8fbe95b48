"""The rows of an event that an erasure removes, and their digests, which are in its record.

A record is never erased, so it holds nothing about a person, only a digest of each row. A row has a
random salt of its own, which is removed with it: from then on, no guess can be confirmed by the
digest. Each row is removed as a whole, and everything else still verifies.
"""

from collections.abc import Iterable
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

SALT_BYTES = 32
_REPORT_PREFIX, _ACTOR_PREFIX = b"\x03", b"\x04"


class StoredLink(NamedTuple):
    """An identifier that an event points to a lead or an account."""

    kind: str
    digest: bytes
    subject_id: str
    is_moved: bool = False


class ReportRow(NamedTuple):
    """What a report says of the person that it is about. Removed if that person is erased."""

    salt: bytes
    content: bytes
    """The personal data as JSON; empty without any."""
    fingerprint: bytes
    """Distinguishes a retry from another event. It could confirm a guess of the whole report, so it
    is removed together with the content, and empty where that is empty."""


class ActorRow(NamedTuple):
    """Who reported it, as claimed. A person too, who is erased independently of the lead."""

    salt: bytes
    actor: str


def digest_of_report(row: ReportRow, links: Iterable[StoredLink]) -> str:
    """Return the `personaldigest` of a record: hex SHA-256 of the row and the event's identifiers.

    Each part is preceded by its length in four bytes, so that no two rows give the same bytes. The
    identifiers are included because they are digests of addresses, which are removed as well.
    """
    message = [_REPORT_PREFIX, row.salt, _measured(row.content), _measured(row.fingerprint)]
    for link in sorted(links):
        message += (_measured(link.kind.encode()), link.digest)
        message += (UUID(link.subject_id).bytes, bytes((link.is_moved,)))
    return sha256(b"".join(message)).hexdigest()


def digest_of_actor(row: ActorRow) -> str:
    """Return the `actordigest` of a record: hex SHA-256 of the salt and the name in UTF-8."""
    return sha256(_ACTOR_PREFIX + row.salt + row.actor.encode()).hexdigest()


def _measured(part: bytes) -> bytes:
    return len(part).to_bytes(4, "big") + part
