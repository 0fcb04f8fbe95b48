"""Wait for unannounced conditions: that a sender got an answer, that a queue is empty."""

import asyncio
from collections.abc import Callable, Sized

POLL_S = 0.01
WAIT_S = 60.0


async def until(holds: Callable[[], object]) -> None:
    """Wait until a condition holds; fail if it never does."""
    async with asyncio.timeout(WAIT_S):
        while not holds():  # noqa: ASYNC110 - what is waited for happens in other processes
            await asyncio.sleep(POLL_S)


async def some_more(growing: Sized) -> None:
    """Wait until there is more of something than now."""
    before = len(growing)
    await until(lambda: len(growing) > before)
