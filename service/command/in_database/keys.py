"""Keys in the ledger's own database, for operators who have access to it and so need no key."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy.ext.asyncio import AsyncEngine

from events.append.loader import LedgerReader
from events.batch.memory import Memory
from events.database.sessions import borrowed
from events.database.statements import load
from events.founding import check_secret
from events.signals.digests import Digests
from service.command.exits import CommandFailed, Exit
from service.command.in_database.ledger import on_ledger
from service.command.limits import KEY_RECORDS_PAGE
from service.keys.checking import TermsInvalid, check
from service.keys.describing import describe_key
from service.keys.store import KeyEnded, KeyStore, Rotated
from service.keys.terms import KeyTerms, StoredKey
from service.secret import find_secret
from service.settings import Settings


class KeysInDatabase(NamedTuple):
    """Keys as whoever owns the database administers them."""

    settings: Settings

    def create(self, terms: KeyTerms) -> dict[str, Any]:
        """Create a key, and describe it with its text."""

        async def work(engine: AsyncEngine, schema: str) -> dict[str, Any]:
            check(terms, departments=await _departments(engine, schema))
            key, stored = await (await _store(engine, schema, self.settings)).create(terms, by=None)
            return {**describe_key(stored), "key": key.text}

        try:
            return on_ledger(self.settings, work)
        except TermsInvalid as error:
            raise CommandFailed(Exit.ANSWERED_NO, f"the key was not created: {error}") from None

    def listed(self) -> list[dict[str, Any]]:
        """Describe all keys."""

        async def work(engine: AsyncEngine, schema: str) -> list[StoredKey]:
            store = await _store(engine, schema, self.settings)
            keys: list[StoredKey] = []
            while page := await store.list(
                after=keys[-1].key_id if keys else "", limit=KEY_RECORDS_PAGE
            ):
                keys += page
            return keys

        return [{**describe_key(key)} for key in on_ledger(self.settings, work)]

    def rotate(
        self, key_id: str, *, overlap: timedelta, expires_at: datetime | None
    ) -> dict[str, Any]:
        """Create a key with the same terms, and describe it with its text and the old key."""

        async def work(engine: AsyncEngine, schema: str) -> Rotated | None:
            store = await _store(engine, schema, self.settings)
            return await store.rotate(key_id, overlap=overlap, expires_at=expires_at, by=None)

        try:
            rotated = on_ledger(self.settings, work)
        except KeyEnded as error:
            raise CommandFailed(Exit.ANSWERED_NO, str(error)) from None
        if rotated is None:
            raise _unknown(key_id)
        new, old = describe_key(rotated.new), describe_key(rotated.old)
        return {**new, "key": rotated.key.text, "replaces": old}

    def revoke(self, key_id: str) -> dict[str, Any]:
        """Revoke a key, and describe it."""

        async def work(engine: AsyncEngine, schema: str) -> StoredKey | None:
            return await (await _store(engine, schema, self.settings)).revoke(key_id, by=None)

        stored = on_ledger(self.settings, work)
        if stored is None:
            raise _unknown(key_id)
        return {**describe_key(stored)}


async def _store(engine: AsyncEngine, schema: str, settings: Settings) -> KeyStore:
    """Return the key store, whose changes are sealed like all events.

    Raises:
        CommandFailed: the ledger's secret is missing.
        SecretDiffers: the secret is another ledger's.
    """
    secret = find_secret(settings)
    if secret is None:
        raise CommandFailed(
            Exit.SETTINGS,
            "changes to keys are sealed with the ledger's secret, which was not found: set "
            "LEADLEDGER_SECRET, or set LEADLEDGER_DATA_DIR to the service's directory",
        )
    digests = Digests(secret)
    await check_secret(engine, schema=schema, digests=digests)
    return KeyStore(engine, schema, digests.seals)


async def _departments(engine: AsyncEngine, schema: str) -> tuple[str, ...]:
    """Return the departments that the lifecycle in force defines."""
    memory = Memory()
    async with borrowed(engine) as driver:
        await LedgerReader(load("events.append", "ledger.sql", schema)).begin(driver, memory)
    return tuple(memory.compiled.lifecycle.departments)


def _unknown(key_id: str) -> CommandFailed:
    return CommandFailed(
        Exit.ANSWERED_NO, f"there is no key {key_id}; `leadledger key list` shows all keys"
    )
