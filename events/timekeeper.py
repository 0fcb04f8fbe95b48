"""Let happen what is due, without anybody calling. Any process may, and any number of them at once.

Timers fire under the lock like everything else, and only if they are still due there: two
processes that find the same lead wake it twice, and the second time nothing is left to happen.
"""

import asyncio

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from events.failures import AWAY
from events.intake import Intake
from events.statements import load
from events.strides import STRIDE_LEADS, stride
from events.submissions import Submission

LOOK_S = 1.0
"""How late something may happen by itself. A report about the lead makes it happen at once."""

log = structlog.get_logger()


class Timekeeper:
    """Looks for leads that something is due for. A class, because it goes on until it is ended."""

    def __init__(self, engine: AsyncEngine, schema: str, door: Intake) -> None:
        self._engine = engine
        self._find_due = load("events", "ledger.sql", schema)["find_due"].text
        self._door = door

    async def run(self) -> None:
        """Wake leads until cancelled; waits out a database that is away."""
        while True:
            try:
                woken = await self.look()
            except AWAY as error:
                log.warning("timekeeper.waits", error=type(error).__name__)
                woken = 0
            except Exception:
                # Nobody waits for this loop: if it ended, deadlines would pass in silence.
                log.exception("timekeeper.failed")
                woken = 0
            if woken < STRIDE_LEADS:
                await asyncio.sleep(LOOK_S)

    async def look(self) -> int:
        """Wake those for whom something is due now, one stride of them; return how many."""
        async with self._engine.connect() as connection:
            due = (await connection.scalars(self._find_due, {"limit": STRIDE_LEADS})).all()
        if due:
            async with stride(self._door.turns):
                await self._door.submit(Submission((), woken=tuple(due)))
        return len(due)
