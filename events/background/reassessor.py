"""Bring leads under the lifecycle in force, in the background.

Publishing a lifecycle moves no lead. Each lead is brought over by its own event, in ordinary
batches between those of the senders. Any number of processes may do this concurrently, and one that
stops leaves nothing half done: the remaining leads are found by the version that decides them.
"""

import asyncio
import uuid
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncEngine

from events.background.loops import endlessly
from events.background.strides import stride
from events.database.statements import load
from events.faults import OnFault, uncounted
from events.lifecycles.known import Lifecycles
from events.limits import REASSESSMENT_LOOK_S, STRIDE_LEADS
from events.submission import Submission
from events.submission_queue import SubmissionQueue

_FIRST = str(uuid.UUID(int=0))


class Looked(NamedTuple):
    """The result of one look."""

    reassessed: int
    is_done: bool
    """Whether no lead is left under an older version."""


class Reassessor:
    """Looks for leads under an older lifecycle. A class, because it keeps its place between looks.

    It begins at a random id, so that several processes rarely wake the same leads.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        schema: str,
        lifecycles: Lifecycles,
        queue: SubmissionQueue,
        *,
        on_fault: OnFault = uncounted,
    ) -> None:
        sql = load("events.append", "ledger.sql", schema)
        self._engine = engine
        self._read_newest = sql["read_newest_lifecycle"].text
        self._find_outdated = sql["find_outdated"].text
        self._lifecycles = lifecycles
        self._queue = queue
        self._after = str(uuid.uuid4())
        self._done_version = 0
        self._on_fault = on_fault

    async def run(self) -> None:
        """Reassess until cancelled. If the database is unavailable, wait for it."""
        await endlessly(
            "reassessor", self._step, pause_s=REASSESSMENT_LOOK_S, on_fault=self._on_fault
        )

    async def look(self) -> Looked:
        """Check for a lifecycle that another process published, and bring over one batch."""
        await self._learn_newest()
        version = self._lifecycles.last_version
        if version <= self._done_version:
            return Looked(0, is_done=True)
        async with self._engine.connect() as connection:
            found = await connection.scalars(
                self._find_outdated,
                {"version": version, "after": self._after, "limit": STRIDE_LEADS},
            )
            outdated = tuple(found.all())
        if outdated:
            self._after = outdated[-1]
            async with stride(self._queue.turns):
                await self._queue.submit(Submission((), woken=outdated))
            return Looked(len(outdated), is_done=False)
        if self._after != _FIRST:
            self._after = _FIRST
            return Looked(0, is_done=False)
        self._done_version = version
        return Looked(0, is_done=True)

    async def _step(self) -> None:
        if (await self.look()).is_done:
            await asyncio.sleep(REASSESSMENT_LOOK_S)

    async def _learn_newest(self) -> None:
        async with self._engine.connect() as connection:
            newest = await connection.scalar(self._read_newest)
        if newest is not None and newest > self._lifecycles.in_force.published_at:
            # An empty submission records nothing, but has the writer follow the log to its end.
            await self._queue.submit(Submission(()))
