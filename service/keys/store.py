"""Keys in the database: made, found, listed, changed, ended. Never the secret, only its digest.

Every change is also an event, in the same transaction: whom a ledger obeys is part of what it has
to prove. So every change is made under the ledger's lock, and none sees another half done.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from events.append.locked import LedgerLock, LockedLedger
from events.database.statements import Statement, load
from events.seals import Seals
from service.keys.granting import check_change, check_grant, check_takeover
from service.keys.key_records import record_changed, record_created, record_revoked
from service.keys.key_text import KeyText, mint
from service.keys.terms import KeyTerms, StoredKey


class KeyEnded(Exception):
    """The key is revoked or has expired: make a new one instead."""


class Rotated(NamedTuple):
    """A key that replaces another with the same terms."""

    key: KeyText
    new: StoredKey
    old: StoredKey


class _Turn(NamedTuple):
    """The ledger's lock, and the calling key; None stands for work on the database itself."""

    ledger: LockedLedger
    granter: StoredKey | None

    @property
    def by(self) -> str | None:
        return None if self.granter is None else self.granter.key_id


class KeyStore:
    """The table of keys. A class, because every verb needs the same engine and statements.

    `by` is the id of the calling key for a change. None means somebody working on the database
    itself, who could write to the table anyway.
    """

    def __init__(self, engine: AsyncEngine, schema: str, seals: Seals) -> None:
        self._engine = engine
        self._sql: Mapping[str, Statement] = load("service.keys", "keys.sql", schema)
        self._lock = LedgerLock(engine, schema, seals)

    async def create(self, terms: KeyTerms, *, by: str | None) -> tuple[KeyText, StoredKey]:
        """Make a key. Its text exists only in the returned value.

        Raises GrantRefused, KeyEnded.
        """
        key = mint()
        async with self._turn(by) as turn:
            check_grant(turn.granter, terms)
            stored = await self._insert(turn.ledger, key, terms)
            record_created(turn.ledger, stored, by=turn.by)
        return key, stored

    async def create_first(self, key: KeyText, terms: KeyTerms) -> bool:
        """Store the founder's key if the ledger has no key yet; return whether it was stored."""
        async with self._engine.connect() as connection:
            if await connection.scalar(self._sql["any_key"].text):
                return False
        async with self._turn(None) as turn:
            if await turn.ledger.connection.scalar(self._sql["any_key"].text):
                return False
            stored = await self._insert(turn.ledger, key, terms, is_founder=True)
            record_created(turn.ledger, stored, by=None)
            return True

    async def find(self, key_ids: Sequence[str]) -> Sequence[StoredKey]:
        """Read the existing keys among these ids, including revoked ones."""
        async with self._engine.connect() as connection:
            return await self._find(connection, key_ids)

    async def list(self, *, after: str, limit: int) -> list[StoredKey]:
        """Read a page of keys in the order of their ids."""
        async with self._engine.connect() as connection:
            rows = await connection.execute(
                self._sql["list_keys"].text, {"after": after, "limit": limit}
            )
            return [_stored(row) for row in rows.mappings()]

    async def change(
        self, key_id: str, changed: Callable[[KeyTerms], KeyTerms], *, by: str | None
    ) -> StoredKey | None:
        """Change the terms of a key; None if no key has this id.

        Raises GrantRefused, KeyEnded.
        """
        async with self._turn(by) as turn:
            before = await self._one(turn.ledger.connection, key_id)
            if before is None:
                return None
            terms = changed(before.terms)
            check_change(turn.granter, before.terms, terms)
            if terms == before.terms:
                return before
            stored = await self._change(turn.ledger, before, terms)
            record_changed(turn.ledger, stored, by=turn.by)
            return stored

    async def rotate(
        self, key_id: str, *, overlap: timedelta, expires_at: datetime | None, by: str | None
    ) -> Rotated | None:
        """Make a key with the same terms, and end the old one after an overlap.

        The new key expires at `expires_at`; without it, it gets the lifetime that the old one was
        made with. None if no key has this id. Raises GrantRefused, KeyEnded.
        """
        async with self._turn(by) as turn:
            old, now = await self._one(turn.ledger.connection, key_id), turn.ledger.at
            if old is None:
                return None
            if not old.is_valid(now):
                raise KeyEnded(f"{KeyEnded.__doc__}")
            ends_at = old.terms.expires_at
            if expires_at is None and ends_at is not None:
                expires_at = now + (ends_at - old.created_at)
            terms = old.terms._replace(expires_at=expires_at)
            check_takeover(turn.granter, old, terms)
            key = mint()
            new = await self._insert(turn.ledger, key, terms, is_founder=old.is_founder)
            end = now + overlap if ends_at is None else min(ends_at, now + overlap)
            old = await self._change(turn.ledger, old, old.terms._replace(expires_at=end))
            record_created(turn.ledger, new, replaces=old, by=turn.by)
            return Rotated(key, new, old)

    async def origins(self, *, limit: int) -> frozenset[str]:
        """Read the page origins that valid keys list."""
        values = {"at": datetime.now(UTC), "limit": limit}
        async with self._engine.connect() as connection:
            found = await connection.execute(self._sql["list_origins"].text, values)
            return frozenset(found.scalars())

    async def revoke(self, key_id: str, *, by: str | None) -> StoredKey | None:
        """End a key permanently, whatever it may do; None if no key has this id.

        Revoking it again changes nothing. Raises KeyEnded if the calling key has ended.
        """
        async with self._turn(by) as turn:
            stored = await self._one(turn.ledger.connection, key_id)
            if stored is None or stored.revoked_at is not None:
                return stored
            stored = stored._replace(revoked_at=turn.ledger.at)
            await turn.ledger.connection.execute(
                self._sql["revoke_key"].text,
                {"key_id": key_id, "revoked_at": stored.revoked_at},
            )
            record_revoked(turn.ledger, stored, by=turn.by)
            return stored

    @asynccontextmanager
    async def _turn(self, by: str | None) -> AsyncIterator[_Turn]:
        """Hold the ledger's lock, and read under it what the calling key may grant."""
        async with self._lock.hold() as ledger:
            granter = None
            if by is not None:
                granter = await self._one(ledger.connection, by)
                if granter is None or not granter.is_valid(ledger.at):
                    raise KeyEnded("The calling key has ended in the meantime.")
            yield _Turn(ledger, granter)

    async def _one(self, connection: AsyncConnection, key_id: str) -> StoredKey | None:
        found = await self._find(connection, [key_id])
        return found[0] if found else None

    async def _find(
        self, connection: AsyncConnection, key_ids: Sequence[str]
    ) -> Sequence[StoredKey]:
        rows = await connection.execute(self._sql["find_keys"].text, {"key_ids": list(key_ids)})
        return [_stored(row) for row in rows.mappings()]

    async def _insert(
        self, ledger: LockedLedger, key: KeyText, terms: KeyTerms, *, is_founder: bool = False
    ) -> StoredKey:
        stored = StoredKey(key.key_id, key.digest, terms, ledger.at, None, is_founder)
        values = _columns(terms) | {
            "key_id": stored.key_id,
            "secret_digest": stored.secret_digest,
            "created_at": stored.created_at,
            "is_founder": is_founder,
        }
        await ledger.connection.execute(self._sql["insert_key"].text, values)
        return stored

    async def _change(self, ledger: LockedLedger, stored: StoredKey, terms: KeyTerms) -> StoredKey:
        values = _columns(terms) | {"key_id": stored.key_id}
        await ledger.connection.execute(self._sql["change_key"].text, values)
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
            row["person"],
        ),
        row["created_at"],
        row["revoked_at"],
        row["is_founder"],
    )
