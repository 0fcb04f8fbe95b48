"""Decide leads with long histories again, on a snapshot of the ledger and in a thread.

The result is valid as long as no state that was read has changed. A lead that changes all the time
is decided in the batch after a few tries.

    preparing = Preparing(queue, engine, "ledger")
    await preparing.submit(Submission((), woken=leads))    long ones follow when they are prepared
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from events.append.loader import LedgerReader
from events.background.loops import cancelled
from events.background.strides import stride
from events.batch.draft import Draft
from events.batch.entries import Prepared
from events.batch.memory import Memory
from events.database.failures import AWAY
from events.database.sessions import Driver, borrowed, transaction
from events.database.statements import load
from events.faults import OnFault, uncounted
from events.limits import PREPARATIONS_MAX, RECOLLECTIONS_MAX, SETTLED_AT_ONCE_EVENTS_MAX
from events.outcomes import Outcome
from events.revision.past import HistoryTooLong, NotRecalled, Recollection
from events.revision.prepared import prepare
from events.submission import Submission
from events.submission_queue import SubmissionQueue

log = structlog.get_logger()


class Preparing:
    """The queue, for leads to be woken. A class, because it prepares leads while others are woken.

    This runs where the writer does: what is prepared never leaves its process.
    """

    def __init__(
        self,
        queue: SubmissionQueue,
        engine: AsyncEngine,
        schema: str,
        *,
        on_fault: OnFault = uncounted,
    ) -> None:
        self.turns = queue.turns
        self.admit = queue.admit
        self.enqueue = queue.enqueue
        self._queue = queue
        self._engine = engine
        self._sql = load("events.append", "ledger.sql", schema)
        self._reader = LedgerReader(self._sql)
        self._on_fault = on_fault
        self._tries: Counter[str] = Counter()
        self._waiting: dict[str, None] = {}
        """Leads to be prepared, in the order in which they were found."""
        self._task: asyncio.Task[None] | None = None

    async def submit(self, submission: Submission) -> list[Outcome]:
        """Submit, except for leads that must be prepared: those are submitted once they are."""
        found = await self._pending(submission.woken)
        self._waiting |= dict.fromkeys(found)
        if self._waiting and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._work(), name="preparer")
        woken = tuple(lead_id for lead_id in submission.woken if lead_id not in self._waiting)
        if submission.woken and not woken and not submission.items:
            return []
        return await self._queue.submit(submission._replace(woken=woken))

    async def finish(self) -> None:
        """Wait until no lead is being prepared."""
        if self._task is not None:
            await asyncio.shield(self._task)

    async def close(self) -> None:
        """Give up what is being prepared: the leads stay due."""
        await cancelled(self._task)

    async def _work(self) -> None:
        while self._waiting:
            lead_id = next(iter(self._waiting))
            try:
                prepared = await self._prepared(lead_id)
                async with stride(self.turns):
                    await self._queue.submit(
                        Submission((), woken=(lead_id,), prepared=prepared, is_own=True)
                    )
            except AWAY as error:
                log.warning("preparer.waits", error=type(error).__name__)
            except Exception:
                self._on_fault("preparer")
                log.exception("preparer.failed")
            # Whatever has happened, a lead that is still due is found again.
            del self._waiting[lead_id]

    async def _pending(self, lead_ids: Sequence[str]) -> list[str]:
        """Return which of some leads with long histories wait to be decided again."""
        if not lead_ids:
            return []
        async with self._engine.connect() as connection:
            values = {"lead_ids": list(lead_ids), "events": SETTLED_AT_ONCE_EVENTS_MAX}
            found = list(await connection.scalars(self._sql["find_pending"].text, values))
        for lead_id in set(lead_ids) - set(found):
            del self._tries[lead_id]
        return found

    async def _prepared(self, lead_id: str) -> Mapping[str, Prepared]:
        """Decide a lead again; nothing if it is not pending, or cannot be decided ahead."""
        try:
            prepared = await self._prepare(lead_id)
        except HistoryTooLong:
            return {}  # the batch reports it
        if prepared is None:
            return {}
        self._tries[lead_id] += 1
        is_last = self._tries[lead_id] >= PREPARATIONS_MAX
        if is_last:
            del self._tries[lead_id]
        return {lead_id: prepared._replace(is_last_try=is_last)}

    async def _prepare(self, lead_id: str) -> Prepared | None:
        submissions = [Submission((), woken=(lead_id,))]
        async with (
            borrowed(self._engine) as driver,
            transaction(driver, isolation="repeatable_read", readonly=True),
        ):
            memory, recollection = Memory(), Recollection()
            head = await self._reader.begin(driver, memory)
            await self._reader.recall(driver, memory, submissions)
            for _ in range(RECOLLECTIONS_MAX):
                draft = Draft(memory, head.recorded_at)
                try:
                    return await asyncio.to_thread(prepare, lead_id, draft, recollection)
                except NotRecalled as needed:
                    await self._recollect(driver, memory, submissions, recollection, needed)
        raise AssertionError("what is missing of the past never comes")

    async def _recollect(
        self,
        driver: Driver,
        memory: Memory,
        submissions: Sequence[Submission],
        recollection: Recollection,
        needed: NotRecalled,
    ) -> None:
        is_current = await self._reader.recollect(driver, memory, submissions, recollection, needed)
        assert is_current, "the head moved in a snapshot"
