"""Fire due timers in the background. Any number of processes may do this concurrently.

Timers fire under the lock like everything else, and only if they are still due then. If two
processes find the same lead, they wake it twice, and the second time nothing happens.

If an internal error keeps a lead from being brought up to date, the ledger sets it aside: the lead
is skipped, and retried after growing pauses, after a restart, or on request.
"""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncEngine

from events.background.loops import endlessly
from events.background.strides import stride
from events.database.statements import load
from events.faults import OnFault, uncounted
from events.limits import STOPPED_WAITS_MAX, STRIDE_LEADS, TIMERS_LOOK_S
from events.submission import Submission
from events.submission_queue import SubmissionQueue


class SetAside(NamedTuple):
    """A lead that is set aside, and how many times it has failed so far."""

    lead_id: str
    tries: int


class Timekeeper:
    """Looks for leads with due timers. A class, because it runs until it is cancelled."""

    def __init__(
        self,
        engine: AsyncEngine,
        schema: str,
        queue: SubmissionQueue,
        *,
        on_fault: OnFault = uncounted,
    ) -> None:
        self._engine = engine
        self._sql = load("events.append", "ledger.sql", schema)
        self._queue = queue
        self._on_fault = on_fault
        self._has_begun = False
        self._found: list[str] = []
        """What the last look found. Leads that are being prepared stay due until they are done."""

    async def run(self) -> None:
        """Wake leads until cancelled. If the database is unavailable, wait for it."""
        await endlessly("timekeeper", self._step, pause_s=TIMERS_LOOK_S, on_fault=self._on_fault)

    async def look(self) -> int:
        """Wake one stride of leads whose timers are due now; return how many were newly found."""
        async with self._engine.connect() as connection:
            due = (await connection.scalars(self._sql["find_due"].text, _STRIDE)).all()
            again = (await connection.execute(self._sql["find_retried"].text, _STRIDE)).all()
        if due:
            async with stride(self._queue.turns):
                await self._queue.submit(Submission((), woken=tuple(due)))
        await self._try_again([SetAside(*row) for row in again])
        is_stuck, self._found = list(due) == self._found, list(due)
        return 0 if is_stuck else len(due)

    async def retry(self, lead_id: str) -> bool | None:
        """Retry a lead that is set aside. True: it no longer is; None: it was not set aside."""
        async with self._engine.connect() as connection:
            found = await connection.execute(self._sql["find_set_aside"].text, {"lead_id": lead_id})
            row = found.one_or_none()
        return bool(await self._try_again([SetAside(*row)])) if row is not None else None

    async def retry_all(self) -> None:
        """Retry all leads that are set aside, during the next looks."""
        async with self._engine.begin() as connection:
            await connection.execute(self._sql["retry_all"].text)

    async def stop_waiting(self) -> None:
        """Look at timers that wait for earlier events, because all of these have been reported.

        The head is locked first, as every writer of states does.
        """
        changed = 1
        while changed:
            async with self._engine.begin() as connection:
                await connection.execute(self._sql["limit_waits"].text)
                await connection.execute(self._sql["lock_head"].text)
                values = {"limit": STOPPED_WAITS_MAX}
                changed = (
                    await connection.execute(self._sql["stop_waiting"].text, values)
                ).rowcount

    async def _step(self) -> None:
        if not self._has_begun:
            await self.retry_all()
            self._has_begun = True
        if await self.look() < STRIDE_LEADS:
            await asyncio.sleep(TIMERS_LOOK_S)

    async def _try_again(self, leads: Sequence[SetAside]) -> int:
        """Wake leads that are set aside; return how many no longer are."""
        if not leads:
            return 0
        async with stride(self._queue.turns):
            await self._queue.submit(Submission((), woken=tuple(lead.lead_id for lead in leads)))
        values = {
            "lead_ids": [lead.lead_id for lead in leads],
            "tries": [lead.tries for lead in leads],
        }
        async with self._engine.begin() as connection:
            return len((await connection.execute(self._sql["restore"].text, values)).all())


_STRIDE = {"limit": STRIDE_LEADS}
