"""The audit of reads of personal data: rows chained to each other, whose end the log has sealed.

The reads themselves are in a table of their own. A row that was removed or changed breaks the chain
from there on, and the chain no longer leads to what the log says.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

import orjson

from domain.lifecycle.service_events import READS, READS_END
from domain.times import format_utc
from events.records import Record, reads_id

_PREFIX = b"\x06"
BEGINNING = bytes(32)
"""The chain before the first row."""


class PersonalRead(NamedTuple):
    """One look at personal data."""

    number: int
    read_at: datetime
    key_id: str
    page: str
    leads: tuple[str, ...]

    def chained(self, before: bytes) -> bytes:
        """Return the chain after this row."""
        row = [self.number, format_utc(self.read_at), self.key_id, self.page, list(self.leads)]
        return sha256(_PREFIX + before + orjson.dumps(row)).digest()


@dataclass(slots=True)
class ReadsAudit:
    """A class, because seals are learnt from the log before the rows are read."""

    sealed: dict[int, str] = field(default_factory=dict)
    """Number of reads → the chain after them, in hexadecimal."""
    chain: bytes = BEGINNING
    number: int = 0

    def learn(self, record: Record) -> Iterator[tuple[str, object, object]]:
        """Yield the comparisons for a seal: description, expected value, found value."""
        event, envelope = record
        number = event.data[READS]
        named = reads_id(envelope.subject_version)
        yield "the id of a seal of reads follows from its version", named, envelope.id
        last = max(self.sealed, default=0)
        yield "a seal is of more reads than the one before", True, number > last
        self.sealed[number] = event.data[READS_END]

    def take(self, read: PersonalRead, chain: bytes) -> Iterator[tuple[str, object, object]]:
        """Yield the comparisons for the next row."""
        self.number += 1
        yield "reads are numbered without gaps", self.number, read.number
        self.chain = read.chained(self.chain)
        yield f"read {read.number} is chained to the one before", self.chain.hex(), chain.hex()
        if read.number in self.sealed:
            found = self.sealed.pop(read.number)
            yield f"read {read.number} is what the log has sealed", found, self.chain.hex()

    @property
    def missing(self) -> Mapping[int, str]:
        """Seals whose reads are not there."""
        return self.sealed
