"""Enter the end of the chain of reads into the log, every hour in which something was read."""

import asyncio
from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncEngine

from domain.lifecycle.service_events import READS, READS_END, READS_SEALED
from events.append.locked import LedgerEvent, LedgerLock
from events.background.loops import endlessly
from events.database.statements import Statement, load
from events.faults import OnFault
from events.records import decode_event, reads_id
from events.seals import Seals
from service.limits import READS_SEALED_EVERY_S


class Sealing:
    """A class, because a task repeats it."""

    def __init__(
        self, engine: AsyncEngine, schema: str, seals: Seals, *, on_fault: OnFault
    ) -> None:
        self._lock = LedgerLock(engine, schema, seals)
        self._on_fault = on_fault
        self._sql: Mapping[str, Statement] = load("service.people", "people.sql", schema)

    async def run(self) -> None:
        """Seal until cancelled. Any number of processes may do so: the second finds it done."""
        await endlessly("personal-reads", self._step, pause_s=60, on_fault=self._on_fault)

    async def _step(self) -> None:
        await asyncio.sleep(READS_SEALED_EVERY_S)
        await self.seal()

    async def seal(self) -> None:
        """Seal what was read since the last time, if anything was."""
        async with self._lock.hold() as ledger:
            connection = ledger.connection
            last = (await connection.execute(self._sql["last_read"].text)).first()
            if last is None:
                return
            sealed = await connection.scalar(self._sql["last_sealed"].text)
            if sealed is not None and decode_event(sealed).data[READS] == last.number:
                return
            end = {READS: last.number, READS_END: bytes(last.chain).hex()}
            ledger.record(LedgerEvent(READS_SEALED, end), name=reads_id, by=None)
