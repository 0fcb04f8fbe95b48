"""Group commit: everything that is waiting when a commit ends becomes the next batch."""

import asyncio
from collections import deque
from collections.abc import Callable
from time import perf_counter
from typing import NamedTuple

import structlog

from events.append.admission import Admission
from events.append.ledger import Ledger
from events.database.failures import LedgerUnavailable, QueueFull
from events.faults import OnFault, uncounted
from events.limits import PASSED_OVER_MAX, STUCK_S
from events.outcomes import Outcome
from events.submission import Submission
from events.submission_queue import Waiting

log = structlog.get_logger()


class Append(NamedTuple):
    """One transaction, as it is reported to the `on_append` callback."""

    position: int
    items: int
    seconds: float


class Queue:
    """The queue before the ledger. A class, because it owns the task that appends.

    Submissions of senders are answered in order. They come before the service's own work, unless
    it was passed over several times in a row. If a sender disconnects, its submission is recorded.
    """

    def __init__(
        self,
        ledger: Ledger,
        on_append: Callable[[Append], None],
        *,
        admission: Admission | None = None,
        on_fault: OnFault = uncounted,
    ) -> None:
        self._ledger = ledger
        self._on_append = on_append
        self._on_fault = on_fault
        self._waiting: deque[Waiting] = deque()
        self._own: deque[Waiting] = deque()
        """The service's own work, which takes the places that senders leave."""
        self._passed_over = 0
        """Batches in a row that had no place for it."""
        self._items = 0
        self._items_under_way = 0
        self._admission = admission or Admission()
        self._arrived = asyncio.Event()
        self._is_closing = False
        self._task: asyncio.Task[None] | None = None
        self.turns = asyncio.Lock()
        """Held by each piece of long work that this process does in addition to submissions."""

    @property
    def waiting_items(self) -> int:
        return self._items

    @property
    def held_items(self) -> int:
        """Items that are waiting, and those of the batch under way."""
        return self._items + self._items_under_way

    @property
    def held_items_max(self) -> float:
        """How many of these there may be when another submission comes."""
        return self._admission.items_max

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="ledger-queue")

    def admit(self) -> None:
        """Refuse newcomers if they would wait too long.

        Raises QueueFull, or LedgerUnavailable if the append under way is stuck. Only the items
        already waiting count, not those of the newcomer: otherwise single events would always be
        admitted, and batches never.
        """
        stuck_s = self._ledger.condition.under_way_s
        if stuck_s > STUCK_S:
            raise LedgerUnavailable(f"the database has taken nothing for {stuck_s:.0f} s")
        if self.held_items > self.held_items_max:
            raise QueueFull(f"{self.held_items} events are waiting")

    async def submit(self, submission: Submission) -> list[Outcome]:
        """Wait until every item is on disk or refused. Raises LedgerUnavailable or QueueFull."""
        return await asyncio.shield(self.enqueue(submission))

    def enqueue(self, submission: Submission) -> asyncio.Future[list[Outcome]]:
        """Enqueue immediately, for senders that keep several submissions in flight, in order.

        The future fails after OUTCOME_WAIT_S; the outcome of the submission is then unknown.
        Callers must shield the future: cancelling it does not withdraw the submission.
        """
        if self._is_closing:
            raise LedgerUnavailable("the service is shutting down")
        waiting = Waiting(submission, behind=self._items, waits_for="the database")
        (self._waiting if submission.places else self._own).append(waiting)
        self._items += submission.places
        self._arrived.set()
        return waiting.outcomes

    async def close(self) -> None:
        """Accept nothing more, record what is waiting, then stop."""
        self._is_closing = True
        self._arrived.set()
        if self._task is not None:
            await self._task
        await self._ledger.close()

    async def _run(self) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._waiting or self._own:
                await self._append(self._next_batch())
            if self._is_closing:
                return

    def _next_batch(self) -> list[Waiting]:
        """Take what is waiting, senders first, unless own work has been passed over for long."""
        batch: list[Waiting] = []
        most = self._admission.append_items_max
        has_waited = self._passed_over >= PASSED_OVER_MAX
        size = 0
        for line in (self._own, self._waiting) if has_waited else (self._waiting, self._own):
            while line and (not batch or size + line[0].submission.size <= most):
                pending = line.popleft()
                size += pending.submission.size
                self._items -= pending.submission.places
                batch.append(pending)
        self._passed_over = self._passed_over + 1 if self._own and not has_waited else 0
        return batch

    async def _append(self, batch: list[Waiting]) -> None:
        began = perf_counter()
        items = sum(len(waiting.submission.items) for waiting in batch)
        self._items_under_way = sum(waiting.submission.places for waiting in batch)
        try:
            appended = await self._ledger.append([waiting.submission for waiting in batch])
            for waiting, outcomes in zip(batch, appended.outcomes, strict=True):
                waiting.answer(outcomes)
            self._on_append(Append(appended.position, items, perf_counter() - began))
        except LedgerUnavailable as error:
            for waiting in batch:
                waiting.answer(error)
        except Exception as error:
            # A bug must not take down the queue: the waiting senders get the error, and the next
            # batch is tried with a freshly loaded memory.
            self._on_fault("appending")
            log.exception("ledger.append_failed")
            self._ledger.forget()
            for waiting in batch:
                waiting.answer(error)
        finally:
            self._items_under_way = 0
            # Woken leads cost as much as events: without them, a batch that brings many leads up
            # to date would make the ledger look almost stuck.
            size = sum(waiting.submission.size for waiting in batch)
            self._admission.learn(items=size, seconds=perf_counter() - began)
