"""The newest part of the log, read once for all readers that follow it live.

If a hundred readers each asked the database after every append, that would cost more than the
append. So while anyone follows, one task reads new events and keeps the newest of them, within
bounds; readers take them from there. A reader that is too slow for that reads the log itself again:
no reader waits for another, and memory use stays flat.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import islice

from events.background.loops import cancelled, endlessly
from events.faults import OnFault, uncounted
from projections.engine.transactions import UNAVAILABLE
from service.feed.appends import Appends
from service.feed.log import Log, LogEntry, LogFilter, LogPage, TailEvent
from service.limits import (
    TAIL_CHARACTERS_MAX,
    TAIL_EVENTS_MAX,
    TAIL_GATHER_S,
    TAIL_LOOK_S,
    TAIL_PAGE_EVENTS,
    TAIL_READERS_MAX,
    TAIL_RETRY_S,
)


class TailFull(Exception):
    """The limit of streams in this process is reached. Try again later, or use another process."""


class Tail:
    """New events of the log. A class, because readers share it and wait on it."""

    def __init__(
        self,
        source: Log,
        appends: Appends,
        *,
        readers_max: int = TAIL_READERS_MAX,
        kept_events_max: int = TAIL_EVENTS_MAX,
        on_fault: OnFault = uncounted,
    ) -> None:
        self._source = source
        self._appends = appends
        self._readers_max = readers_max
        self._kept_events_max = kept_events_max
        self._on_fault = on_fault
        self._readers = 0
        self._task: asyncio.Task[None] | None = None
        self._kept: deque[TailEvent] = deque()
        self._characters = 0
        self._end: int | None = None
        """Position of the newest event seen; None before the first reading."""
        self._moved = asyncio.Event()

    @property
    def is_full(self) -> bool:
        """Whether the limit of readers is reached."""
        return self._readers >= self._readers_max

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[None]:
        """Follow the log for as long as the context lasts.

        Raises:
            TailFull: the limit of readers is reached.
        """
        if self.is_full:
            raise TailFull(f"{self._readers} streams are open here, which is the limit")
        self._readers += 1
        try:
            if self._task is None:
                self._task = asyncio.create_task(self._follow(), name="tail")
            yield
        finally:
            self._readers -= 1
            if not self._readers:
                await self._stop()

    def after(self, position: int, *, limit: int, wanted: LogFilter) -> LogPage | None:
        """Return what follows a position; None if it is not in memory and must be read."""
        if self._end is None or position > self._end:
            return None
        skipped = position - (self._end - len(self._kept))
        if skipped < 0:
            return None
        stretch = list(islice(self._kept, skipped, skipped + limit))
        reached = stretch[-1].position if stretch else position
        events = tuple(
            LogEntry(event.position, event.record) for event in stretch if event.suits(wanted)
        )
        return LogPage(events, reached, self._end)

    async def wait(self, position: int, timeout_s: float) -> None:
        """Wait until the log passes a position, for at most `timeout_s`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while self._end is None or self._end <= position:
                    await self._moved.wait()

    async def _follow(self) -> None:
        await endlessly(
            "tail", self._step, pause_s=TAIL_RETRY_S, on_fault=self._on_fault, away=UNAVAILABLE
        )

    async def _step(self) -> None:
        if await self._look():
            await asyncio.sleep(TAIL_GATHER_S)
        else:
            await self._appends.wait(TAIL_LOOK_S)

    async def _look(self) -> bool:
        """Read new events; return whether there were any."""
        if self._end is None:
            self._end = await self._source.head()
            return False
        head, events = await self._source.tail(after=self._end, limit=TAIL_PAGE_EVENTS)
        if head < self._end:
            # An older copy of the log has been restored.
            self._forget_all()
        if not events:
            return False
        self._kept.extend(events)
        self._characters += sum(len(event.record) for event in events)
        self._end = events[-1].position
        self._forget()
        # Readers that are waiting now hold the old event; later ones get the new one.
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()
        return True

    def _forget(self) -> None:
        while len(self._kept) > self._kept_events_max or self._characters > TAIL_CHARACTERS_MAX:
            self._characters -= len(self._kept.popleft().record)

    def _forget_all(self) -> None:
        self._kept.clear()
        self._characters, self._end = 0, None

    async def _stop(self) -> None:
        """Stop when the last reader has gone: what is kept would soon be out of date."""
        task, self._task = self._task, None
        assert task is not None
        self._forget_all()
        await cancelled(task)
