"""All roles in one process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from sqlalchemy import URL

from events.append.ledger import Ledger
from events.signals import identifiers
from service.clock import Clock
from service.composition.background import open_background, open_projections
from service.composition.basics import Access, open_basics, open_watch
from service.composition.front import front_parts, open_checkpoints
from service.composition.writer import make_ledger, open_queue
from service.http.parts import Parts
from service.settings import Settings
from service.webhooks.retry_schedule import RetrySchedule


@asynccontextmanager
async def open_parts(
    settings: Settings, app_url: URL, *, schedule: RetrySchedule | None = None
) -> AsyncIterator[Parts]:
    """Open all roles in this process; at the end record what is queued, then release everything.

    `schedule` is that of webhook deliveries.
    """
    async with AsyncExitStack() as stack:
        basics = await open_basics(stack, settings, app_url)
        # Done before the first report has to wait for it, perhaps with others behind it.
        await asyncio.to_thread(identifiers.warm)
        ledger = make_ledger(basics)
        watch = await open_watch(stack, basics, ledger.condition)
        await ledger.open()
        checkpoints = await open_checkpoints(stack, basics)
        await open_projections(stack, basics, on_moved=checkpoints.learn)
        queue, preparing = await open_queue(stack, basics, ledger)
        access = Access(queue, preparing, ledger.lifecycles, Clock(ledger.now), ledger.condition)
        await open_background(stack, basics, access, schedule)
        parts = await front_parts(stack, basics, access, watch, checkpoints)
        yield {**parts, Ledger: ledger}
