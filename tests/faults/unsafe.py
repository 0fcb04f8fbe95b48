"""Ledgers and queues with one safety taken out, so that the tests can be seen to fail."""

import asyncio

from events.ledger import Ledger
from events.plan import Plan
from events.sessions import Driver
from events.submissions import Submission
from collections.abc import Sequence
from events.ledger import Appended

GAP_S = 0.02
"""Between the answer and the commit, for the twin that answers first."""


class WriteBehindLedger(Ledger):
    """Answers when a batch is decided, and writes it a moment later."""

    _behind: asyncio.Task[None] | None = None

    async def append(self, submissions: Sequence[Submission]) -> Appended:
        if self._behind is not None:
            await self._behind
        return await super().append(submissions)

    async def close(self) -> None:
        if self._behind is not None:
            await self._behind
        await super().close()

    async def _write_rows(self, driver: Driver, plan: Plan) -> None:
        async def write() -> None:
            await asyncio.sleep(GAP_S)
            await super(WriteBehindLedger, self)._write_rows(driver, plan)

        self._behind = asyncio.create_task(write())
