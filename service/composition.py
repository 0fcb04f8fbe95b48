"""The composition root: everything the service uses is built once here, and closed in order.

Three roles make up a service. The writer decides and appends. Fronts answer requests. The reader
keeps projections up to date and does whatever else runs in the background. `open_parts` takes all
of them into one process; the other functions each open one, connected to the writer by a socket.
"""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncEngine

from events.append.condition import Condition
from events.append.ledger import Ledger
from events.append.loader import LedgerReader
from events.append.queue import Append, Queue
from events.background.preparer import Preparing
from events.background.reassessor import Reassessor
from events.background.timekeeper import Timekeeper
from events.database.sessions import borrowed
from events.database.statements import load
from events.door import Door
from events.lifecycles.known import Lifecycles
from events.remote.connection import Connection
from events.remote.messages import Bulletin
from events.remote.roles import Role
from events.remote.server import WriterServer
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
from service.ingest.retry import reread
from service.keys.directory import KeyDirectory
from service.keys.store import KeyStore
from service.limits import WATCH_CONNECTIONS
from service.metrics import Metrics
from service.people.cards import Cards
from service.people.reads import Reads
from service.people.sealing import Sealing
from service.people.searches import Searches
from service.people.searching import NameIndex
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
from service.webhooks.open import delivering, open_webhooks
from service.webhooks.retry_schedule import RetrySchedule


class Basics(NamedTuple):
    """What every role needs."""

    settings: Settings
    app_url: URL
    engine: AsyncEngine
    metrics: Metrics
    secret: bytes
    digests: Digests
    listeners: list[Callable[[int], None]]
    """Called with the new position when the log has grown."""
    counters: list[Callable[[Mapping[str, int]], None]]
    """Called with what other processes have taken, by API key."""

    @property
    def schema(self) -> str:
        return self.settings.schema_name

    def announce(self, position: int) -> None:
        """Tell the parts of this process that the log has grown."""
        for listener in self.listeners:
            listener(position)


class Access(NamedTuple):
    """How a process reaches the writer: in itself, or over a socket."""

    door: Door
    waking: Door
    """The door for leads that are to be woken."""
    lifecycles: Lifecycles
    clock: Clock
    condition: Condition
    connection: Connection | None = None


@asynccontextmanager
async def open_parts(
    settings: Settings, app_url: URL, *, schedule: RetrySchedule | None = None
) -> AsyncIterator[Parts]:
    """Open all roles in this process; at the end record what is queued, then release everything.

    `schedule` is that of webhook deliveries.
    """
    async with AsyncExitStack() as stack:
        basics = await _open_basics(stack, settings, app_url)
        # Done before the first report has to wait for it, perhaps with others behind it.
        await asyncio.to_thread(identifiers.warm)
        ledger = _make_ledger(basics)
        watch = await _open_watch(stack, basics, ledger.condition)
        await ledger.open()
        checkpoints = await _open_checkpoints(stack, basics)
        await _open_projections(stack, basics, checkpoints)
        queue, preparing = await _open_queue(stack, basics, ledger)
        access = Access(queue, preparing, ledger.lifecycles, Clock(ledger.now), ledger.condition)
        await _open_background(stack, basics, access, schedule)
        parts = await _open_front(stack, basics, access, watch, checkpoints)
        yield {**parts, Ledger: ledger}


@asynccontextmanager
async def open_writer(
    settings: Settings, app_url: URL, listener: socket.socket
) -> AsyncIterator[Metrics]:
    """Open the writer, for other processes to connect to on this socket."""
    async with AsyncExitStack() as stack:
        basics = await _open_basics(stack, settings, app_url)
        ledger = _make_ledger(basics)
        await _open_watch(stack, basics, ledger.condition)
        await ledger.open()
        server = WriterServer(ledger, basics.digests)
        stack.push_async_callback(server.close)
        queue, preparing = await _open_queue(stack, basics, ledger)
        basics.listeners.append(server.announce)
        await server.open(listener, queue=queue, preparing=preparing)
        await stack.enter_async_context(_running(server.run(), "bulletins"))
        yield basics.metrics


@asynccontextmanager
async def open_reader(settings: Settings, app_url: URL, writer: Path) -> AsyncIterator[Metrics]:
    """Open the reader, connected to the writer."""
    async with AsyncExitStack() as stack:
        basics = await _open_basics(stack, settings, app_url)
        access = await _connect(stack, basics, writer, Role.READER)
        await _open_watch(stack, basics, access.condition)
        await _open_projections(stack, basics)
        await _open_background(stack, basics, access)
        yield basics.metrics


@asynccontextmanager
async def open_front(settings: Settings, app_url: URL, writer: Path) -> AsyncIterator[Parts]:
    """Open the parts that requests need, connected to the writer."""
    async with AsyncExitStack() as stack:
        basics = await _open_basics(stack, settings, app_url)
        await asyncio.to_thread(identifiers.warm)
        access = await _connect(stack, basics, writer, Role.FRONT)
        watch = await _open_watch(stack, basics, access.condition)
        checkpoints = await _open_checkpoints(stack, basics)
        yield await _open_front(stack, basics, access, watch, checkpoints)


async def _open_basics(stack: AsyncExitStack, settings: Settings, app_url: URL) -> Basics:
    engine = make_engine(settings, app_url)
    stack.push_async_callback(engine.dispose)
    secret = read_secret(settings)
    return Basics(settings, app_url, engine, Metrics(), secret, Digests(secret), [], [])


async def _open_watch(stack: AsyncExitStack, basics: Basics, condition: Condition) -> Watch:
    own = make_engine(basics.settings, basics.app_url, connections=WATCH_CONNECTIONS)
    stack.push_async_callback(own.dispose)
    watch = Watch(
        guarded=basics.engine,
        own=own,
        schema=basics.schema,
        condition=condition,
        on_fault=basics.metrics.fault,
    )
    await stack.enter_async_context(_running(watch.run(), "database-watch"))
    return watch


def _make_ledger(basics: Basics) -> Ledger:
    seals = basics.digests.seals
    return Ledger(basics.engine, basics.schema, seals, on_fault=basics.metrics.fault)


async def _open_queue(
    stack: AsyncExitStack, basics: Basics, ledger: Ledger
) -> tuple[Queue, Preparing]:
    metrics = basics.metrics

    def on_append(append: Append) -> None:
        basics.announce(append.position)
        metrics.appended(items=append.items, seconds=append.seconds, waiting=queue.waiting_items)

    queue = Queue(ledger, on_append, on_fault=metrics.fault)
    queue.start()
    stack.push_async_callback(queue.close)
    preparing = Preparing(queue, basics.engine, basics.schema, on_fault=metrics.fault)
    stack.push_async_callback(preparing.close)
    return queue, preparing


async def _connect(stack: AsyncExitStack, basics: Basics, writer: Path, role: Role) -> Access:
    reader = LedgerReader(load("events.append", "ledger.sql", basics.schema))
    position = 0

    async def read_lifecycles() -> Any:
        async with borrowed(basics.engine) as driver:
            return await reader.lifecycles(driver)

    def on_bulletin(bulletin: Bulletin) -> None:
        nonlocal position
        for count in basics.counters if bulletin.taken else ():
            count(bulletin.taken)
        if bulletin.position != position:
            position = bulletin.position
            basics.announce(position)

    connection = Connection(
        writer,
        role=role,
        pid=os.getpid(),
        read_lifecycles=read_lifecycles,
        reread=reread,
        on_bulletin=on_bulletin,
        on_fault=basics.metrics.fault,
    )
    stack.push_async_callback(connection.close)
    await connection.open()
    return Access(
        connection,
        connection,
        connection.lifecycles,
        Clock(connection.now),
        connection.condition,
        connection,
    )


async def _open_checkpoints(stack: AsyncExitStack, basics: Basics) -> Checkpoints:
    checkpoints = Checkpoints(
        basics.engine, schema=basics.schema, names=PROJECTIONS, on_fault=basics.metrics.fault
    )
    await stack.enter_async_context(_running(checkpoints.run(), "checkpoints"))
    return checkpoints


async def _open_projections(
    stack: AsyncExitStack, basics: Basics, checkpoints: Checkpoints | None = None
) -> None:
    """Follow the log with all projections."""
    runner = Runner(
        basics.engine,
        schema=basics.schema,
        projections=[make(basics.schema) for make in PROJECTIONS.values()],
        on_moved=checkpoints.learn if checkpoints is not None else lambda _: None,
        on_fault=basics.metrics.fault,
    )
    await runner.prepare()
    await stack.enter_async_context(_running(runner.run(), "projections"))
    basics.listeners.append(lambda _: runner.wake())


async def _open_background(
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
    selector = _make_selector(stack, basics, access)
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
        await stack.enter_async_context(_running(endless, name))


def _make_selector(stack: AsyncExitStack, basics: Basics, access: Access) -> Selector:
    selector = Selector(
        basics.engine,
        basics.schema,
        door=access.door,
        lifecycles=access.lifecycles,
        now=access.clock.now,
        digests=basics.digests,
        on_fault=basics.metrics.fault,
    )
    stack.push_async_callback(selector.close)
    return selector


async def _open_front(
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
    selector = _make_selector(stack, basics, access)
    key_store = KeyStore(engine, schema, digests.seals)
    keys = KeyDirectory(key_store, on_fault=metrics.fault)
    basics.counters.append(keys.count)
    keys.start()
    stack.push_async_callback(keys.close)
    log = Log(engine, schema)
    reporting = Reporting(access.door, access.lifecycles, digests, metrics, access.clock.now)
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
        keys,
        key_store,
        SessionStore(engine, schema),
        TrustedProxies.from_text(settings.trusted_proxies),
        access.lifecycles,
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


@asynccontextmanager
async def _running(endless: Coroutine[Any, Any, None], name: str) -> AsyncIterator[None]:
    task = asyncio.create_task(endless, name=name)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
