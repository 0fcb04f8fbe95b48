"""The record of every look at personal data: who saw which leads, when and on which page.

Rows are chained: each holds a digest of itself and the chain before it, so a row that is removed or
changed breaks the chain from there on. The end of the chain is in the log.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from events.database.statements import Statement, load
from events.verification.reads_audit import BEGINNING, PersonalRead


class Reads:
    """The table of reads. A class, because every verb needs the same engine and statements."""

    def __init__(self, engine: AsyncEngine, schema: str) -> None:
        self._engine = engine
        self._lock = {"name": f"leadledger personal reads {schema}"}
        self._sql: Mapping[str, Statement] = load("service.people", "people.sql", schema)

    async def record(self, *, key_id: str, page: str, leads: Sequence[str]) -> None:
        """Record a look at some leads, before they are shown."""
        if not leads:
            return
        async with self._engine.begin() as connection:
            await connection.execute(self._sql["lock_reads"].text, self._lock)
            last = (await connection.execute(self._sql["last_read"].text)).first()
            number, before = (last.number, bytes(last.chain)) if last else (0, BEGINNING)
            at = datetime.now(UTC)
            read = PersonalRead(number + 1, at, key_id, page, tuple(sorted(leads)))
            values = read._asdict() | {
                "leads": [UUID(lead) for lead in read.leads],
                "chain": read.chained(before),
            }
            await connection.execute(self._sql["insert_read"].text, values)

    async def page(self, *, before: int, limit: int) -> list[PersonalRead]:
        """Read what was recorded, newest first."""
        async with self._engine.connect() as connection:
            rows = await connection.execute(
                self._sql["list_reads"].text, {"before": before, "limit": limit}
            )
            return [
                PersonalRead(
                    row.number,
                    row.read_at,
                    row.key_id,
                    row.page,
                    tuple(map(str, row.leads)),
                )
                for row in rows
            ]
