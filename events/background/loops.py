"""Background loops: they run until cancelled, even if a step fails."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, NoReturn

import structlog

from events.database.failures import AWAY
from events.faults import OnFault

log = structlog.get_logger()


async def cancelled(task: asyncio.Task[Any] | None) -> None:
    """Cancel a task, if there is one, and wait until it has ended. Raises what it ended with."""
    if task is not None:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def endlessly(
    name: str,
    step: Callable[[], Awaitable[object]],
    *,
    pause_s: float,
    on_fault: OnFault,
    away: tuple[type[Exception], ...] = AWAY,
    **fields: Any,
) -> NoReturn:
    """Repeat a step until cancelled. The step itself decides how long to rest.

    If a loop ended, its work would stop silently. If the database is unavailable, the loop waits.
    Any other error is logged with its place and counted under the loop's name, and the step is
    repeated.
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
