"""Work on large bodies shares the event loop with other requests."""

import asyncio
from collections import Counter

import pytest

from service.ingest.wait_for_queue import Pauses

WORKERS = 10
PARTS = 5


async def test_of_many_large_bodies_one_is_worked_on_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("service.ingest.wait_for_queue.WORK_S", 0.0)
    worked: Counter[int] = Counter()
    turn = 0

    async def work() -> None:
        pauses = Pauses()
        for _ in range(PARTS):
            await pauses.if_due()
            worked[turn] += 1

    workers = [asyncio.create_task(work()) for _ in range(WORKERS)]
    while not all(worker.done() for worker in workers):
        turn += 1
        await asyncio.sleep(0)
    assert worked.total() == WORKERS * PARTS
    assert max(worked.values()) == 1
