"""The entrance of the ledger, as everything but the writer sees it."""

import asyncio
from typing import Protocol

from events.outcomes import Outcome
from events.submission import Submission


class Door(Protocol):
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
