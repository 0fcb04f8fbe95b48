"""Group commit: whatever is waiting when the last commit ends becomes the next batch."""

import asyncio
from collections import deque
from collections.abc import Callable
from time import perf_counter
from typing import NamedTuple

import structlog

from events.failures import LedgerUnavailable, QueueFull
from events.faults import OnFault, uncounted
from events.ledger import Ledger
from events.outcomes import Outcome
from events.pace import Pace
from events.submissions import Submission

BATCH_ITEMS_MAX = 500
"""Items of one transaction: beyond some hundreds a batch gains nothing and others wait longer."""
WAITING_ITEMS_MAX = 8_000
"""Items that may wait in memory, however fast they are taken."""
SUBMISSION_ITEMS_MAX = WAITING_ITEMS_MAX // 8
"""One request holds at most an eighth, so that no sender fills the queue alone."""

log = structlog.get_logger()


class Append(NamedTuple):
    """One transaction, for those who are told of it."""

    position: int
    items: int
    seconds: float


class _Waiting(NamedTuple):
    submission: Submission
    outcomes: asyncio.Future[list[Outcome]]


class Intake:
    """The queue before the ledger. A class, because it owns the task that appends.

    Submissions are answered in order. A sender that goes away takes nothing with it: what it
    submitted is recorded all the same.
    """

    def __init__(
        self,
        ledger: Ledger,
        on_append: Callable[[Append], None],
        *,
        on_fault: OnFault = uncounted,
    ) -> None:
        self._ledger = ledger
        self._on_append = on_append
        self._on_fault = on_fault
        self._waiting: deque[_Waiting] = deque()
        self._items = 0
        self._items_under_way = 0
        self._pace = Pace()
        self._arrived = asyncio.Event()
        self._is_closing = False
        self._task: asyncio.Task[None] | None = None
        self.turns = asyncio.Lock()
        """Of all long work that this process does beside what is sent to it."""

    @property
    def waiting_items(self) -> int:
        return self._items

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="ledger-intake")

    def admit(self) -> None:
        """Refuse newcomers, before any work is done for them, if they would wait too long.

        Raises QueueFull. What counts is how many stand before, not how many the newcomer brings:
        else single events would always find a place, and batches never.
        """
        before = self._items + self._items_under_way
        if self._pace.is_too_long(before):
            raise QueueFull(f"{before} events are waiting")

    async def submit(self, submission: Submission) -> list[Outcome]:
        """Wait until every item is on disk or refused. Raises LedgerUnavailable or QueueFull."""
        return await asyncio.shield(self.enqueue(submission))

    def enqueue(self, submission: Submission) -> asyncio.Future[list[Outcome]]:
        """Take a place in the queue at once, for senders that keep several in flight, in order.

        Who waits for the future shields it: cancelling it would not take the submission back.
        """
        size = submission.places
        if self._is_closing:
            raise LedgerUnavailable("the service is shutting down")
        if self._items and self._items + size > WAITING_ITEMS_MAX:
            raise QueueFull(f"{self._items} events are waiting")
        waiting = _Waiting(submission, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._items += size
        self._arrived.set()
        return waiting.outcomes

    async def close(self) -> None:
        """Take nothing more, record what is waiting, then stop."""
        self._is_closing = True
        self._arrived.set()
        if self._task is not None:
            await self._task
        await self._ledger.close()

    async def _run(self) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._waiting:
                await self._append(self._next_batch())
            if self._is_closing:
                return

    def _next_batch(self) -> list[_Waiting]:
        batch: list[_Waiting] = []
        size = 0
        while self._waiting and (
            not batch or size + self._waiting[0].submission.size <= BATCH_ITEMS_MAX
        ):
            waiting = self._waiting.popleft()
            size += waiting.submission.size
            self._items -= waiting.submission.places
            batch.append(waiting)
        return batch

    async def _append(self, batch: list[_Waiting]) -> None:
        began = perf_counter()
        items = sum(len(one.submission.items) for one in batch)
        self._items_under_way = sum(one.submission.places for one in batch)
        try:
            appended = await self._ledger.append([one.submission for one in batch])
            for one, outcomes in zip(batch, appended.outcomes, strict=True):
                if not one.outcomes.done():
                    one.outcomes.set_result(outcomes)
            self._on_append(Append(appended.position, items, perf_counter() - began))
        except LedgerUnavailable as error:
            _fail(batch, error)
        except Exception as error:
            # Broken code must not take the queue down with it: those who wait are told, and the
            # next batch is tried on a memory that is read anew.
            self._on_fault("appending")
            log.exception("ledger.append_failed")
            self._ledger.forget()
            _fail(batch, error)
        finally:
            self._items_under_way = 0
            # Leads that were woken cost as much as events: without them a batch that brought many
            # over would tell of a ledger that is all but stuck.
            size = sum(one.submission.size for one in batch)
            self._pace.learn(items=size, seconds=perf_counter() - began)


def _fail(batch: list[_Waiting], error: Exception) -> None:
    for one in batch:
        if not one.outcomes.done():
            one.outcomes.set_exception(error)
            # Marks it as seen, for senders that have gone away.
            one.outcomes.exception()
