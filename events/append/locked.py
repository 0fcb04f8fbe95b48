"""Work on other tables that the log also records: both are committed, or neither is.

The head's lock is taken first, as every writer of events does. Whatever this work reads is
therefore still true when it commits, and the second of two concurrent pieces of work sees what the
first has done.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
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


class LedgerEvent(NamedTuple):
    """What the log records about this work."""

    type: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LockedLedger:
    """The ledger while its lock is held. A class, because the work and its events share it."""

    connection: AsyncConnection
    """In the transaction that holds the lock."""
    at: datetime
    """The time at which all of it happens, by the ledger's clock."""
    plan: Plan

    def record(
        self, first: LedgerEvent, *derived: LedgerEvent, name: Callable[[int], str], by: str | None
    ) -> None:
        """Enter an event about the ledger, and the events derived from it.

        `name` makes its id from the version that it gives the ledger. `by` is the id of the API key
        that requested the work, or None if it was done directly on the database.
        """
        draft = self.plan.draft
        lifecycle = draft.memory.lifecycle_version

        def enter() -> None:
            events = self._events(draft.position + 1, first, derived)
            room = draft.position - draft.end
            version = draft.newest(LEDGER_SUBJECT_ID, SubjectKind.LEDGER).version + room + 1
            draft.enter_group(events, id=name(version), lifecycle=lifecycle, key_id=by)

        draft.with_room_for_parts(enter)

    def _events(
        self, position: int, first: LedgerEvent, derived: Sequence[LedgerEvent]
    ) -> list[Event]:
        return [
            Event(position, first.type, LEDGER, self.at, first.data, {}),
            *(
                Event(position + number, one.type, LEDGER, self.at, one.data, {}, cause=position)
                for number, one in enumerate(derived, start=1)
            ),
        ]


class LedgerLock:
    """Takes the lock for other work. A class, because every use needs the same statements."""

    def __init__(self, engine: AsyncEngine, schema: str, seals: Seals) -> None:
        self._engine = engine
        self._seals = seals
        self._sql: Mapping[str, Statement] = load("events.append", "ledger.sql", schema)

    @asynccontextmanager
    async def hold(self) -> AsyncIterator[LockedLedger]:
        """Lock the ledger; on exit append the events entered with `record`, and commit.

        Raises LedgerUnavailable if the log is ahead of the clock, NotMigrated if there is no
        ledger, and any statement's errors if the database is away or the lock is not acquired in
        time.
        """
        async with self._engine.begin() as connection:
            ledger = await self._lock(connection)
            yield ledger
            if not ledger.plan.is_empty:
                await self._append(ledger)

    async def _lock(self, connection: AsyncConnection) -> LockedLedger:
        await connection.execute(self._sql["limit_waits"].text)
        await connection.execute(self._sql["lock_head"].text)
        # Read again: the clock of the statement that waited for the lock is from before the wait.
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
            # The lock is held, so only the clock can be the reason.
            raise LedgerUnavailable(
                f"the ledger's last event was recorded at {ledger.plan.memory.recorded_at}, which "
                "is ahead of the database's clock, or the work took longer than a second"
            )
