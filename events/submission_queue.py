"""Where everything but the writer submits, and a submission that waits there."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from events.database.failures import LedgerUnavailable, QueueFull
from events.limits import OUTCOME_WAIT_S, WAITING_ITEMS_MAX
from events.outcomes import Outcome
from events.submission import Submission


class SubmissionQueue(Protocol):
    """The queue, in the writer's process; elsewhere a connection to it."""

    @property
    def turns(self) -> asyncio.Lock:
        """Held by each piece of long work that this process does in addition to submissions."""
        ...

    def admit(self) -> None:
        """Refuse newcomers, before any work is done for them, if they would wait too long.

        Raises QueueFull or LedgerUnavailable.
        """
        ...

    async def submit(self, submission: Submission) -> list[Outcome]:
        """Wait until every item is on disk or refused. Raises LedgerUnavailable or QueueFull."""
        ...

    def enqueue(self, submission: Submission) -> asyncio.Future[list[Outcome]]:
        """Enqueue immediately, for senders that keep several submissions in flight, in order.

        Callers must shield the future: cancelling it does not withdraw the submission.
        """
        ...


class Waiting:
    """A submission without outcomes. A class, because it gets them once, or an error in time."""

    def __init__(
        self,
        submission: Submission,
        *,
        behind: int,
        waits_for: str,
        on_late: Callable[[], object] = lambda: None,
    ) -> None:
        """Accept a submission behind this many items; it is always accepted if there are none.

        The future of its outcomes fails after OUTCOME_WAIT_S, and `on_late` is called.

        Raises QueueFull.
        """
        if behind and behind + submission.places > WAITING_ITEMS_MAX:
            raise QueueFull(f"{behind} events are waiting")
        loop = asyncio.get_running_loop()
        self.submission = submission
        self.outcomes: asyncio.Future[list[Outcome]] = loop.create_future()
        self._waits_for = waits_for
        self._on_late = on_late
        self._timeout = loop.call_later(OUTCOME_WAIT_S, self._give_up)

    def answer(self, found: list[Outcome] | Exception) -> None:
        """Answer with the outcomes, or the error. Only the first answer counts."""
        self._timeout.cancel()
        if self.outcomes.done():
            return
        if isinstance(found, Exception):
            self.outcomes.set_exception(found)
            # Marks the exception as retrieved, for senders that have disconnected.
            self.outcomes.exception()
        else:
            self.outcomes.set_result(found)

    def _give_up(self) -> None:
        waited = f"{self._waits_for} has not answered for {OUTCOME_WAIT_S:.0f} s"
        self.answer(LedgerUnavailable(waited))
        self._on_late()
