"""Webhooks on a real ledger; a test runs the dispatchers by hand: several, impatient, dying."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from service.feed.log import ALL, LogFilter
from service.private_postgres import PrivatePostgres
from service.webhooks.client import Poster
from service.webhooks.dispatcher import Dispatcher
from service.webhooks.encryption import Seal
from service.webhooks.queue import DeliveryQueue
from service.webhooks.retry_schedule import RetrySchedule
from service.webhooks.store import StoredWebhook, WebhookStore, WebhookTerms
from tests.support.http_service import SCHEMA, SECRET
from tests.support.ledger_on_postgres import LedgerOnPostgres, form, ledger_on_postgres

WAIT_S = 30
QUICK = RetrySchedule(
    first_s=0.05, factor=1.0, longest_s=0.05, attempts_max=3, fails_at_most_s=3_600
)
"""Patience short enough for tests."""


@dataclass
class Webhooks:
    """A ledger with webhooks and dispatchers."""

    on: LedgerOnPostgres
    store: WebhookStore
    seal: Seal
    posters: list[Poster] = field(default_factory=list)
    outcomes: list[str] = field(default_factory=list)

    def dispatcher(
        self,
        *,
        schedule: RetrySchedule = QUICK,
        queue: DeliveryQueue | None = None,
        kind: type[Dispatcher] = Dispatcher,
        attempt_s: float = 5.0,
    ) -> Dispatcher:
        """Make another dispatcher, as in another process."""
        poster = Poster(allows_private=True, attempt_s=attempt_s)
        self.posters.append(poster)
        queue = queue or self.queue()
        return kind(queue, self.seal, poster, self.outcomes.append, schedule=schedule)

    def queue(self, *, lease_s: float = 60.0) -> DeliveryQueue:
        return DeliveryQueue(self.on.engine, SCHEMA, lease_s=lease_s)

    async def make(self, url: str, *, wanted: LogFilter = ALL, after: int | None = None) -> UUID:
        webhook, _ = await self.store.create(WebhookTerms(url, "", wanted, after))
        return webhook.webhook_id

    async def read(self, webhook_id: UUID) -> StoredWebhook:
        webhook = await self.store.one(webhook_id)
        assert webhook is not None
        return webhook

    async def report(self, leads: int, times: int = 1, name: str = "n") -> list[int]:
        """Have leads fill in forms in turn; return the positions of the forms."""
        events: list[dict[str, Any]] = [
            form(f"{name}-{lead}-{turn}", email=f"{name}{lead}@{name}{lead}.example")
            for turn in range(times)
            for lead in range(leads)
        ]
        outcomes = await self.on.send(*events)
        return [outcome.position for outcome in outcomes]  # type: ignore[union-attr]

    async def carry_all(self, *dispatchers: Dispatcher) -> None:
        """Run dispatchers until nothing is left to queue or send."""
        async with asyncio.timeout(WAIT_S):
            await asyncio.gather(*(self._carry_all(dispatcher) for dispatcher in dispatchers))

    async def _carry_all(self, dispatcher: Dispatcher) -> None:
        while await self.is_waiting():
            await dispatcher.step()
            await asyncio.sleep(0.005)
        await dispatcher.arrived()

    async def is_waiting(self) -> bool:
        """Report whether anything is left to queue or send."""
        (row,) = await self.on.as_owner(
            "SELECT EXISTS (SELECT FROM ledger.webhook_deliveries AS delivery "
            "  JOIN ledger.webhooks AS webhook USING (webhook_id) "
            " WHERE delivery.status = 'pending' AND webhook.is_enabled) "
            "OR EXISTS (SELECT FROM ledger.webhooks, ledger.ledger_head AS head "
            " WHERE ledger.webhooks.is_enabled "
            "   AND ledger.webhooks.position < head.position) AS is_waiting"
        )
        return bool(row["is_waiting"])


@asynccontextmanager
async def webhooks_on_postgres(server: PrivatePostgres) -> AsyncIterator[Webhooks]:
    """Provide a fresh ledger without webhooks."""
    async with ledger_on_postgres(server) as on:
        seal = Seal(SECRET.encode())
        webhooks = Webhooks(on, WebhookStore(on.engine, SCHEMA, seal), seal)
        try:
            yield webhooks
        finally:
            for poster in webhooks.posters:
                await poster.close()
