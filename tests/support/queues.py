"""Queues in place of the service's own, for what a test cannot wait for."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from events.database.failures import QueueFull
from events.outcomes import Outcome
from events.submission import Submission
from events.submission_queue import SubmissionQueue
from service.ingest.reporting import Reporting
from tests.support.http_service import Service, reporting_with


class FullQueue:
    """A queue that admits nothing while it is full, as when the ledger is slow."""

    def __init__(self, queue: SubmissionQueue, is_full: Callable[[], bool] = lambda: True) -> None:
        self._queue = queue
        self.turns = queue.turns
        self._is_full = is_full

    def admit(self) -> None:
        if self._is_full():
            raise QueueFull("too many events are waiting")
        self._queue.admit()

    async def submit(self, submission: Submission) -> list[Outcome]:
        return await self._queue.submit(submission)

    def enqueue(self, submission: Submission) -> asyncio.Future[list[Outcome]]:
        return self._queue.enqueue(submission)


@contextmanager
def full(service: Service) -> Iterator[None]:
    """Serve with a queue that admits nothing; then those that wait for a place get one."""
    is_full = True
    with reporting_with(service, queue=FullQueue(service.part(Reporting).queue, lambda: is_full)):
        try:
            yield
        finally:
            is_full = False
