"""A submission on its way to the ledger, and the future of its outcomes."""

import asyncio
from collections.abc import Callable

from events.database.failures import LedgerUnavailable, QueueFull
from events.limits import OUTCOME_WAIT_S, WAITING_ITEMS_MAX
from events.outcomes import Outcome
from events.submission import Submission


class Pending:
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

    def settle(self, answer: list[Outcome] | Exception) -> None:
        """Give the outcomes, or the error. Only the first counts."""
        self._timeout.cancel()
        if self.outcomes.done():
            return
        if isinstance(answer, Exception):
            self.outcomes.set_exception(answer)
            # Marks the exception as retrieved, for senders that have disconnected.
            self.outcomes.exception()
        else:
            self.outcomes.set_result(answer)

    def _give_up(self) -> None:
        waited = f"{self._waits_for} has not answered for {OUTCOME_WAIT_S:.0f} s"
        self.settle(LedgerUnavailable(waited))
        self._on_late()
