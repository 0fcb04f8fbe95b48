"""Keys in the database: made, found, listed, changed, ended. Never the secret, only its digest."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from events.senders import Sender
from events.statements import Statement, load
from service.keys.key_text import KeyText, mint


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

    @property
    def sender(self) -> Sender:
        terms = self.terms
        return Sender(self.key_id, terms.sources, terms.department, frozenset(terms.scopes))

    def is_valid(self, at: datetime) -> bool:
        """Whether the key may still be used."""
        expires_at = self.terms.expires_at
        return self.revoked_at is None and (expires_at is None or at < expires_at)


class KeyEnded(Exception):
    """The key is revoked or has expired: make a new one instead."""


class Rotated(NamedTuple):
    """A key that takes over from another of the same terms."""

    key: KeyText
    new: StoredKey
    old: StoredKey


class KeyStore:
    """The table of keys. A class, because every verb needs the same engine and statements."""

    def __init__(self, engine: AsyncEngine, schema: str) -> None:
        self._engine = engine
        self._sql: Mapping[str, Statement] = load("service.keys", "keys.sql", schema)
        self._lock_name = f"leadledger first key {schema}"

    async def create(self, terms: KeyTerms) -> tuple[KeyText, StoredKey]:
        """Make a key. Its text exists only in what is returned."""
        key = mint()
        async with self._engine.begin() as connection:
            stored = await self._insert(connection, key, terms)
        return key, stored

    async def create_first(self, key: KeyText, terms: KeyTerms) -> bool:
        """Store a key if the ledger has none yet; tell whether it did."""
        async with self._engine.begin() as connection:
            await connection.execute(self._sql["lock_first_key"].text, {"name": self._lock_name})
            if await connection.scalar(self._sql["any_key"].text):
                return False
            await self._insert(connection, key, terms)
            return True

    async def find(self, key_ids: Sequence[str]) -> list[StoredKey]:
        """Read the keys of these ids that exist, revoked ones too."""
        async with self._engine.connect() as connection:
            rows = await connection.execute(self._sql["find_keys"].text, {"key_ids": list(key_ids)})
            return [_stored(row) for row in rows.mappings()]

    async def list(self, *, after: str, limit: int) -> list[StoredKey]:
        """Read a page of keys in the order of their ids."""
        async with self._engine.connect() as connection:
            rows = await connection.execute(
                self._sql["list_keys"].text, {"after": after, "limit": limit}
            )
            return [_stored(row) for row in rows.mappings()]

    async def change(
        self, key_id: str, changed: Callable[[KeyTerms], KeyTerms]
    ) -> StoredKey | None:
        """Give a key other terms; None if there is none of this id."""
        async with self._engine.begin() as connection:
            stored = await self._lock(connection, key_id)
            if stored is None:
                return None
            return await self._change(connection, stored, changed(stored.terms))

    async def rotate(
        self, key_id: str, *, overlap: timedelta, expires_at: datetime | None
    ) -> Rotated | None:
        """Make a key of the same terms, and let the old one end after an overlap.

        The new key lives until `expires_at`; without it, as long as the old one was made for.
        None if there is no key of this id. Raises KeyEnded.
        """
        now = datetime.now(UTC)
        async with self._engine.begin() as connection:
            old = await self._lock(connection, key_id)
            if old is None:
                return None
            if not old.is_valid(now):
                raise KeyEnded(f"{KeyEnded.__doc__}")
            ends_at = old.terms.expires_at
            if expires_at is None and ends_at is not None:
                expires_at = now + (ends_at - old.created_at)
            key = mint()
            new = await self._insert(connection, key, old.terms._replace(expires_at=expires_at))
            end = now + overlap if ends_at is None else min(ends_at, now + overlap)
            old = await self._change(connection, old, old.terms._replace(expires_at=end))
            return Rotated(key, new, old)

    async def origins(self, *, limit: int) -> frozenset[str]:
        """Read from where the pages come that some valid key is for."""
        values = {"at": datetime.now(UTC), "limit": limit}
        async with self._engine.connect() as connection:
            found = await connection.execute(self._sql["list_origins"].text, values)
            return frozenset(found.scalars())

    async def revoke(self, key_id: str) -> StoredKey | None:
        """End a key; None if there is none of this id."""
        async with self._engine.begin() as connection:
            rows = await connection.execute(
                self._sql["revoke_key"].text,
                {"key_id": key_id, "revoked_at": datetime.now(UTC)},
            )
            row = rows.mappings().one_or_none()
            return _stored(row) if row is not None else None

    async def _insert(
        self, connection: AsyncConnection, key: KeyText, terms: KeyTerms
    ) -> StoredKey:
        stored = StoredKey(key.key_id, key.digest, terms, datetime.now(UTC), None)
        values = _columns(terms) | {
            "key_id": stored.key_id,
            "secret_digest": stored.secret_digest,
            "created_at": stored.created_at,
        }
        await connection.execute(self._sql["insert_key"].text, values)
        return stored

    async def _lock(self, connection: AsyncConnection, key_id: str) -> StoredKey | None:
        rows = await connection.execute(self._sql["lock_key"].text, {"key_id": key_id})
        row = rows.mappings().one_or_none()
        return _stored(row) if row is not None else None

    async def _change(
        self, connection: AsyncConnection, stored: StoredKey, terms: KeyTerms
    ) -> StoredKey:
        values = _columns(terms) | {"key_id": stored.key_id}
        await connection.execute(self._sql["change_key"].text, values)
        return stored._replace(terms=terms)


def _columns(terms: KeyTerms) -> dict[str, Any]:
    """Return the terms as parameters: the driver takes arrays as lists."""
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in terms._asdict().items()
    }


def _stored(row: RowMapping) -> StoredKey:
    return StoredKey(
        row["key_id"],
        row["secret_digest"],
        KeyTerms(
            row["name"],
            tuple(row["sources"]),
            tuple(row["scopes"]),
            row["department"],
            row["events_per_second"],
            row["expires_at"],
            tuple(row["origins"]),
        ),
        row["created_at"],
        row["revoked_at"],
    )
