"""What every role is built on: settings, the database, metrics, and a way to the writer."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, NamedTuple

from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncEngine

from events.append.condition import Condition
from events.background.loops import cancelled
from events.lifecycles.known import Lifecycles
from events.remote.connection import Connection
from events.signals.digests import Digests
from events.submission_queue import SubmissionQueue
from service.clock import Clock
from service.engine import make_engine
from service.limits import WATCH_CONNECTIONS
from service.metrics import Metrics
from service.secret import read_secret
from service.settings import Settings
from service.watch import Watch


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

    queue: SubmissionQueue
    waking: SubmissionQueue
    """The queue for leads that are to be woken."""
    lifecycles: Lifecycles
    clock: Clock
    condition: Condition
    connection: Connection | None = None


async def open_basics(stack: AsyncExitStack, settings: Settings, app_url: URL) -> Basics:
    engine = make_engine(settings, app_url)
    stack.push_async_callback(engine.dispose)
    secret = read_secret(settings)
    return Basics(settings, app_url, engine, Metrics(), secret, Digests(secret), [], [])


async def open_watch(stack: AsyncExitStack, basics: Basics, condition: Condition) -> Watch:
    own = make_engine(basics.settings, basics.app_url, connections=WATCH_CONNECTIONS)
    stack.push_async_callback(own.dispose)
    watch = Watch(
        guarded=basics.engine,
        own=own,
        schema=basics.schema,
        condition=condition,
        on_fault=basics.metrics.fault,
    )
    await stack.enter_async_context(running(watch.run(), "database-watch"))
    return watch


@asynccontextmanager
async def running(endless: Coroutine[Any, Any, None], name: str) -> AsyncIterator[None]:
    task = asyncio.create_task(endless, name=name)
    try:
        yield
    finally:
        await cancelled(task)
