"""Webhooks in the database: made, listed, changed, removed. Their secrets are sealed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from events.batch.ids import new_id
from events.database.statements import Statement, load
from service.feed.log import LogFilter
from service.webhooks import signing
from service.webhooks.encryption import Seal
from service.webhooks.limits import OLD_SECRET_S, SECRETS_MAX, WEBHOOKS_MAX


class WebhooksFull(Exception):
    """A ledger has a limited number of webhooks. Remove one first."""


class WebhookTerms(NamedTuple):
    """What a webhook is made for."""

    url: str
    description: str
    wanted: LogFilter
    after: int | None
    """The position after which it begins; None: only events recorded from now on."""


class Change(NamedTuple):
    """What to change; None leaves a value as it is."""

    url: str | None = None
    description: str | None = None
    types: Sequence[str] | None = None
    stages: Sequence[str] | None = None
    is_enabled: bool | None = None


class StoredWebhook(NamedTuple):
    """A webhook as it is stored."""

    webhook_id: UUID
    url: str
    description: str
    types: list[str]
    stages: list[str]
    position: int
    """How far the log has been queued for it."""
    is_enabled: bool
    disabled_reason: str | None
    failing_since: datetime | None
    created_at: datetime
    pending: int
    dead: int


class WebhookStore:
    """The table of webhooks. A class, because every verb needs the same engine and statements."""

    def __init__(self, engine: AsyncEngine, schema: str, seal: Seal) -> None:
        self._engine = engine
        self._sql: Mapping[str, Statement] = load("service.webhooks", "webhooks.sql", schema)
        self._seal = seal

    async def create(self, terms: WebhookTerms) -> tuple[StoredWebhook, str]:
        """Make a webhook. The text of its secret exists only in the returned value.

        Raises:
            WebhooksFull: the limit is reached.
        """
        webhook_id = UUID(new_id())
        values: dict[str, Any] = {
            "webhook_id": webhook_id,
            "url": terms.url,
            "description": terms.description,
            "types": list(terms.wanted.types),
            "stages": list(terms.wanted.stages),
            "after": terms.after,
            "webhooks_max": WEBHOOKS_MAX,
        }
        async with self._engine.begin() as connection:
            made = await connection.scalar(self._sql["insert_webhook"].text, values)
            if made is None:
                raise WebhooksFull(f"this ledger has {WEBHOOKS_MAX} webhooks, which is the limit")
            secret = await self._add_secret(connection, webhook_id)
            (webhook,) = await self._read(connection, webhook_id)
        return webhook, secret

    async def every(self) -> list[StoredWebhook]:
        """Read all webhooks."""
        async with self._engine.connect() as connection:
            return await self._read(connection, None)

    async def one(self, webhook_id: UUID) -> StoredWebhook | None:
        """Read one webhook; None if none has this id."""
        async with self._engine.connect() as connection:
            return next(iter(await self._read(connection, webhook_id)), None)

    async def change(self, webhook_id: UUID, change: Change) -> StoredWebhook | None:
        """Change a webhook; None if none has this id."""
        values = {"webhook_id": webhook_id, **change._asdict()}
        async with self._engine.begin() as connection:
            await connection.execute(self._sql["update_webhook"].text, values)
            if change.is_enabled:
                await connection.execute(self._sql["hurry"].text, {"webhook_id": webhook_id})
            return next(iter(await self._read(connection, webhook_id)), None)

    async def delete(self, webhook_id: UUID) -> bool:
        """Remove a webhook and everything queued for it; return whether it existed."""
        async with self._engine.begin() as connection:
            done = await connection.execute(
                self._sql["delete_webhook"].text, {"webhook_id": webhook_id}
            )
            return done.rowcount > 0

    async def rotate(self, webhook_id: UUID) -> str | None:
        """Make a new secret; the old one also signs for a day. None: the webhook does not exist."""
        values = {"webhook_id": webhook_id}
        async with self._engine.begin() as connection:
            if await connection.scalar(self._sql["lock_webhook"].text, values) is None:
                return None
            await connection.execute(
                self._sql["retire_secrets"].text, {**values, "old_secret_s": OLD_SECRET_S}
            )
            secret = await self._add_secret(connection, webhook_id)
            await connection.execute(
                self._sql["drop_secrets"].text, {**values, "secrets_max": SECRETS_MAX}
            )
            return secret

    async def secrets(self, webhook_id: UUID) -> list[bytes]:
        """Return the secrets that sign now, newest first.

        Raises:
            SealBroken: one of them cannot be opened.
        """
        async with self._engine.connect() as connection:
            rows = await connection.scalars(
                self._sql["read_secrets"].text, {"webhook_id": webhook_id}
            )
            return [self._seal.open(bytes(sealed), owner=str(webhook_id)) for sealed in rows]

    async def _add_secret(self, connection: AsyncConnection, webhook_id: UUID) -> str:
        secret = signing.mint()
        sealed = self._seal.close(secret, owner=str(webhook_id))
        await connection.execute(
            self._sql["insert_secret"].text, {"webhook_id": webhook_id, "sealed": sealed}
        )
        return signing.secret_text(secret)

    async def _read(
        self, connection: AsyncConnection, webhook_id: UUID | None
    ) -> list[StoredWebhook]:
        rows = await connection.execute(self._sql["list_webhooks"].text, {"webhook_id": webhook_id})
        return [StoredWebhook(*row) for row in rows]
