"""Decide leads with long histories again, on a snapshot of the ledger and in a thread.

The result is valid as long as no state that was read has changed. A lead that changes all the time
is decided in the batch after a few tries.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncEngine

from events.append.loader import LedgerReader
from events.batch.draft import Draft
from events.batch.entries import Prepared
from events.batch.memory import Memory
from events.database.sessions import Driver, borrowed, transaction
from events.database.statements import Statement
from events.limits import PREPARATIONS_MAX, RECOLLECTIONS_MAX, SETTLED_AT_ONCE_EVENTS_MAX
from events.revision.past import HistoryTooLong, NotRecalled, Recollection
from events.revision.prepared import prepare
from events.submission import Submission


class Preparer:
    """A class, because it counts the tries of each lead."""

    def __init__(self, engine: AsyncEngine, sql: Mapping[str, Statement]) -> None:
        self._engine = engine
        self._sql = sql
        self._reader = LedgerReader(sql)
        self._tries: Counter[str] = Counter()

    async def pending(self, lead_ids: Sequence[str]) -> list[str]:
        """Return which of some leads with long histories wait to be decided again."""
        if not lead_ids:
            return []
        async with self._engine.connect() as connection:
            values = {"lead_ids": list(lead_ids), "events": SETTLED_AT_ONCE_EVENTS_MAX}
            found = list(await connection.scalars(self._sql["find_pending"].text, values))
        for lead_id in set(lead_ids) - set(found):
            del self._tries[lead_id]
        return found

    async def prepare(self, lead_id: str) -> Mapping[str, Prepared]:
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
