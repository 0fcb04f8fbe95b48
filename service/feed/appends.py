"""Tell those who wait inside this process that it has appended."""

import asyncio
from contextlib import suppress


class Appends:
    """Where this process last saw the ledger end. A class, because others wait on it."""

    def __init__(self) -> None:
        self.position = 0
        self._moved = asyncio.Event()

    def tell(self, position: int) -> None:
        """Wake everybody who waits."""
        self.position = position
        self._moved.set()
        self._moved = asyncio.Event()

    async def wait(self, timeout_s: float) -> None:
        """Wait for the next append of this process, at most so long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._moved.wait()
