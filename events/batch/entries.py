"""The parts of a plan: events as they will be written, identifiers, keys that are taken."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from domain.event import Event
from domain.signal import Identifier
from events import records
from events.personal import ActorRow, ReportRow, StoredLink


class Known(NamedTuple):
    """An event that the ledger, or this batch, already has under a key."""

    position: int
    leaf: bytes
    fingerprint: bytes | None


class Entry(NamedTuple):
    """One event of the batch, as it will be written."""

    event: Event
    envelope: records.Envelope
    subject_id: str
    record: str
    leaf: bytes
    report: ReportRow | None = None
    actor: ActorRow | None = None


class Link(NamedTuple):
    """An identifier that points to a lead or an account from an event on."""

    identifier: Identifier
    subject_id: str
    position: int
    is_moved: bool = False
    """Whether it was taken from any earlier holder, so that it now points to this subject alone."""

    @property
    def stored(self) -> StoredLink:
        kind, digest = self.identifier
        return StoredLink(kind, digest, self.subject_id, self.is_moved)


class Unsettled(NamedTuple):
    """Why a lead or a company has to be decided again."""

    positions: tuple[int, ...]
    """The late reports about it, or else the event because of which it is decided again."""
    upto: datetime | None = None
    """The time up to which its timers fire, if they are what is late."""


class Prepared(NamedTuple):
    """What counts for a lead with a long history, decided before the batch that records it."""

    unsettled: Unsettled
    events: Sequence[Event]
    """Numbered from 1."""
    subjects: frozenset[str]
    """Everyone who was decided again."""
    basis: Mapping[str, int]
    """Everyone whose state was read → the position of the last event that had changed it."""
    members: Mapping[str, frozenset[str]]
    """Companies whose leads were read → these leads."""
    versions: int
    """How many lifecycles had been published."""
    is_last_try: bool = False
    """Whether the lead is decided again in the batch if this no longer holds. Otherwise it waits
    for another try."""
