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
    """The parts that routes use, and the dispatcher."""

    store: WebhookStore
    queue: DeliveryQueue
    poster: Poster
    dispatcher: Dispatcher


@asynccontextmanager
async def open_webhooks(
    engine: AsyncEngine,
    settings: Settings,
    *,
    secret: bytes,
    schedule: RetrySchedule | None = None,
    on_outcome: Callable[[str], None],
    on_fault: OnFault = uncounted,
) -> AsyncIterator[WebhookService]:
    """Deliver for as long as the context lasts; at the end wait for messages in flight."""
    seal = Seal(secret)
    queue = DeliveryQueue(engine, settings.schema_name)
    poster = Poster(allows_private=settings.webhook_private_addresses)
    dispatcher = Dispatcher(queue, seal, poster, on_outcome, schedule=schedule, on_fault=on_fault)
    dispatcher.start()
    try:
        yield WebhookService(
            WebhookStore(engine, settings.schema_name, seal), queue, poster, dispatcher
        )
    finally:
        await dispatcher.close()
        await poster.close()
