"""Group commit: whatever is waiting when the last commit ends becomes the next batch."""

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
    """One transaction, for those who are told of it."""

    position: int
    items: int
    seconds: float


class _Waiting(NamedTuple):
    submission: Submission
    outcomes: asyncio.Future[list[Outcome]]
    patience: asyncio.TimerHandle

    def settle(self, outcomes: list[Outcome]) -> None:
        self.patience.cancel()
        if not self.outcomes.done():
            self.outcomes.set_result(outcomes)

    def fail(self, error: Exception) -> None:
        self.patience.cancel()
        _fail(self.outcomes, error)


class Queue:
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
        self._pace = Admission()
        self._arrived = asyncio.Event()
        self._is_closing = False
        self._task: asyncio.Task[None] | None = None
        self.turns = asyncio.Lock()
        """Of all long work that this process does beside what is sent to it."""

    @property
    def waiting_items(self) -> int:
        return self._items

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="ledger-queue")

    def admit(self) -> None:
        """Refuse newcomers, before any work is done for them, if they would wait too long.

        Raises QueueFull, or LedgerUnavailable where nothing moves. What counts is how many stand
        before, not how many the newcomer brings: else single events would always find a place, and
        batches never.
        """
        stuck_s = self._ledger.condition.under_way_s
        if stuck_s > STUCK_S:
            raise LedgerUnavailable(f"the database has taken nothing for {stuck_s:.0f} s")
        before = self._items + self._items_under_way
        if self._pace.is_too_long(before):
            raise QueueFull(f"{before} events are waiting")

    async def submit(self, submission: Submission) -> list[Outcome]:
        """Wait until every item is on disk or refused. Raises LedgerUnavailable or QueueFull."""
        return await asyncio.shield(self.enqueue(submission))

    def enqueue(self, submission: Submission) -> asyncio.Future[list[Outcome]]:
        """Take a place in the queue at once, for senders that keep several in flight, in order.

        The future fails after OUTCOME_WAIT_S; what becomes of the submission is then unknown. Who
        waits for it shields it: cancelling it would not take the submission back.
        """
        size = submission.places
        if self._is_closing:
            raise LedgerUnavailable("the service is shutting down")
        if self._items and self._items + size > WAITING_ITEMS_MAX:
            raise QueueFull(f"{self._items} events are waiting")
        loop = asyncio.get_running_loop()
        outcomes: asyncio.Future[list[Outcome]] = loop.create_future()
        patience = loop.call_later(OUTCOME_WAIT_S, _give_up, outcomes)
        waiting = _Waiting(submission, outcomes, patience)
        self._waiting.append(waiting)
        self._items += size
        self._arrived.set()
        return outcomes

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
            not batch or size + self._waiting[0].submission.size <= APPEND_ITEMS_MAX
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
                one.settle(outcomes)
            self._on_append(Append(appended.position, items, perf_counter() - began))
        except LedgerUnavailable as error:
            for one in batch:
                one.fail(error)
        except Exception as error:
            # Broken code must not take the queue down with it: those who wait are told, and the
            # next batch is tried on a memory that is read anew.
            self._on_fault("appending")
            log.exception("ledger.append_failed")
            self._ledger.forget()
            for one in batch:
                one.fail(error)
        finally:
            self._items_under_way = 0
            # Leads that were woken cost as much as events: without them a batch that brought many
            # over would tell of a ledger that is all but stuck.
            size = sum(one.submission.size for one in batch)
            self._pace.learn(items=size, seconds=perf_counter() - began)


def _give_up(outcomes: asyncio.Future[list[Outcome]]) -> None:
    _fail(outcomes, LedgerUnavailable(f"the database has not answered for {OUTCOME_WAIT_S:.0f} s"))


def _fail(outcomes: asyncio.Future[list[Outcome]], error: Exception) -> None:
    if not outcomes.done():
        outcomes.set_exception(error)
        # Marks it as seen, for senders that have gone away.
        outcomes.exception()
