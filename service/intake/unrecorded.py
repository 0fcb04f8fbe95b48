"""Count what is answered without the ledger: refusals of which nothing is kept.

Such an answer waits for no disk, or a sender without rights could keep the disk busy. So the counts
are written once a second.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date, datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from events.background.loops import endlessly
from events.batch.intake import Became, day_of
from events.database.statements import load
from events.faults import OnFault
from events.lifecycles.known import Lifecycles
from events.limits import INTAKE_SOURCES_MAX
from events.refusals import Refused
from service.limits import INTAKE_UNWRITTEN_MAX, INTAKE_WRITTEN_EVERY_S

log = structlog.get_logger()


class Unrecorded:
    """The counts that have not been written yet. A class, because requests add to them."""

    def __init__(
        self,
        engine: AsyncEngine,
        schema: str,
        lifecycles: Lifecycles,
        *,
        now: Callable[[], datetime],
        on_fault: OnFault,
    ) -> None:
        self._engine = engine
        self._sql = load("service.intake", "intake.sql", schema)
        self._lifecycles = lifecycles
        self._now = now
        self._on_fault = on_fault
        self._counts = Counter[tuple[date, str, str]]()

    def add(self, refused: Refused) -> None:
        """Count an item that was refused, and of which nothing is kept."""
        day = day_of(refused.received_at, self._lifecycles.in_force.lifecycle)
        key = (day, refused.counted_as, refused.refusal.reason)
        if key not in self._counts and len(self._counts) >= INTAKE_UNWRITTEN_MAX:
            key = (day, "", refused.refusal.reason)
        self._counts[key] += 1

    async def run(self) -> None:
        """Write every second, until cancelled."""
        pause_s = INTAKE_WRITTEN_EVERY_S
        await endlessly("intake", self._step, pause_s=pause_s, on_fault=self._on_fault)

    async def _step(self) -> None:
        await asyncio.sleep(INTAKE_WRITTEN_EVERY_S)
        await self.write()

    async def write(self) -> None:
        """Write the counts.

        They are kept while the database cannot be reached. If it stops answering later, they may
        have been written: they are given up, because nothing may be counted twice.
        """
        if not self._counts:
            return
        async with self._engine.connect() as connection:
            counts, self._counts = self._counts, Counter()
            by_day = defaultdict[date, list[tuple[str, str, int]]](list)
            for (day, source, reason), items in sorted(counts.items()):
                by_day[day].append((source, reason, items))
            try:
                for day, counted in by_day.items():
                    await connection.execute(
                        self._sql["count"].text,
                        {
                            "day": day,
                            "sources": [source for source, _, _ in counted],
                            "outcomes": [str(Became.IGNORED)] * len(counted),
                            "reasons": [reason for _, reason, _ in counted],
                            "items": [str(items) for _, _, items in counted],
                            "answered_at": self._now(),
                            "sources_max": INTAKE_SOURCES_MAX,
                        },
                    )
                await connection.commit()
            except BaseException:
                log.warning("intake.counts_lost", items=counts.total())
                raise
