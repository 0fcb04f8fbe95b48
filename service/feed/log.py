"""The log for readers: in order, each event once, as it was recorded."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncEngine

from events.database.statements import Statement, load
from events.limits import INTEGER_MAX
from service.http.problem import Problem
from service.limits import (
    ACTS_SEARCHED_MAX,
    BACKWARDS_POSITIONS,
    PAGE_RECORDS,
    SCAN_POSITIONS,
)


class LogFilter(NamedTuple):
    """The events that a reader asks for; empty matches all. An event must match both."""

    types: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    """Events that move a lead or account into or out of one of these, or restate that."""

    @property
    def is_all(self) -> bool:
        return not self.types and not self.stages


ALL = LogFilter()


class LogEntry(NamedTuple):
    """One event as it is stored; to be decoded, with the records of its parts."""

    position: int
    record: str


Key = tuple[str, str]
"""Source and id: the sender's name for an event."""


class Personal(NamedTuple):
    """What is stored of an event outside its record. None: it has none, or it was erased."""

    content: bytes | None
    """Empty if only the record says what was reported."""
    actor: str | None


class Reported(NamedTuple):
    """One event to be decoded, with what is stored of it outside its record."""

    position: int
    record: str
    personal: Personal


class LogPage(NamedTuple):
    """A stretch of the log."""

    events: tuple[LogEntry, ...]
    next: int
    """The start of the next stretch: pass it as `after`."""
    head: int


class TailEvent(NamedTuple):
    """A new event, with the values that filters need."""

    position: int
    type: str
    record: str
    stage_from: str | None
    stage_to: str | None
    types: Sequence[str] | None
    stages: Sequence[str] | None
    """Types and stages that a restatement names."""

    def suits(self, wanted: LogFilter) -> bool:
        """Return whether a filter matches it, like the statement `read_feed`."""
        types = (self.type, *(self.types or ()))
        stages = (self.stage_from, self.stage_to, *(self.stages or ()))
        return (not wanted.types or any(type in wanted.types for type in types)) and (
            not wanted.stages or any(stage in wanted.stages for stage in stages)
        )


def check_reached(position: int, head: int) -> None:
    """Raise Problem, log-shorter, if a reader names a position that the log has not reached.

    An answer without events would be a trap: the next events, up to that position, would be skipped
    silently.
    """
    if position > head:
        raise Problem(
            "log-shorter",
            f"The log ends at position {head}, before {position}. If that position was read here, "
            "an older copy of the ledger has been restored, and the later events are lost or "
            "recorded again at other positions: compare your copy with the log, and continue "
            f"from {head} at most.",
            expected=str(head),
            found=str(position),
        )


class Judgement(NamedTuple):
    """An event that may need a person's judgement, and its lead in its current state."""

    position: int
    record: str
    lead_id: str
    state: str


class Act(NamedTuple):
    """Something that a lead did, or that was done about it."""

    position: int
    type: str
    occurred_at: datetime


class SetAside(NamedTuple):
    """A lead that a fault of the service prevents from being brought up to date."""

    lead_id: str
    position: int
    """The end of the log when it was set aside."""
    since: datetime
    tries: int
    retry_at: datetime
    error: str
    place: str


class Log:
    """Queries on the log. A class, because each needs the same engine and statements."""

    def __init__(self, engine: AsyncEngine, schema: str) -> None:
        self._engine = engine
        self._sql: Mapping[str, Statement] = load("service.feed", "log.sql", schema)

    async def page(self, *, after: int, limit: int, wanted: LogFilter = ALL) -> LogPage:
        """Read the next events after a position. Raises Problem: log-shorter."""
        upto = INTEGER_MAX if wanted.is_all else after + SCAN_POSITIONS
        values = {
            "after": after,
            "upto": min(upto, INTEGER_MAX),
            "limit": limit,
            "types": list(wanted.types) or None,
            "stages": list(wanted.stages) or None,
        }
        async with self._engine.connect() as connection:
            rows = (await connection.execute(self._sql["read_feed"].text, values)).all()
        head: int = rows[0].head
        check_reached(after, head)
        found = tuple(LogEntry(row.position, row.record) for row in rows if row.record is not None)
        reached = max(after, min(upto, head))
        if len(found) == limit:
            reached = found[-1].position
        return LogPage(found, reached, head)

    async def tail(self, *, after: int, limit: int) -> tuple[int, list[TailEvent]]:
        """Read the end of the log and the newest events, to be shared by many readers."""
        async with self._engine.connect() as connection:
            rows = await connection.execute(
                self._sql["read_tail"].text, {"after": after, "limit": limit}
            )
            found = rows.all()
        events = [TailEvent(*row[1:]) for row in found if row.position is not None]
        return found[0].head, events

    async def head(self) -> int:
        """Read the last position of the log."""
        async with self._engine.connect() as connection:
            position: int = await connection.scalar(self._sql["read_head"].text) or 0
            return position

    async def subject(self, subject_id: UUID) -> Row[tuple[object, ...]]:
        """Read a lead's or an account's row, and the head."""
        async with self._engine.connect() as connection:
            rows = await connection.execute(
                self._sql["read_subject"].text, {"subject_id": subject_id}
            )
            return rows.one()

    async def leads(self, lead_ids: Collection[str]) -> Sequence[Row[tuple[object, ...]]]:
        """Read the rows of some leads, and the head."""
        values = {"lead_ids": [UUID(lead_id) for lead_id in lead_ids]}
        async with self._engine.connect() as connection:
            return (await connection.execute(self._sql["read_leads"].text, values)).all()

    async def pointers(self, digests: Sequence[bytes]) -> dict[bytes, list[str]]:
        """Read the subjects to which identifiers point: all that were reported under each."""
        async with self._engine.connect() as connection:
            rows = await connection.execute(
                self._sql["read_pointers"].text, {"digests": list(digests)}
            )
        found: dict[bytes, list[str]] = {}
        for row in rows:
            found.setdefault(row.digest, []).append(str(row.subject_id))
        return found

    async def history(
        self,
        subject_ids: Sequence[str],
        *,
        after: int,
        upto: int,
        limit: int,
        also: Collection[int] = (),
    ) -> list[LogEntry]:
        """Read a page of the records of some subjects, and the single records in `also`."""
        values = {
            "subject_ids": [UUID(subject_id) for subject_id in subject_ids],
            "also": list(also),
            "after": after,
            "upto": upto,
            "limit": limit,
        }
        async with self._engine.connect() as connection:
            rows = await connection.execute(self._sql["read_history"].text, values)
            return [LogEntry(row.position, row.record) for row in rows]

    async def history_start(
        self, subject_ids: Sequence[str], *, before: int, limit: int, also: Collection[int] = ()
    ) -> int | None:
        """Return the position of the first of the latest events before a position."""
        values = {
            "subject_ids": [UUID(subject_id) for subject_id in subject_ids],
            "also": list(also),
            "before": before,
            "limit": limit,
        }
        async with self._engine.connect() as connection:
            position: int | None = await connection.scalar(self._sql["history_start"].text, values)
            return position

    async def latest_acts(
        self, subject_ids: Sequence[str], *, types: Sequence[str], limit: int
    ) -> dict[str, list[Act]]:
        """Read the latest events of some types of each subject, newest first."""
        values = {
            "subject_ids": [UUID(subject_id) for subject_id in subject_ids],
            "types": list(types),
            "searched": ACTS_SEARCHED_MAX,
            "limit": limit,
        }
        found: dict[str, list[Act]] = {}
        async with self._engine.connect() as connection:
            rows = await connection.execute(self._sql["read_latest_acts"].text, values)
        for row in rows:
            act = Act(row.position, row.type, row.occurred_at)
            found.setdefault(row.subject_id, []).append(act)
        return found

    async def backwards(
        self, *, before: int, types: Sequence[str], limit: int
    ) -> tuple[list[LogEntry], int | None]:
        """Read events of some types, newest first, and where to go on; None at the beginning."""
        before = min(before, await self.head() + 1)
        begin = max(1, before - BACKWARDS_POSITIONS)
        values = {"before": before, "from": begin, "types": list(types), "limit": limit}
        async with self._engine.connect() as connection:
            rows = await connection.execute(self._sql["read_backwards"].text, values)
            found = [LogEntry(row.position, row.record) for row in rows]
        if len(found) == limit:
            return found, found[-1].position
        return found, begin if begin > 1 else None

    async def taken_back(self, subject_ids: Sequence[str], *, upto: int) -> list[LogEntry]:
        """Read the events that void or change other events of some subjects."""
        values = {"subject_ids": [UUID(subject_id) for subject_id in subject_ids], "upto": upto}
        async with self._engine.connect() as connection:
            rows = await connection.execute(self._sql["read_taken_back"].text, values)
            return [LogEntry(row.position, row.record) for row in rows]

    async def by_keys(self, keys: Sequence[Key]) -> dict[Key, Reported]:
        """Read the events recorded under some keys."""
        values = {"sources": [source for source, _ in keys], "ids": [id for _, id in keys]}
        async with self._engine.connect() as connection:
            rows = await connection.execute(self._sql["read_by_keys"].text, values)
            return {
                (row.source, row.id): Reported(
                    row.position, row.record, Personal(row.content, row.actor)
                )
                for row in rows
            }

    async def to_be_judged(self, *, after: int, limit: int) -> tuple[int, list[Judgement]]:
        """Read what may need a person's judgement, oldest first, and the end of the log.

        Raises Problem: log-shorter.
        """
        values = {"after": after, "limit": limit}
        async with self._engine.connect() as connection:
            rows = (await connection.execute(self._sql["read_to_be_judged"].text, values)).all()
        check_reached(after, rows[0].head)
        found = [
            Judgement(row.position, row.record, str(row.subject_id), row.state)
            for row in rows
            if row.position is not None
        ]
        return rows[0].head, found

    async def set_aside(self, *, after: int, upto: int, limit: int) -> list[SetAside]:
        """Read leads set aside in a stretch of the log, with all of those at the last position."""
        values = {"after": after, "upto": upto, "limit": limit}
        async with self._engine.connect() as connection:
            rows = await connection.execute(self._sql["read_set_aside"].text, values)
            return [SetAside(*row) for row in rows]

    async def whole_history(
        self, subject_ids: Sequence[str], *, upto: int
    ) -> AsyncIterator[LogEntry]:
        """Read every record of some subjects up to a position, page by page."""
        after = 0
        while True:
            page = await self.history(subject_ids, after=after, upto=upto, limit=PAGE_RECORDS)
            for recorded in page:
                yield recorded
            if len(page) < PAGE_RECORDS:
                return
            after = page[-1].position

    async def types(self, positions: Sequence[int]) -> dict[int, str]:
        """Read the types of some events."""
        if not positions:
            return {}
        async with self._engine.connect() as connection:
            rows = await connection.execute(
                self._sql["read_types"].text, {"positions": list(positions)}
            )
            return {row.position: row.type for row in rows}

    async def records(self, positions: Sequence[int]) -> list[LogEntry]:
        """Read single events."""
        if not positions:
            return []
        async with self._engine.connect() as connection:
            rows = await connection.execute(
                self._sql["read_records"].text, {"positions": list(positions)}
            )
            return [LogEntry(row.position, row.record) for row in rows]

    async def personal(self, positions: Sequence[int]) -> dict[int, Personal]:
        """Read the personal data of some events."""
        if not positions:
            return {}
        async with self._engine.connect() as connection:
            rows = await connection.execute(
                self._sql["read_personal"].text, {"positions": list(positions)}
            )
            return {row.position: Personal(row.content, row.actor) for row in rows}
