"""Assemble the parts of the webhook service, and shut them down in order."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncEngine

from events.faults import OnFault, uncounted
from service.settings import Settings
from service.webhooks.client import Poster
from service.webhooks.dispatcher import Dispatcher
from service.webhooks.encryption import Seal
from service.webhooks.queue import DeliveryQueue
from service.webhooks.retry_schedule import RetrySchedule
from service.webhooks.store import WebhookStore


class WebhookService(NamedTuple):
    """The parts that routes use, and that the dispatcher is made of."""

    store: WebhookStore
    queue: DeliveryQueue
    poster: Poster
    seal: Seal


@asynccontextmanager
async def open_webhooks(
    engine: AsyncEngine, settings: Settings, *, secret: bytes
) -> AsyncIterator[WebhookService]:
    """Open what is needed to manage webhooks, and to send to them."""
    seal, schema = Seal(secret), settings.schema_name
    poster = Poster(allows_private=settings.webhook_private_addresses)
    store, queue = WebhookStore(engine, schema, seal), DeliveryQueue(engine, schema)
    try:
        yield WebhookService(store, queue, poster, seal)
    finally:
        await poster.close()


@asynccontextmanager
async def delivering(
    webhooks: WebhookService,
    on_outcome: Callable[[str], None],
    *,
    schedule: RetrySchedule | None = None,
    on_fault: OnFault = uncounted,
) -> AsyncIterator[Dispatcher]:
    """Deliver for as long as the context lasts; at the end wait for messages in flight."""
    dispatcher = Dispatcher(
        webhooks.queue,
        webhooks.seal,
        webhooks.poster,
        on_outcome,
        schedule=schedule,
        on_fault=on_fault,
    )
    dispatcher.start()
    try:
        yield dispatcher
    finally:
        await dispatcher.close()
