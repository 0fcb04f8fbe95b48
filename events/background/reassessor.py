"""Bring leads under the lifecycle in force, without anybody calling.

Publishing moves nobody: each lead comes over by an event of its own, in ordinary batches between
those of everybody else. Any process may do it, any number of them at once, and whichever stops
leaves nothing half done: the leads that are left are found by the version that decides them.
"""

import asyncio
import uuid
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncEngine

from events.append.ledger import Ledger
from events.append.queue import Queue
from events.background.loops import endlessly
from events.background.strides import stride
from events.database.statements import load
from events.faults import OnFault, uncounted
from events.limits import REASSESSMENT_LOOK_S, STRIDE_LEADS
from events.submission import Submission

_FIRST = str(uuid.UUID(int=0))


class Looked(NamedTuple):
    """What one look found."""

    reassessed: int
    is_done: bool
    """Nobody is left under an older version."""


class Reassessor:
    """Looks for leads under an older lifecycle. A class, because it goes on until it is ended.

    It begins at a random id, so that several processes seldom wake the same leads.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        schema: str,
        ledger: Ledger,
        queue: Queue,
        *,
        on_fault: OnFault = uncounted,
    ) -> None:
        sql = load("events.append", "ledger.sql", schema)
        self._engine = engine
        self._read_newest = sql["read_newest_lifecycle"].text
        self._find_outdated = sql["find_outdated"].text
        self._ledger = ledger
        self._door = queue
        self._after = str(uuid.uuid4())
        self._done_version = 0
        self._on_fault = on_fault

    async def run(self) -> None:
        """Reassess until cancelled; waits out a database that is away."""
        await endlessly(
            "reassessor", self._step, pause_s=REASSESSMENT_LOOK_S, on_fault=self._on_fault
        )

    async def look(self) -> Looked:
        """Learn of a lifecycle that another process published, and bring one batch over."""
        await self._learn_newest()
        version = self._ledger.memory.lifecycle_version
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
            async with stride(self._door.turns):
                await self._door.submit(Submission((), woken=outdated))
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
        memory = self._ledger.memory
        if not memory.lifecycle_version:
            return
        async with self._engine.connect() as connection:
            newest = await connection.scalar(self._read_newest)
        if newest is not None and newest > memory.compiled.published_at:
            # Empty: nothing is recorded, but the writer follows the log to its end.
            await self._door.submit(Submission(()))
