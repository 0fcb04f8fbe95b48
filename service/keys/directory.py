"""Look up the holder of a key in memory that is never more than a few seconds old.

Asking the database for every event would cost more than recording it. So each process remembers the
keys that it has seen and reads all of them again every second. A revoked key is rejected everywhere
within KEYS_TRUST_S, even if that reading fails.
"""

import asyncio
import hmac
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from time import monotonic

import structlog

from events.background.loops import cancelled, endlessly
from events.faults import OnFault, uncounted
from events.signals.sender import Sender
from service.keys.key_text import KeyText
from service.keys.rates import Allowance
from service.keys.store import KeyStore
from service.keys.terms import StoredKey
from service.limits import (
    KEYS_ASKED_MAX,
    KEYS_MAX,
    KEYS_REFRESH_S,
    KEYS_TRUST_S,
    ORIGINS_MAX,
    UNKNOWN_KEYS_MAX,
)

log = structlog.get_logger()


class Holder:
    """The holder of a remembered key. A class, because its rate allowance lives as long."""

    __slots__ = ("allowance", "key", "origins", "sender")

    def __init__(self, key: StoredKey, allowance: Allowance | None) -> None:
        self.key = key
        self.sender: Sender = key.sender
        self.origins = frozenset(origin.encode() for origin in key.terms.origins)
        self.allowance = allowance


class KeyDirectory:
    """The keys that this process remembers. A class, because a task refreshes them."""

    def __init__(self, store: KeyStore, *, on_fault: OnFault = uncounted) -> None:
        self._store = store
        self._on_fault = on_fault
        self._holders: OrderedDict[str, Holder] = OrderedDict()
        self._unknown: set[str] = set()
        self._read_at = monotonic()
        self._origins: frozenset[bytes] = frozenset()
        self._origins_read_at = -KEYS_TRUST_S
        self._reading_origins = asyncio.Lock()
        self._asking = asyncio.Semaphore(KEYS_ASKED_MAX)
        """Limits lookups of unknown keys, so that strangers cannot take all connections."""
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._keep_fresh(), name="key-directory")

    async def close(self) -> None:
        await cancelled(self._task)

    def recall(self, key: KeyText) -> Holder | None:
        """Return the holder of this key if it is remembered and fresh; this path never waits."""
        holder = self._holders.get(key.key_id)
        if holder is None or monotonic() - self._read_at > KEYS_TRUST_S:
            return None
        return holder if _fits(holder, key) else None

    async def find(self, key: KeyText) -> Holder | None:
        """Return the holder of this key; ask the database if memory has no fresh answer."""
        if monotonic() - self._read_at > KEYS_TRUST_S:
            await self._refresh()
        if self._is_new(key):
            async with self._asking:
                # The answer may have arrived while this request waited.
                if self._is_new(key):
                    self._remember([key.key_id], await self._store.find([key.key_id]))
        holder = self._holders.get(key.key_id)
        return holder if holder is not None and _fits(holder, key) else None

    def _is_new(self, key: KeyText) -> bool:
        return key.key_id not in self._holders and key.key_id not in self._unknown

    async def current(self, key_id: str) -> Holder | None:
        """Return the holder of a key that was shown earlier, if the key is still valid.

        For long-lived requests: the key's current rights apply, and the request ends with the key.
        """
        if monotonic() - self._read_at > KEYS_TRUST_S:
            await self._refresh()
        if key_id not in self._holders:
            self._remember([key_id], await self._store.find([key_id]))
        holder = self._holders.get(key_id)
        return holder if holder is not None and holder.key.is_valid(datetime.now(UTC)) else None

    def count(self, taken: Mapping[str, int]) -> None:
        """Count what other processes have taken, by key, against the allowance of each key."""
        for key_id, events in taken.items():
            holder = self._holders.get(key_id)
            if holder is not None and holder.allowance is not None:
                holder.allowance.take(events)

    async def lists(self, origin: bytes) -> bool:
        """Return whether any valid key is for pages of this origin.

        A browser asks before it shows its key, so the answer covers all keys. However many browsers
        ask, the database is asked once a second. If the database is unavailable, the last answer is
        used: the key itself is checked anyway.
        """
        if monotonic() - self._origins_read_at > KEYS_REFRESH_S:
            async with self._reading_origins:
                if monotonic() - self._origins_read_at > KEYS_REFRESH_S:
                    await self._read_origins()
        return origin in self._origins

    async def _read_origins(self) -> None:
        try:
            async with asyncio.timeout(KEYS_TRUST_S):
                found = await self._store.origins(limit=ORIGINS_MAX)
            self._origins = frozenset(origin.encode() for origin in found)
        except Exception as error:  # noqa: BLE001 - retried a second later, whatever it is
            log.warning("keys.origins_not_read", error=type(error).__name__)
        self._origins_read_at = monotonic()

    async def _keep_fresh(self) -> None:
        await endlessly("keys", self._step, pause_s=0, on_fault=self._on_fault)

    async def _step(self) -> None:
        await asyncio.sleep(KEYS_REFRESH_S)
        async with asyncio.timeout(KEYS_TRUST_S):
            await self._refresh()

    async def _refresh(self) -> None:
        asked_at, key_ids = monotonic(), list(self._holders)
        found = await self._store.find(key_ids) if key_ids else []
        self._unknown.clear()
        self._remember(key_ids, found)
        self._read_at = asked_at

    def _remember(self, key_ids: Sequence[str], found: Sequence[StoredKey]) -> None:
        stored = {key.key_id: key for key in found}
        for key_id in key_ids:
            key = stored.get(key_id)
            if key is not None:
                self._holders[key_id] = self._held(key)
            elif len(self._unknown) < UNKNOWN_KEYS_MAX:
                self._unknown.add(key_id)
        while len(self._holders) > KEYS_MAX:
            self._holders.popitem(last=False)

    def _held(self, key: StoredKey) -> Holder:
        """Keep the running allowance unless the key's rate has changed."""
        before = self._holders.get(key.key_id)
        rate = key.terms.events_per_second
        if rate is None:
            return Holder(key, None)
        if before is not None and before.allowance is not None and before.allowance.rate == rate:
            return Holder(key, before.allowance)
        return Holder(key, Allowance(rate, now=monotonic()))


def _fits(holder: Holder, key: KeyText) -> bool:
    return hmac.compare_digest(holder.key.secret_digest, key.digest) and holder.key.is_valid(
        datetime.now(UTC)
    )
