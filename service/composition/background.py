"""The reader: projections, webhooks, timers, reassessment, selections, tidying up."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

from sqlalchemy import URL

from events.background.reassessor import Reassessor
from events.background.timekeeper import Timekeeper
from events.remote.messages import Projected
from events.remote.roles import Role
from projections.catalogue import PROJECTIONS
from projections.engine.advance import Checkpoint
from projections.engine.rebuild import Renewing
from projections.engine.runner import OnMoved, Runner
from service.composition.basics import Access, Basics, open_basics, open_watch, running
from service.composition.connected import connect
from service.composition.selecting import make_selector
from service.metrics import Metrics
from service.people.sealing import Sealing
from service.refusals.purging import Bounds, Purge
from service.settings import Settings
from service.webhooks.open import delivering, open_webhooks
from service.webhooks.retry_schedule import RetrySchedule


@asynccontextmanager
async def open_reader(settings: Settings, app_url: URL, writer: Path) -> AsyncIterator[Metrics]:
    """Open the reader, connected to the writer."""
    async with AsyncExitStack() as stack:
        basics = await open_basics(stack, settings, app_url)
        access = await connect(stack, basics, writer, Role.READER)
        await open_watch(stack, basics, access.condition)
        await open_projections(stack, basics, on_moved=partial(_tell, access))
        await open_background(stack, basics, access)
        yield basics.metrics


async def open_projections(stack: AsyncExitStack, basics: Basics, *, on_moved: OnMoved) -> None:
    """Follow the log with all projections, and rebuild those of an earlier version."""
    engine, schema, on_fault = basics.engine, basics.schema, basics.metrics.fault
    projections = [make(schema) for make in PROJECTIONS.values()]
    runner = Runner(
        engine, schema=schema, projections=projections, on_moved=on_moved, on_fault=on_fault
    )
    await runner.prepare()
    renewing = Renewing(engine, schema=schema, projections=projections, on_fault=on_fault)
    await stack.enter_async_context(running(renewing.run(), "rebuilds"))
    await stack.enter_async_context(running(runner.run(), "projections"))
    basics.listeners.append(lambda _: runner.wake())


def _tell(access: Access, moved: Mapping[str, Checkpoint]) -> None:
    """Tell the fronts, who would otherwise learn it only when they look."""
    assert access.connection is not None, "a reader of its own is connected"
    access.connection.tell(Projected(dict(moved)))


async def open_background(
    stack: AsyncExitStack, basics: Basics, access: Access, schedule: RetrySchedule | None = None
) -> None:
    """Webhooks, timers, reassessment, selections, purging of refusals, sealing of reads."""
    settings, schema, engine, metrics = (
        basics.settings,
        basics.schema,
        basics.engine,
        basics.metrics,
    )
    webhooks = await stack.enter_async_context(
        open_webhooks(engine, settings, secret=basics.secret)
    )
    dispatcher = await stack.enter_async_context(
        delivering(webhooks, metrics.carried, schedule=schedule, on_fault=metrics.fault)
    )
    basics.listeners.append(lambda _: dispatcher.wake())
    timekeeper = Timekeeper(engine, schema, access.waking, on_fault=metrics.fault)
    reassessor = Reassessor(
        engine, schema, access.lifecycles, access.waking, on_fault=metrics.fault
    )
    selector = make_selector(stack, basics, access)
    bounds = Bounds(settings.refusals_days_max, settings.refusals_bytes_max)
    purge = Purge(engine, schema, bounds, metrics=metrics, now=access.clock.now)
    sealing = Sealing(engine, schema, basics.digests.seals, on_fault=metrics.fault)
    for endless, name in (
        (timekeeper.run(), "timekeeper"),
        (reassessor.run(), "reassessor"),
        (selector.run(), "selections"),
        (purge.run(), "purge"),
        (sealing.run(), "personal-reads"),
    ):
        await stack.enter_async_context(running(endless, name))
