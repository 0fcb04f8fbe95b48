"""Wait for a place in the queue, and yield to other requests.

Waiting is for requests that are not in a hurry, or that have begun and should not have to start
again. Pausing is for work on large bodies. Such work runs on the event loop, where all others wait
for it. In a thread it would hold the interpreter for any length of time, alongside any number of
its kind. Paused work resumes one at a time: all others wait for one slice of work at most, however
many large bodies are being read.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from time import monotonic, perf_counter
from typing import TypeVar
from weakref import WeakKeyDictionary

from events.database.failures import QueueFull
from events.outcomes import Outcome
from events.strict_json import Finding
from events.submission import Submission
from events.submission_queue import SubmissionQueue
from service.bodies.body_memory import BodyMemory
from service.limits import QUEUE_PAUSE_S, TURN_WAIT_S, WORK_S

_going_on: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()
"""Held for a turn of the loop by the work that resumes next, in the order of pausing."""

Gained = TypeVar("Gained")
Found = TypeVar("Found")
Part = TypeVar("Part")


async def enqueue_in_turn(
    queue: SubmissionQueue, submission: Submission
) -> asyncio.Future[list[Outcome]]:
    """Wait until the queue takes a submission. Raises QueueFull if that takes too long."""

    def enqueue() -> asyncio.Future[list[Outcome]]:
        queue.admit()
        return queue.enqueue(submission)

    return await _in_turn(enqueue)


async def wait_for_memory(memory: BodyMemory, size: int) -> None:
    """Wait until `size` more bytes may be held. Raises QueueFull if that takes too long."""

    def look() -> None:
        if not memory.has(size):
            raise QueueFull("too many large bodies are being read")

    await _in_turn(look)


class Pauses:
    """Pauses in long work. A class, because it remembers when others last had a turn."""

    __slots__ = ("_since",)

    def __init__(self) -> None:
        self._since = perf_counter()

    async def between(self, parts: Iterable[Part]) -> AsyncIterator[Part]:
        """Yield the parts of some work, with pauses when they are due."""
        for part in parts:
            yield part
            await self.if_due()

    async def if_due(self) -> None:
        """Yield to other requests if this has taken long enough."""
        if perf_counter() - self._since > WORK_S:
            async with _going_on.setdefault(asyncio.get_running_loop(), asyncio.Lock()):
                await asyncio.sleep(0)
            self._since = perf_counter()


async def in_pieces(work: Finding[Found]) -> Found:
    """Do work that pauses, so that other requests run in between."""
    pauses = Pauses()
    while True:
        try:
            next(work)
        except StopIteration as end:
            found: Found = end.value
            return found
        await pauses.if_due()


async def _in_turn(attempt: Callable[[], Gained]) -> Gained:
    give_up_at = monotonic() + TURN_WAIT_S
    while True:
        try:
            return attempt()
        except QueueFull:
            if monotonic() > give_up_at:
                raise
        await asyncio.sleep(QUEUE_PAUSE_S)
