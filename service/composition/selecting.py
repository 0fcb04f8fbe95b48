"""Selections, which the reader runs on their days, and a front when someone asks."""

from contextlib import AsyncExitStack

from events.selections.running import Selector
from service.composition.basics import Access, Basics


def make_selector(stack: AsyncExitStack, basics: Basics, access: Access) -> Selector:
    selector = Selector(
        basics.engine,
        basics.schema,
        queue=access.queue,
        lifecycles=access.lifecycles,
        now=access.clock.now,
        digests=basics.digests,
        on_fault=basics.metrics.fault,
    )
    stack.push_async_callback(selector.close)
    return selector
