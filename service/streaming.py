"""NDJSON in bounded memory: lines become submissions while more lines arrive."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from events.context import Context
from events.failures import LedgerUnavailable, QueueFull
from events.outcomes import Outcome
from events.refusals import Refused
from events.submissions import Item, Submission
from service.keys.rates import Allowance
from service.lines import Line, LineSplitter
from service.metrics import Metrics
from service.problems import Problem, of_refusal
from service.receiving import receive_line
from service.services import Door

CHUNK_ITEMS_MAX = 500
CHUNK_BYTES_MAX = 1024 * 1024
"""One submission holds so much of the stream; the ledger gains nothing from more."""
IN_FLIGHT_MAX = 2
"""One being written, one waiting behind it: more would only take memory."""
REFUSALS_SHOWN_MAX = 1_000
QUEUE_WAIT_S = 30.0
"""How long a stream waits for a place in the queue before it gives up."""
QUEUE_PAUSE_S = 0.05


@dataclass(slots=True)
class Tally:
    """What became of the lines so far."""

    lines: int = 0
    recorded: int = 0
    duplicates: int = 0
    refused: int = 0
    refusals: list[dict[str, Any]] = field(default_factory=list)

    def count(self, numbers: list[int], outcomes: list[Outcome], metrics: Metrics) -> None:
        """Take the outcomes of one submission, with the numbers of its lines."""
        recorded, duplicates, refused = metrics.decided(outcomes)
        self.recorded += recorded
        self.duplicates += duplicates
        self.refused += refused
        if not refused:
            return
        for number, outcome in zip(numbers, outcomes, strict=True):
            if isinstance(outcome, Refused) and len(self.refusals) < REFUSALS_SHOWN_MAX:
                self.refusals.append(_refused_line(number, outcome))

    def describe(self) -> dict[str, Any]:
        return {
            "lines": self.lines,
            "recorded": self.recorded,
            "duplicates": self.duplicates,
            "refused": self.refused,
            "refusals": self.refusals,
        }


@dataclass(slots=True)
class Stream:
    """One request's lines on their way into the ledger. A class, because chunks build up in it."""

    door: Door
    renew: Callable[[], Awaitable[Context]]
    metrics: Metrics
    allowance: Allowance | None
    tally: Tally = field(default_factory=Tally)
    _items: list[Item | Refused] = field(default_factory=list)
    _numbers: list[int] = field(default_factory=list)
    _bytes: int = 0
    _in_flight: deque[tuple[list[int], asyncio.Future[list[Outcome]]]] = field(
        default_factory=deque
    )

    async def take(self, pieces: AsyncIterator[bytes]) -> Tally:
        """Read to the end. Raises Problem, with what is known recorded, if it cannot go on."""
        splitter = LineSplitter()
        try:
            context = await self.renew()
            async for piece in pieces:
                context = await self.renew()
                await self._take_lines(splitter.feed(piece), context)
            await self._take_lines(splitter.finish(), context)
            await self._send()
            while self._in_flight:
                await self._settle()
        except LedgerUnavailable as error:
            raise _interrupted(error, self.tally) from error
        except Problem as problem:
            problem.members = {**problem.members, **_so_far(self.tally)}
            raise
        return self.tally

    async def _take_lines(self, lines: list[Line], context: Context) -> None:
        for line in lines:
            self.tally.lines += 1
            self._items.append(receive_line(line.text, context))
            self._numbers.append(line.number)
            self._bytes += len(line.text or b"")
            if len(self._items) >= CHUNK_ITEMS_MAX or self._bytes >= CHUNK_BYTES_MAX:
                await self._send()

    async def _send(self) -> None:
        if not self._items:
            return
        if len(self._in_flight) >= IN_FLIGHT_MAX:
            await self._settle()
        items, numbers = tuple(self._items), self._numbers
        self._items, self._numbers, self._bytes = [], [], 0
        if self.allowance is not None:
            await asyncio.sleep(self.allowance.wait_s(monotonic()))
            self.allowance.take(len(items))
        self._in_flight.append((numbers, await self._enqueue(Submission(items))))

    async def _enqueue(self, submission: Submission) -> asyncio.Future[list[Outcome]]:
        """Wait for a place: a stream is in no hurry, and must not lose its order."""
        give_up_at = monotonic() + QUEUE_WAIT_S
        while True:
            try:
                return self.door.enqueue(submission)
            except QueueFull:
                if monotonic() > give_up_at:
                    raise
            if self._in_flight:
                await self._settle()
            else:
                await asyncio.sleep(QUEUE_PAUSE_S)

    async def _settle(self) -> None:
        numbers, future = self._in_flight.popleft()
        self.tally.count(numbers, await asyncio.shield(future), self.metrics)


def _refused_line(number: int, refused: Refused) -> dict[str, Any]:
    problem = of_refusal(refused.refusal)
    shown: dict[str, Any] = {
        "line": number,
        "reason": refused.refusal.reason,
        "detail": refused.refusal.detail,
        "problem": problem,
    }
    if refused.event_id is not None:
        shown["id"] = refused.event_id
    if refused.refusal.pointer is not None:
        shown["pointer"] = refused.refusal.pointer
    if refused.is_kept:
        shown["refusal"] = refused.refusal_id
    return shown


def _interrupted(error: LedgerUnavailable, tally: Tally) -> Problem:
    return Problem(
        "queue-full" if isinstance(error, QueueFull) else "ledger-unavailable",
        f"The stream was interrupted: {error}. Send the whole again: what is recorded is answered "
        "as duplicate, nothing is doubled.",
        **_so_far(tally),
    )


def _so_far(tally: Tally) -> dict[str, Any]:
    """What is certainly on disk; later lines may be as well."""
    return {
        "recorded": tally.recorded,
        "duplicates": tally.duplicates,
        "refused": tally.refused,
    }
