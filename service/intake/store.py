"""The counts of what came in, as the ledger has them now."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncEngine

from events.database.statements import Statement, load
from service.limits import SOURCE_GAPS_DAYS, SOURCE_GAPS_MIN, SOURCE_LOOKED_BACK_DAYS


class SourceHeard(NamedTuple):
    """When a source was last heard, and whether it should have been since."""

    source: str
    last_at: datetime
    """The last answer to it."""
    recorded_at: datetime | None
    """The last event of it that was recorded."""
    usual_gap_days: int | None
    """At most this many days pass from one of its days to the next, in 95 cases of 100. None if
    there are too few to say so."""
    silent_days: int
    """Days since the last on which it was heard."""

    @property
    def is_silent(self) -> bool:
        return self.usual_gap_days is not None and self.silent_days > self.usual_gap_days


class IntakeStore:
    """Queries on the counts. A class, because each needs the same engine and statements."""

    def __init__(self, engine: AsyncEngine, schema: str) -> None:
        self._engine = engine
        self._sql: Mapping[str, Statement] = load("service.intake", "intake.sql", schema)

    async def counts(self, first: date, last: date) -> Sequence[RowMapping]:
        """Read the counts of the days from the first to the last."""
        async with self._engine.connect() as connection:
            days = {"first": first, "last": last}
            return (await connection.execute(self._sql["read_counts"].text, days)).mappings().all()

    async def sources(self, today: date) -> list[SourceHeard]:
        """Read when each source was last heard, if that was not too long ago."""
        async with self._engine.connect() as connection:
            rows = await connection.execute(
                self._sql["read_sources"].text,
                {
                    "today": today,
                    "looked_back_days": SOURCE_LOOKED_BACK_DAYS,
                    "gaps_days": SOURCE_GAPS_DAYS,
                },
            )
        return [
            SourceHeard(
                row.source,
                row.last_at,
                row.recorded_at,
                row.usual_gap if row.gaps >= SOURCE_GAPS_MIN else None,
                max(0, (today - row.last_day).days),
            )
            for row in rows
        ]

    async def silent(self, today: date) -> list[SourceHeard]:
        """Return the sources that have been silent for longer than usual, the longest first."""
        silent = [source for source in await self.sources(today) if source.is_silent]
        return sorted(silent, key=lambda source: (-source.silent_days, source.source))
