"""A key as it is stored: what it is made for, and what has become of it."""

from datetime import datetime
from typing import NamedTuple

from events.signals.sender import Sender


class KeyTerms(NamedTuple):
    """What a key is made for."""

    name: str
    sources: tuple[str, ...]
    """The first is the default of events that name none; `*` stands for every source."""
    scopes: tuple[str, ...]
    department: str | None = None
    events_per_second: int | None = None
    expires_at: datetime | None = None
    origins: tuple[str, ...] = ()
    """A key with origins stands in web pages, and is honoured from these alone."""


class StoredKey(NamedTuple):
    """A key as the database has it."""

    key_id: str
    secret_digest: bytes
    terms: KeyTerms
    created_at: datetime
    revoked_at: datetime | None
    is_founder: bool
    """The administrator of the first start, or the key that has taken over from it."""

    @property
    def sender(self) -> Sender:
        terms = self.terms
        return Sender(self.key_id, terms.sources, terms.department, frozenset(terms.scopes))

    def is_valid(self, at: datetime) -> bool:
        """Whether the key may still be used."""
        expires_at = self.terms.expires_at
        return self.revoked_at is None and (expires_at is None or at < expires_at)
