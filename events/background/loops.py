"""Loops nobody waits for: they go on until cancelled, whatever one of their steps meets."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, NoReturn

import structlog

from events.database.failures import AWAY
from events.faults import OnFault

log = structlog.get_logger()


async def endlessly(
    name: str,
    step: Callable[[], Awaitable[object]],
    *,
    pause_s: float,
    on_fault: OnFault,
    away: tuple[type[Exception], ...] = AWAY,
    **fields: Any,
) -> NoReturn:
    """Repeat a step, which rests as long as it sees fit, until cancelled.

    If such a loop ended, what it does would stop in silence. A database that is away is waited out.
    Any other error is logged with its place, counted under the loop's name, and the step repeated.
    """
    while True:
        try:
            await step()
        except away as error:
            log.warning("loop.waits", loop=name, error=type(error).__name__, **fields)
            await asyncio.sleep(pause_s)
        except Exception:
            on_fault(name)
            log.exception("loop.failed", loop=name, **fields)
            await asyncio.sleep(pause_s)
