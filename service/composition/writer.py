"""The writer: the ledger, its queue, and the socket on which the others reach it."""

import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from sqlalchemy import URL

from events.append.ledger import Ledger
from events.append.queue import Append, Queue
from events.background.preparer import Preparing
from events.remote.server import WriterServer
from service.composition.basics import Basics, open_basics, open_watch, running
from service.metrics import Metrics
from service.settings import Settings


@asynccontextmanager
async def open_writer(
    settings: Settings, app_url: URL, listener: socket.socket
) -> AsyncIterator[Metrics]:
    """Open the writer, for other processes to connect to on this socket."""
    async with AsyncExitStack() as stack:
        basics = await open_basics(stack, settings, app_url)
        ledger = make_ledger(basics)
        await open_watch(stack, basics, ledger.condition)
        await ledger.open()
        server = WriterServer(ledger, basics.digests)
        stack.push_async_callback(server.close)
        queue, preparing = await open_queue(stack, basics, ledger)
        basics.listeners.append(server.announce)
        await server.open(listener, queue=queue, preparing=preparing)
        await stack.enter_async_context(running(server.run(), "bulletins"))
        yield basics.metrics


def make_ledger(basics: Basics) -> Ledger:
    seals = basics.digests.seals
    return Ledger(basics.engine, basics.schema, seals, on_fault=basics.metrics.fault)


async def open_queue(
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
