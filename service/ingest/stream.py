"""NDJSON in bounded memory: lines become submissions while more lines arrive."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import NamedTuple

from events.database.failures import LedgerUnavailable, QueueFull
from events.outcomes import Outcome
from events.refusals import Refused
from events.signals.context import Context
from events.submission import Item, Submission
from events.submission_queue import SubmissionQueue
from service.bodies.body_memory import BodyMemory
from service.bodies.chunks import held_bytes_max
from service.bodies.lines import Line, LineSplitter
from service.http.problem import Problem
from service.ingest.read_items import receive_line
from service.ingest.tally import Tally
from service.ingest.wait_for_queue import Pauses, enqueue_in_turn, wait_for_memory
from service.keys.rates import Allowance
from service.limits import (
    CHUNK_BUILT_BYTES_MAX,
    CHUNK_ITEMS,
    STREAM_CHUNKS_IN_FLIGHT_MAX,
    STREAM_PAUSE_S,
)
from service.metrics import Metrics


@dataclass(slots=True)
class LineStream:
    """The lines of one request on their way to the ledger. A class, because chunks accumulate."""

    queue: SubmissionQueue
    renew: Callable[[], Awaitable[Context]]
    metrics: Metrics
    allowance: Allowance | None
    memory: BodyMemory
    tally: Tally = field(default_factory=Tally)
    _items: list[Item | Refused] = field(default_factory=list)
    _numbers: list[int] = field(default_factory=list)
    _bytes: int = 0
    _in_flight: deque["_Chunk"] = field(default_factory=deque)

    async def take(self, pieces: AsyncIterator[bytes]) -> Tally:
        """Read to the end. Raises Problem, stating what was recorded, if it cannot continue."""
        splitter, pauses = LineSplitter(), Pauses()
        try:
            context = await self.renew()
            async for piece in self._with_pauses(pieces):
                context = await self.renew()
                await self._take_lines(pauses.between(splitter.feed(piece)), context)
                await pauses.if_due()
            await self._take_lines(pauses.between(splitter.finish()), context)
            await self._send()
            await self._settle_all()
        except LedgerUnavailable as error:
            raise _interrupted(error, self.tally) from error
        except Problem as problem:
            problem.members = {**problem.members, **self.tally.so_far()}
            raise
        return self.tally

    async def _take_lines(self, lines: AsyncIterator[Line], context: Context) -> None:
        async for line in lines:
            size = held_bytes_max(line.text or b"")
            if not self.memory.has(size):
                await self._make_room(size)
            self.memory.build(size)
            self._bytes += size
            self.tally.lines += 1
            self._items.append(receive_line(line.text, context))
            self._numbers.append(line.number)
            if len(self._items) >= CHUNK_ITEMS or self._bytes >= CHUNK_BUILT_BYTES_MAX:
                await self._send()

    async def _make_room(self, size: int) -> None:
        """Record what is already held, and wait until others release memory too."""
        await self._send()
        await self._settle_all()
        await wait_for_memory(self.memory, size)

    async def _with_pauses(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Yield the pieces; during a pause, record what is already there.

        A sender that pauses then holds no memory, and a live one sees its events recorded.
        """
        while True:
            coming = asyncio.ensure_future(anext(pieces, None))
            try:
                if not (await asyncio.wait((coming,), timeout=STREAM_PAUSE_S))[0]:
                    await self._send()
                    await self._settle_all()
                piece = await coming
            finally:
                coming.cancel()
            if piece is None:
                return
            yield piece

    async def _send(self) -> None:
        if not self._items:
            return
        if len(self._in_flight) >= STREAM_CHUNKS_IN_FLIGHT_MAX:
            await self._settle()
        items, numbers, size = tuple(self._items), self._numbers, self._bytes
        self._items, self._numbers, self._bytes = [], [], 0
        if self.allowance is not None:
            await asyncio.sleep(self.allowance.wait_s(monotonic()))
            self.allowance.take(len(items))
        future = await self._enqueue(Submission(items))
        self._in_flight.append(_Chunk(numbers, size, future))

    async def _enqueue(self, submission: Submission) -> asyncio.Future[list[Outcome]]:
        """Wait for a place: a stream is not in a hurry, and must keep its order."""
        try:
            self.queue.admit()
            return self.queue.enqueue(submission)
        except QueueFull:
            await self._settle_all()
        return await enqueue_in_turn(self.queue, submission)

    async def _settle_all(self) -> None:
        while self._in_flight:
            await self._settle()

    async def _settle(self) -> None:
        chunk = self._in_flight.popleft()
        try:
            outcomes = await asyncio.shield(chunk.future)
        finally:
            self.memory.give_back(chunk.size)
        self.tally.count(chunk.numbers, outcomes, self.metrics)


class _Chunk(NamedTuple):
    """Items on their way to the ledger."""

    numbers: list[int]
    size: int
    future: asyncio.Future[list[Outcome]]


def _interrupted(error: LedgerUnavailable, tally: Tally) -> Problem:
    return Problem(
        "queue-full" if isinstance(error, QueueFull) else "ledger-unavailable",
        f"The stream was interrupted: {error}. Send the whole stream again: what is already "
        "recorded is answered as a duplicate, and nothing is recorded twice.",
        **tally.so_far(),
    )
