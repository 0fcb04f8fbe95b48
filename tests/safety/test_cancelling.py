"""Senders that disconnect at any moment: their events are recorded once or not at all."""

import asyncio
import gc
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from events.append.queue import Queue
from events.outcomes import Outcome
from events.submission import Submission
from service.private_postgres import PrivatePostgres
from tests.safety.ledger_check import check_ledger
from tests.safety.open_ledger import MakeIntake, OpenLedger, open_ledger
from tests.safety.traffic import Answer, Batch, Load
from tests.support.http_service import prepare
from tests.support.postgres import connection_to, fresh_database
from tests.support.tier import by_tier

SENDERS = by_tier(push=150, nightly=5_000)
CANCEL_WITHIN_S = 0.008
ANSWERED_WITHIN_S = 20


@asynccontextmanager
async def fresh_ledger(
    server: PrivatePostgres, *, make_queue: MakeIntake = Queue
) -> AsyncIterator[tuple[OpenLedger, Any]]:
    _, app_url = fresh_database(server, prepare=prepare)
    async with open_ledger(app_url, make_queue=make_queue) as ledger:
        yield ledger, app_url


async def send_and_cancel(ledger: OpenLedger) -> tuple[list[Answer], list[Batch], int]:
    """Send from many tasks and cancel every other one; return answers, and how many gave up."""
    draw = random.Random(3)
    load = Load(3, senders=1, batches=SENDERS, numbers=2 * SENDERS)
    batches = list(load.batches_of(0))
    tasks = []
    for number, batch in enumerate(batches):
        task = asyncio.create_task(ledger.send(batch))
        tasks.append(task)
        if number % 2:
            asyncio.get_running_loop().call_later(CANCEL_WITHIN_S * draw.random(), task.cancel)
        await asyncio.sleep(0.002 * draw.random())
    async with asyncio.timeout(ANSWERED_WITHIN_S):
        results = await asyncio.gather(*tasks, return_exceptions=True)
    answers = [answer for one in results if not isinstance(one, BaseException) for answer in one]
    gone = sum(isinstance(result, asyncio.CancelledError) for result in results)
    assert len(results) == gone + sum(isinstance(result, list) for result in results)
    return answers, batches, gone


async def test_cancelled_senders_lose_nothing_and_record_nothing_twice(
    postgres_server: PrivatePostgres,
) -> None:
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, results: complaints.append(results))
    async with fresh_ledger(postgres_server) as (ledger, app_url):
        await asyncio.sleep(0.05)
        before = asyncio.all_tasks()
        answers, batches, gone = await send_and_cancel(ledger)
        assert gone > SENDERS // 10
        # The queue keeps working: a sender that retries gets the outcome.
        again = [answer for batch in batches for answer in await ledger.send(batch)]
        await check_ledger(app_url, [*answers, *again])
        assert ledger.queue.waiting_items == 0
        assert asyncio.all_tasks() == before
    gc.collect()
    assert complaints == []


async def test_events_submitted_before_a_sender_is_cancelled_are_recorded(
    postgres_server: PrivatePostgres,
) -> None:
    async with fresh_ledger(postgres_server) as (ledger, app_url):
        (batch,) = Load(5, senders=1, batches=1, numbers=1_000).batches_of(0)
        async with lock_on_the_head(app_url):
            task = asyncio.create_task(ledger.send(batch))
            await asyncio.sleep(0.05)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        again = await ledger.send(batch)
        assert Counter(answer.status for answer in again)["recorded"] == 0


@asynccontextmanager
async def lock_on_the_head(app_url: Any) -> AsyncIterator[None]:
    """Block every append."""
    async with connection_to(app_url) as connection, connection.transaction():
        await connection.fetchrow("SELECT * FROM ledger.ledger_head FOR UPDATE")
        yield


class BareIntake(Queue):
    """A queue that hands senders the batch's own future, and trusts them to stay."""

    async def submit(self, submission: Submission) -> list[Outcome]:
        return await self.enqueue(submission)

    async def _append(self, batch: Any) -> None:
        appended = await self._ledger.append([one.submission for one in batch])
        for one, outcomes in zip(batch, appended.outcomes, strict=True):
            one.outcomes.set_result(outcomes)


async def test_a_queue_that_trusts_its_senders_to_stay_would_fail_with_the_first_that_leaves(
    postgres_server: PrivatePostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative twin: the other senders wait forever."""
    monkeypatch.setitem(globals(), "ANSWERED_WITHIN_S", 1)
    async with fresh_ledger(postgres_server, make_queue=BareIntake) as (ledger, _):
        with pytest.raises(TimeoutError):
            await send_and_cancel(ledger)
        task, ledger.queue._task = ledger.queue._task, None
        assert task is not None
        with pytest.raises(asyncio.InvalidStateError):
            await task
