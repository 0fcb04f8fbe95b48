"""Serve a ledger from the node that holds it, also after it has been moved to another."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
from sqlalchemy import URL

from service.engine import make_engine
from service.ledgers.node import url_at_node
from service.limits import NODE_END_WAIT_S, NODE_EVERY_S
from service.settings import Settings

log = structlog.get_logger()


async def find_node(settings: Settings, url: URL) -> URL | None:
    """Return the URL of the node that holds the ledger; None if the database is not a cluster."""
    engine = make_engine(settings, url, connections=1)
    try:
        return await url_at_node(engine, settings.schema_name)
    finally:
        await engine.dispose()


@contextmanager
def following(
    settings: Settings, url: URL, *, at: URL | None, on_move: Callable[[URL], None]
) -> Iterator[None]:
    """Look now and then whether the ledger has moved; in a thread, because a look takes time.

    A statement sent to the former node still arrives, with a round trip for each. So a move is no
    emergency, and a look that fails is repeated.
    """
    if at is None:
        yield
        return
    is_over = threading.Event()

    def look() -> None:
        current = at
        while not is_over.wait(NODE_EVERY_S):
            try:
                found = asyncio.run(find_node(settings, url))
            except Exception as error:  # noqa: BLE001 - whatever it is, the next look may succeed
                log.warning("node.not_found", error=type(error).__name__)
                continue
            if found is not None and found != current:
                log.info("ledger.moved", host=found.host, port=found.port)
                current = found
                on_move(found)

    looking = threading.Thread(target=look, name="node-watch")
    looking.start()
    try:
        yield
    finally:
        is_over.set()
        looking.join(NODE_END_WAIT_S)
