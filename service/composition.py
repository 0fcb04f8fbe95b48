"""The composition root: everything the service uses is built once here, and closed in order."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

from sqlalchemy import URL

from events.append.ledger import Ledger
from events.append.queue import Append, Queue
from events.background.preparer import Preparing
from events.background.reassessor import Reassessor
from events.background.timekeeper import Timekeeper
from events.selections.running import Selector
from events.signals import identifiers
from events.signals.digests import Digests
from projections.business.queries import Crediting
from projections.catalogue import PROJECTIONS
from projections.deadlines.projection import DeadlineQueries
from projections.engine.checkpoints import Checkpoints
from projections.engine.runner import Runner
from projections.figures.queries import FigureQueries
from projections.funnel.queries import FunnelQueries
from projections.leads.queries import Roster
from service.bodies.body_memory import MemoryBudgets
from service.clock import Clock
from service.engine import make_engine
from service.feed.appends import Appends
from service.feed.log import Log
from service.feed.tail import Tail
from service.http.parts import Parts
from service.ingest.publish import Publishing
from service.ingest.reporting import Reporting
from service.keys.directory import KeyDirectory
from service.keys.store import KeyStore
from service.limits import WATCH_CONNECTIONS
from service.metrics import Metrics
from service.projected import FunnelNow, ProjectedTables
from service.reading.readiness import Examination, Serving
from service.reading.selections import SelectionQueries
from service.refusals.purging import Bounds, Purge
from service.refusals.store import RefusalStore
from service.secret import read_secret
from service.sessions.arrival import TrustedProxies
from service.sessions.store import SessionStore
from service.settings import Settings
from service.watch import Watch
from service.webhooks.open import open_webhooks
from service.webhooks.retry_schedule import RetrySchedule


@asynccontextmanager
async def open_parts(
    settings: Settings, app_url: URL, *, schedule: RetrySchedule | None = None
) -> AsyncIterator[Parts]:
    """Open the parts that requests need; at the end record what is queued, then release everything.

    `schedule` is that of webhook deliveries.
    """
    async with AsyncExitStack() as stack:
        engine = make_engine(settings, app_url)
        stack.push_async_callback(engine.dispose)
        # Done before the first report has to wait for it, perhaps with others behind it.
        await asyncio.to_thread(identifiers.warm)
        metrics, appends = Metrics(), Appends()
        secret = read_secret(settings)
        digests = Digests(secret)
        ledger = Ledger(engine, settings.schema_name, digests.seals, on_fault=metrics.fault)
        own = make_engine(settings, app_url, connections=WATCH_CONNECTIONS)
        stack.push_async_callback(own.dispose)
        watch = Watch(
            guarded=engine,
            own=own,
            schema=settings.schema_name,
            condition=ledger.condition,
            on_fault=metrics.fault,
        )
        await stack.enter_async_context(_running(watch.run(), "database-watch"))
        await ledger.open()
        checkpoints = Checkpoints(
            engine, schema=settings.schema_name, names=PROJECTIONS, on_fault=metrics.fault
        )
        runner = Runner(
            engine,
            schema=settings.schema_name,
            projections=[make(settings.schema_name) for make in PROJECTIONS.values()],
            on_moved=checkpoints.learn,
            on_fault=metrics.fault,
        )
        await runner.prepare()
        await stack.enter_async_context(_running(checkpoints.run(), "checkpoints"))
        await stack.enter_async_context(_running(runner.run(), "projections"))
        webhooks = await stack.enter_async_context(
            open_webhooks(
                engine,
                settings,
                secret=secret,
                schedule=schedule,
                on_outcome=metrics.carried,
                on_fault=metrics.fault,
            )
        )

        def on_append(append: Append) -> None:
            appends.announce(append.position)
            runner.wake()
            webhooks.dispatcher.wake()
            metrics.appended(
                items=append.items, seconds=append.seconds, waiting=queue.waiting_items
            )

        queue = Queue(ledger, on_append, on_fault=metrics.fault)
        queue.start()
        stack.push_async_callback(queue.close)
        preparing = Preparing(queue, engine, settings.schema_name, on_fault=metrics.fault)
        stack.push_async_callback(preparing.close)
        timekeeper = Timekeeper(engine, settings.schema_name, preparing, on_fault=metrics.fault)
        await stack.enter_async_context(_running(timekeeper.run(), "timekeeper"))
        reassessor = Reassessor(
            engine, settings.schema_name, ledger.lifecycles, preparing, on_fault=metrics.fault
        )
        await stack.enter_async_context(_running(reassessor.run(), "reassessor"))
        selector = Selector(
            engine,
            settings.schema_name,
            door=queue,
            lifecycles=ledger.lifecycles,
            now=ledger.now,
            digests=digests,
            on_fault=metrics.fault,
        )
        stack.push_async_callback(selector.close)
        await stack.enter_async_context(_running(selector.run(), "selections"))
        key_store = KeyStore(engine, settings.schema_name, digests.seals)
        keys = KeyDirectory(key_store, on_fault=metrics.fault)
        keys.start()
        stack.push_async_callback(keys.close)
        bounds = Bounds(settings.refusals_days_max, settings.refusals_bytes_max)
        purge = Purge(engine, settings.schema_name, bounds, metrics=metrics, now=ledger.now)
        await stack.enter_async_context(_running(purge.run(), "purge"))
        schema, log = settings.schema_name, Log(engine, settings.schema_name)
        reporting = Reporting(queue, ledger.lifecycles, digests, metrics, ledger.now)
        serving = Serving(
            engine,
            schema,
            settings.data_dir,
            watch=watch,
            condition=ledger.condition,
            checkpoints=checkpoints,
            deliveries=webhooks.queue,
        )
        stack.callback(appends.closing.set)
        yield _by_class(
            ledger,
            Clock(ledger.now),
            metrics,
            MemoryBudgets(),
            keys,
            key_store,
            SessionStore(engine, schema),
            TrustedProxies.from_text(settings.trusted_proxies),
            reporting.lifecycles,
            reporting,
            Publishing(reporting, engine, schema),
            RefusalStore(engine, schema, digests.seals),
            log,
            appends,
            Tail(log, appends, on_fault=metrics.fault),
            ProjectedTables(engine, checkpoints, log),
            FunnelQueries(schema),
            FunnelNow(),
            FigureQueries(schema),
            Roster(schema),
            DeadlineQueries(schema),
            Crediting(schema),
            selector,
            SelectionQueries(engine, schema),
            timekeeper,
            webhooks,
            Examination(serving),
        )


def _by_class(*parts: object) -> Parts:
    return {type(part): part for part in parts}


@asynccontextmanager
async def _running(endless: Coroutine[Any, Any, None], name: str) -> AsyncIterator[None]:
    task = asyncio.create_task(endless, name=name)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
