"""Open a ledger as the service does, without the service, for tests with several writers."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncEngine

from events.append.ledger import Ledger
from events.append.queue import Append, Queue
from events.database.failures import LedgerUnavailable
from events.outcomes import Outcome, Recorded
from events.refusals import Refusal, Refused
from events.seals import Seals
from events.signals.context import Context
from events.signals.digests import Digests
from events.signals.native import read
from events.signals.sender import Sender
from events.submission import Item, Submission
from projections.engine.runner import Runner
from projections.funnel.projection import stage_intervals
from service.engine import make_engine
from service.ingest.read_items import refuse
from service.keys.scopes import Scope
from tests.safety.traffic import SOURCE, Answer, Away, Batch
from tests.support.http_service import SCHEMA, SEALS, SECRET, settings_for

SENDER = Sender("key-1", (SOURCE,), None, frozenset(str(scope) for scope in Scope))

MakeLedger = Callable[[AsyncEngine, str, Seals], Ledger]
MakeIntake = Callable[[Ledger, Callable[[Append], None]], Queue]


@dataclass(frozen=True, slots=True)
class OpenLedger:
    """A ledger with its queue. A class, because sending a batch needs both."""

    engine: AsyncEngine
    ledger: Ledger
    queue: Queue
    runner: Runner
    digests: Digests

    def submission(self, batch: Batch) -> Submission:
        """Read a batch as the native dialect does."""
        lifecycle = self.ledger.memory.compiled.lifecycle
        context = Context(lifecycle, self.digests, SENDER, datetime.now(UTC))
        return Submission(tuple(_item(event, context) for event in batch.events), batch.is_strict)

    async def send(self, batch: Batch) -> Sequence[Answer]:
        """Accept a batch of a load."""
        submission = self.submission(batch)
        try:
            outcomes = await self.queue.submit(submission)
        except LedgerUnavailable as error:
            raise Away from error
        return [
            answer_for(event["id"], outcome)
            for event, outcome in zip(batch.events, outcomes, strict=True)
        ]


def _item(event: dict[str, Any], context: Context) -> Item | Refused:
    content = orjson.dumps(event)
    signal = read(event, context)
    if isinstance(signal, Refusal):
        return refuse(signal, event, content, context)
    return Item(signal, content, context)


def answer_for(id: str, outcome: Outcome) -> Answer:
    """Turn an outcome into the answer that a sender gets."""
    if isinstance(outcome, Refused):
        kept = outcome.refusal_id if outcome.is_kept else None
        return Answer(id, "refused", reason=outcome.refusal.reason, refusal=kept)
    status = "recorded" if isinstance(outcome, Recorded) else "duplicate"
    return Answer(id, status, outcome.position, outcome.leaf.hex())


@asynccontextmanager
async def open_ledger(
    app_url: URL, *, make_ledger: MakeLedger = Ledger, make_queue: MakeIntake = Queue
) -> AsyncIterator[OpenLedger]:
    """Open a ledger with its queue and its projections, and close it in order.

    `make_ledger` and `make_queue` let a negative twin remove a safety.
    """
    async with AsyncExitStack() as closing:
        engine = make_engine(settings_for(), app_url)
        closing.push_async_callback(engine.dispose)
        ledger = make_ledger(engine, SCHEMA, SEALS)
        await ledger.open()
        runner = Runner(engine, schema=SCHEMA, projections=[stage_intervals(SCHEMA)])
        await runner.prepare()
        await closing.enter_async_context(_running(runner))
        queue = make_queue(ledger, lambda _: runner.wake())
        queue.start()
        closing.push_async_callback(queue.close)
        yield OpenLedger(engine, ledger, queue, runner, Digests(SECRET.encode()))


@asynccontextmanager
async def _running(runner: Runner) -> AsyncIterator[None]:
    projecting = asyncio.create_task(runner.run())
    try:
        yield
    finally:
        # It runs until it is stopped, whatever the database does.
        assert not projecting.done()
        projecting.cancel()
        with suppress(asyncio.CancelledError):
            await projecting
