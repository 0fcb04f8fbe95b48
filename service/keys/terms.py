"""A key as it is stored: what it was made for, and its current state."""

from datetime import datetime
from typing import NamedTuple

from events.signals.sender import Sender


class KeyTerms(NamedTuple):
    """What a key is made for."""

    name: str
    sources: tuple[str, ...]
    """The first is the default for events that name none; `*` means every source."""
    scopes: tuple[str, ...]
    department: str | None = None
    events_per_second: int | None = None
    expires_at: datetime | None = None
    origins: tuple[str, ...] = ()
    """A key with origins is for web pages, and is accepted from these origins only."""
    person: str | None = None
    """The employee id of the person to whom the key belongs. None: it belongs to a system."""


class StoredKey(NamedTuple):
    """A key as the database has it."""

    key_id: str
    secret_digest: bytes
    terms: KeyTerms
    created_at: datetime
    revoked_at: datetime | None
    is_founder: bool
    """The administrator of the first start, or the key that replaced it."""

    @property
    def sender(self) -> Sender:
        terms = self.terms
        return Sender(self.key_id, terms.sources, terms.department, frozenset(terms.scopes))

    def is_valid(self, at: datetime) -> bool:
        """Whether the key may still be used."""
        expires_at = self.terms.expires_at
        return self.revoked_at is None and (expires_at is None or at < expires_at)
