"""Work on other tables that the log tells of: both are on disk, or neither is.

The head's lock is taken first, as by every writer of events. So whatever such work reads is still
true when it commits, and of two that meet the second sees what the first has done.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.event import LEDGER, Event
from domain.lifecycle.definition import SubjectKind
from events.append import statement_arguments
from events.append.plan import Plan
from events.batch.memory import LEDGER_SUBJECT_ID, Memory, Remembered
from events.database.failures import LedgerUnavailable, NotMigrated
from events.database.statements import Statement, load
from events.seals import Seals


class Told(NamedTuple):
    """What the log is to hold of such work."""

    type: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LockedLedger:
    """The ledger while its lock is held. A class, because the work and its events share it."""

    connection: AsyncConnection
    """In the transaction that holds the lock."""
    at: datetime
    """When all of it happens, by the ledger's clock."""
    plan: Plan

    def tell(self, first: Told, *derived: Told, name: Callable[[int], str], by: str | None) -> None:
        """Enter an event about the ledger, and what follows from it.

        `name` makes its id from the version that it gives to the ledger; `by` is the key of
        whoever does it, or None for somebody who works on the database itself.
        """
        draft = self.plan.draft
        position = draft.position + 1
        version = draft.newest(LEDGER_SUBJECT_ID, SubjectKind.LEDGER).version + 1
        events = [Event(position, first.type, LEDGER, self.at, first.data, {})]
        events += [
            Event(position + number, one.type, LEDGER, self.at, one.data, {}, cause=position)
            for number, one in enumerate(derived, start=1)
        ]
        lifecycle = draft.memory.lifecycle_version
        draft.enter_group(events, id=name(version), lifecycle=lifecycle, key_id=by)


class LedgerLock:
    """Takes the lock for other work. A class, because it is taken with the same statements."""

    def __init__(self, engine: AsyncEngine, schema: str, seals: Seals) -> None:
        self._engine = engine
        self._seals = seals
        self._sql: Mapping[str, Statement] = load("events.append", "ledger.sql", schema)

    @asynccontextmanager
    async def hold(self) -> AsyncIterator[LockedLedger]:
        """Lock the ledger; on the way out append what was told, and commit.

        Raises LedgerUnavailable if the log is ahead of the clock, NotMigrated if there is no
        ledger; and as any statement does, if the database is away or the lock is not had in time.
        """
        async with self._engine.begin() as connection:
            ledger = await self._lock(connection)
            yield ledger
            if not ledger.plan.is_empty:
                await self._append(ledger)

    async def _lock(self, connection: AsyncConnection) -> LockedLedger:
        await connection.execute(self._sql["limit_waits"].text)
        await connection.execute(self._sql["lock_head"].text)
        # Once more: the clock of the statement that waited for the lock is that of before the wait.
        row = (await connection.execute(self._sql["read_standing"].text)).mappings().one_or_none()
        if row is None:
            raise NotMigrated("the ledger has not been founded")
        memory = Memory(row["position"], row["recorded_at"], row["lifecycles"])
        memory.chain = row["chain"]
        memory.subjects[LEDGER_SUBJECT_ID] = Remembered(
            SubjectKind.LEDGER, row["version"], row["position"], None
        )
        at = max(row["database_time"], row["recorded_at"])
        return LockedLedger(connection, at, Plan(memory, {}, at))

    async def _append(self, ledger: LockedLedger) -> None:
        ledger.plan.draft.seal(self._seals)
        append = await ledger.connection.execute(
            self._sql["append"].text, statement_arguments.arguments(ledger.plan, self._seals)
        )
        outcome = append.scalar_one()
        if outcome != "appended":
            # The lock is held, so that only the clock can be in the way.
            raise LedgerUnavailable(
                f"the ledger's last event was recorded at {ledger.plan.memory.recorded_at}, which "
                "is ahead of the database's clock, or the work took longer than a second"
            )
