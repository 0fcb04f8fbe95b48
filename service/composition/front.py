"""The front: the parts that requests need."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from sqlalchemy import URL

from events.background.timekeeper import Timekeeper
from events.remote.messages import Projected
from events.remote.roles import Role
from events.signals import identifiers
from projections.business.dealings import Dealings
from projections.business.queries import Crediting
from projections.catalogue import PROJECTIONS
from projections.deadlines.projection import DeadlineQueries
from projections.engine.advance import Checkpoint
from projections.engine.checkpoints import Checkpoints
from projections.figures.queries import FigureQueries
from projections.funnel.queries import FunnelQueries
from projections.leads.queries import Roster
from projections.plans.projection import PlanQueries
from service.bodies.body_memory import MemoryBudgets
from service.composition.basics import Access, Basics, open_basics, open_watch, running
from service.composition.connected import connect
from service.composition.selecting import make_selector
from service.feed.appends import Appends
from service.feed.log import Log
from service.feed.tail import Tail
from service.http.parts import Parts
from service.ingest.publish import Publishing
from service.ingest.reporting import Reporting
from service.intake.store import IntakeStore
from service.intake.unrecorded import Unrecorded
from service.keys.directory import KeyDirectory
from service.keys.store import KeyStore
from service.people.cards import Cards
from service.people.reads import Reads
from service.people.searches import Searches
from service.people.searching import NameIndex
from service.projected import FunnelNow, ProjectedTables
from service.reading.readiness import Examination, Serving
from service.reading.selections import SelectionQueries
from service.refusals.store import RefusalStore
from service.sessions.arrival import TrustedProxies
from service.sessions.store import SessionStore
from service.settings import Settings
from service.tables.apart import TableReader
from service.watch import Watch
from service.webhooks.open import open_webhooks


@asynccontextmanager
async def open_front(settings: Settings, app_url: URL, writer: Path) -> AsyncIterator[Parts]:
    """Open the parts that requests need, connected to the writer."""
    async with AsyncExitStack() as stack:
        basics = await open_basics(stack, settings, app_url)
        await asyncio.to_thread(identifiers.warm)
        checkpoints = await open_checkpoints(stack, basics)

        def on_moved(moved: Projected) -> None:
            checkpoints.learn({name: Checkpoint(*at) for name, at in moved.checkpoints.items()})

        access = await connect(stack, basics, writer, Role.FRONT, on_moved=on_moved)
        watch = await open_watch(stack, basics, access.condition)
        yield await front_parts(stack, basics, access, watch, checkpoints)


async def open_checkpoints(stack: AsyncExitStack, basics: Basics) -> Checkpoints:
    checkpoints = Checkpoints(
        basics.engine, schema=basics.schema, names=PROJECTIONS, on_fault=basics.metrics.fault
    )
    await stack.enter_async_context(running(checkpoints.run(), "checkpoints"))
    return checkpoints


async def front_parts(
    stack: AsyncExitStack,
    basics: Basics,
    access: Access,
    watch: Watch,
    checkpoints: Checkpoints,
) -> Parts:
    settings, schema, engine, metrics, digests = (
        basics.settings,
        basics.schema,
        basics.engine,
        basics.metrics,
        basics.digests,
    )
    appends = Appends()
    basics.listeners.append(appends.announce)
    webhooks = await stack.enter_async_context(
        open_webhooks(engine, settings, secret=basics.secret)
    )
    selector = make_selector(stack, basics, access)
    key_store = KeyStore(engine, schema, digests.seals)
    keys = KeyDirectory(key_store, on_fault=metrics.fault)
    basics.counters.append(keys.count)
    keys.start()
    stack.push_async_callback(keys.close)
    log = Log(engine, schema)
    unrecorded = Unrecorded(
        engine, schema, access.lifecycles, now=access.clock.now, on_fault=metrics.fault
    )
    stack.push_async_callback(unrecorded.write)
    await stack.enter_async_context(running(unrecorded.run(), "intake"))
    reporting = Reporting(
        access.queue, access.lifecycles, digests, metrics, unrecorded, access.clock.now
    )
    cards = Cards(engine, schema)
    serving = Serving(
        engine,
        schema,
        settings.data_dir,
        watch=watch,
        condition=access.condition,
        checkpoints=checkpoints,
        deliveries=webhooks.queue,
        connection=access.connection,
    )
    stack.callback(appends.closing.set)
    return _by_class(
        access.clock,
        metrics,
        MemoryBudgets(),
        TableReader(),
        keys,
        key_store,
        SessionStore(engine, schema),
        TrustedProxies.from_text(settings.trusted_proxies),
        access.lifecycles,
        reporting,
        Publishing(reporting, engine, schema),
        RefusalStore(engine, schema, digests.seals),
        IntakeStore(engine, schema),
        log,
        appends,
        Tail(log, appends, on_fault=metrics.fault),
        ProjectedTables(engine, checkpoints, log),
        FunnelQueries(schema),
        FunnelNow(),
        FigureQueries(schema),
        Roster(schema),
        DeadlineQueries(schema),
        PlanQueries(schema),
        Crediting(schema),
        Dealings(schema),
        selector,
        SelectionQueries(engine, schema),
        Timekeeper(engine, schema, access.waking, on_fault=metrics.fault),
        webhooks,
        Examination(serving),
        cards,
        NameIndex(cards),
        Reads(engine, schema),
        Searches(engine, schema),
    )


def _by_class(*parts: object) -> Parts:
    return {type(part): part for part in parts}
