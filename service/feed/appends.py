"""Notify waiting readers in this process that it has appended."""

import asyncio
from contextlib import suppress


class Appends:
    """The last ledger position this process has seen. A class, because readers wait on it."""

    def __init__(self) -> None:
        self.position = 0
        self._moved = asyncio.Event()
        self.closing = asyncio.Event()
        """Set when the service is about to stop: long polls answer at once."""

    def announce(self, position: int) -> None:
        """Wake all waiting readers."""
        self.position = position
        self._moved.set()
        self._moved = asyncio.Event()

    async def wait(self, timeout_s: float) -> None:
        """Wait for the next append of this process, for at most `timeout_s`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._moved.wait()
