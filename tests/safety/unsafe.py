"""Ledgers with one safety removed, to show that the tests can fail."""

import asyncio
from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncEngine

from events.append.ledger import Appended, Ledger
from events.append.loader import LedgerReader
from events.append.plan import Plan
from events.database.sessions import Driver
from events.outcomes import Outcome, Recorded
from events.refusals import Refused
from events.remote.connection import Connection
from events.seals import Seals
from events.submission import Submission

GAP_S = 0.02
"""The delay between answer and commit, for the twin that answers first."""


class UnlockedLedger(Ledger):
    """Reads the head without locking it."""

    def __init__(self, engine: AsyncEngine, schema: str, seals: Seals) -> None:
        super().__init__(engine, schema, seals)
        self._sql = {**self._sql, "lock_head": self._sql["read_head"]}
        self._reader = LedgerReader(self._sql)


class WriteBehindLedger(Ledger):
    """Answers when a batch is decided, and writes it a moment later. For a single process only."""

    _behind: asyncio.Task[None] | None = None

    async def append(self, submissions: Sequence[Submission]) -> Appended:
        await self._catch_up()
        return await super().append(submissions)

    async def close(self) -> None:
        await self._catch_up()
        await super().close()

    async def _catch_up(self) -> None:
        """Wait for the write; a failed one is lost, because it has already been answered."""
        behind, self._behind = self._behind, None
        if behind is not None and (await asyncio.gather(behind, return_exceptions=True))[0]:
            self.forget()

    async def _write_rows(self, driver: Driver, plan: Plan) -> None:
        async def write() -> None:
            await asyncio.sleep(GAP_S)
            await super(WriteBehindLedger, self)._write_rows(driver, plan)

        self._behind = asyncio.create_task(write())


class HastyConnection(Connection):
    """Acknowledges what it has only queued, as if the writer had recorded it next."""

    def enqueue(self, submission: Submission) -> asyncio.Future[list[Outcome]]:
        super().enqueue(submission)
        assert self._bulletin is not None
        outcomes: asyncio.Future[list[Outcome]] = asyncio.get_running_loop().create_future()
        outcomes.set_result(
            [
                item
                if isinstance(item, Refused)
                else Recorded(position, bytes(32), "", None, None, None, (), is_already=False)
                for position, item in enumerate(submission.items, self._bulletin.position + 1)
            ]
        )
        return outcomes
