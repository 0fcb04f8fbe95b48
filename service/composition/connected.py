"""The way to a writer in another process."""

import os
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from events.append.loader import LedgerReader
from events.database.sessions import borrowed
from events.database.statements import load
from events.remote.connection import Connection
from events.remote.messages import Bulletin, Projected
from events.remote.roles import Role
from service.clock import Clock
from service.composition.basics import Access, Basics
from service.ingest.retry import reread


async def connect(
    stack: AsyncExitStack,
    basics: Basics,
    writer: Path,
    role: Role,
    *,
    on_moved: Callable[[Projected], None] = lambda _: None,
) -> Access:
    """Connect to the writer. `on_moved` is told what the reader has projected."""
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
        on_moved=on_moved,
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
