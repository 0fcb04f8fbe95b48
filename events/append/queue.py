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
from events.limits import APPEND_ITEMS_MAX, OUTCOME_WAIT_S, STUCK_S, WAITING_ITEMS_MAX
from events.outcomes import Outcome
from events.submission import Submission

log = structlog.get_logger()


class Append(NamedTuple):
    """One transaction, as it is reported to the `on_append` callback."""

    position: int
    items: int
    seconds: float


class _Waiting(NamedTuple):
    submission: Submission
    outcomes: asyncio.Future[list[Outcome]]
    timeout: asyncio.TimerHandle

    def settle(self, outcomes: list[Outcome]) -> None:
        self.timeout.cancel()
        if not self.outcomes.done():
            self.outcomes.set_result(outcomes)

    def fail(self, error: Exception) -> None:
        self.timeout.cancel()
        _fail(self.outcomes, error)


class Queue:
    """The queue before the ledger. A class, because it owns the task that appends.

    Submissions are answered in order. If a sender disconnects, its submission is still recorded.
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
        self._waiting: deque[_Waiting] = deque()
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
        size = submission.places
        if self._is_closing:
            raise LedgerUnavailable("the service is shutting down")
        if self._items and self._items + size > WAITING_ITEMS_MAX:
            raise QueueFull(f"{self._items} events are waiting")
        loop = asyncio.get_running_loop()
        outcomes: asyncio.Future[list[Outcome]] = loop.create_future()
        timeout = loop.call_later(OUTCOME_WAIT_S, _give_up, outcomes)
        waiting = _Waiting(submission, outcomes, timeout)
        self._waiting.append(waiting)
        self._items += size
        self._arrived.set()
        return outcomes

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
            while self._waiting:
                await self._append(self._next_batch())
            if self._is_closing:
                return

    def _next_batch(self) -> list[_Waiting]:
        batch: list[_Waiting] = []
        size = 0
        while self._waiting and (
            not batch or size + self._waiting[0].submission.size <= APPEND_ITEMS_MAX
        ):
            waiting = self._waiting.popleft()
            size += waiting.submission.size
            self._items -= waiting.submission.places
            batch.append(waiting)
        return batch

    async def _append(self, batch: list[_Waiting]) -> None:
        began = perf_counter()
        items = sum(len(waiting.submission.items) for waiting in batch)
        self._items_under_way = sum(waiting.submission.places for waiting in batch)
        try:
            appended = await self._ledger.append([waiting.submission for waiting in batch])
            for waiting, outcomes in zip(batch, appended.outcomes, strict=True):
                waiting.settle(outcomes)
            self._on_append(Append(appended.position, items, perf_counter() - began))
        except LedgerUnavailable as error:
            for waiting in batch:
                waiting.fail(error)
        except Exception as error:
            # A bug must not take down the queue: the waiting senders get the error, and the next
            # batch is tried with a freshly loaded memory.
            self._on_fault("appending")
            log.exception("ledger.append_failed")
            self._ledger.forget()
            for waiting in batch:
                waiting.fail(error)
        finally:
            self._items_under_way = 0
            # Woken leads cost as much as events: without them, a batch that brings many leads up
            # to date would make the ledger look almost stuck.
            size = sum(waiting.submission.size for waiting in batch)
            self._admission.learn(items=size, seconds=perf_counter() - began)


def _give_up(outcomes: asyncio.Future[list[Outcome]]) -> None:
    _fail(outcomes, LedgerUnavailable(f"the database has not answered for {OUTCOME_WAIT_S:.0f} s"))


def _fail(outcomes: asyncio.Future[list[Outcome]], error: Exception) -> None:
    if not outcomes.done():
        outcomes.set_exception(error)
        # Marks the exception as retrieved, for senders that have disconnected.
        outcomes.exception()
