"""The projection of deadlines: load and write one batch, and list deadlines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal, NamedTuple

from domain.event import Event
from domain.lead.deadlines import DeadlineEntry
from domain.lifecycle.definition import SubjectKind
from events.batch.lru import forget_oldest
from events.database.sessions import Driver
from events.database.statements import Statement, load
from projections.deadlines.fold import COLUMNS, DeadlineRow, Deadlines, fold
from projections.engine.failures import ProjectionUnknown
from projections.engine.limits import DEADLINES_KEPT
from projections.engine.record_text import ABSORBS, HAS_EFFECTS, MOVES
from projections.engine.rows import RowWriter

NAME = "deadlines"
VERSION = 1

Status = Literal["open", "breached", "met", "late", "left"]
"""A deadline is open or breached until it is settled; then its status is its outcome."""
OPEN: Final = "open"
BREACHED: Final = "breached"


@dataclass(frozen=True, slots=True)
class DeadlineProjection:
    """A class, because a projection combines statements with the methods that use them."""

    schema: str
    sql: Mapping[str, Statement]
    name: str = NAME
    version: int = VERSION
    tables: tuple[str, ...] = ("deadlines",)

    def concerns(self, record: str) -> bool:
        """Return whether a record is about a deadline, ends a stay, or changes owner or team.

        A restatement carries the deadlines that count along with the stays.
        """
        return (
            '"deadlines":{' in record
            or '"type":"deadline.' in record
            or MOVES in record
            or (HAS_EFFECTS in record and ('"owner":' in record or '"team":' in record))
            or ABSORBS in record
            or '"stays":[' in record
        )

    def begin(self, *, is_complete: bool) -> Deadlines:
        del is_complete
        return Deadlines()

    async def load(
        self, driver: Driver, generation: int, state: Deadlines, events: Sequence[Event]
    ) -> None:
        """Read the deadlines of leads that are not in memory."""
        missing = {
            event.receiver.id: None
            for event in events
            if event.receiver.kind is SubjectKind.LEAD and event.receiver.id not in state.leads
        }
        if not missing:
            return
        state.leads.update((lead_id, []) for lead_id in missing)
        statement = self.sql["read_rows"]
        values = {"generation": generation, "lead_ids": list(missing)}
        for found in await driver.fetch(statement.driver_sql, *statement.arguments(values)):
            row = _row(found)
            state.leads[row.lead_id].append(row)

    def fold(self, state: Deadlines, event: Event) -> None:
        fold(state, event)

    async def write(self, driver: Driver, generation: int, state: Deadlines) -> None:
        """Write every changed deadline, and drop the oldest leads beyond the memory bound."""
        writer = RowWriter(driver, self.schema, self.sql, generation)
        rows = [(*row[:3], *row.entry, row.known_to) for row in state.touched.values()]
        await writer.write("write_rows", COLUMNS, rows)
        state.touched.clear()
        forget_oldest(state.leads, most=DEADLINES_KEPT)


def deadlines(schema: str) -> DeadlineProjection:
    """Return the projection for the ledger of this schema."""
    return DeadlineProjection(schema, load("projections", "deadlines/deadlines.sql", schema))


class Cursor(NamedTuple):
    """The place of a deadline in the list: by due time, then since when it has been known."""

    due_at: datetime
    known_from: int
    number: int


BEFORE_ALL = Cursor(datetime(1, 1, 2, tzinfo=UTC), 0, 0)


class WantedDeadlines(NamedTuple):
    """Filters for deadlines; None means all."""

    statuses: tuple[str, ...] | None = (OPEN, BREACHED)
    due_by: datetime | None = None
    deadline: str | None = None
    owner: str | None = None
    team: str | None = None


class DeadlinePage(NamedTuple):
    rows: tuple[DeadlineRow, ...]
    next: Cursor | None
    """Where to continue after; None if this is the last page."""
    position: int
    """The position at which the page was read."""


class DueCounts(NamedTuple):
    """How many undecided deadlines one person has, by when they fall due; each counts once."""

    owner: str | None
    overdue: int = 0
    today: int = 0
    this_week: int = 0
    later: int = 0


class DeadlineQueries:
    """Queries of deadlines. A class, because they share their statements."""

    def __init__(self, schema: str) -> None:
        self._sql = load("projections", "deadlines/deadlines.sql", schema)

    async def count_by_owner(
        self, driver: Driver, *, now: datetime, tonight: datetime, weekend: datetime
    ) -> list[DueCounts]:
        """Count what is undecided for each person, those with the most overdue first."""
        statement = self._sql["count_by_owner"]
        values = {"now": now, "tonight": tonight, "weekend": weekend}
        rows = await driver.fetch(statement.driver_sql, *statement.arguments(values))
        return [DueCounts(*(row[name] for name in DueCounts._fields)) for row in rows]

    async def page(
        self,
        driver: Driver,
        wanted: WantedDeadlines,
        *,
        after: Cursor | None,
        limit: int,
    ) -> DeadlinePage:
        """List deadlines, earliest due first."""
        after_due, after_known, after_number = after or BEFORE_ALL
        statuses = wanted.statuses
        values = {
            **wanted._asdict(),
            "statuses": list(statuses) if statuses is not None else None,
            # Passed in addition to the statuses, so that the index of the undecided can be used.
            "is_undecided": statuses is not None and {OPEN, BREACHED}.issuperset(statuses),
            "after_due": after_due,
            "after_known": after_known,
            "after_number": after_number,
            "limit": limit,
        }
        statement = self._sql["list_deadlines"]
        rows = await driver.fetch(statement.driver_sql, *statement.arguments(values))
        if not rows:
            raise ProjectionUnknown(f"{NAME} has no live generation; start a runner")
        found = tuple(_row(row) for row in rows if row["started"] is not None)
        last = found[-1] if len(found) == limit else None
        following = Cursor(last.entry.due_at, *last.key) if last is not None else None
        return DeadlinePage(found, following, rows[0]["head"])


def status_of(entry: DeadlineEntry) -> Status:
    """Return the status of a deadline."""
    if entry.outcome is not None:
        return entry.outcome
    return OPEN if entry.breached is None else BREACHED


def _row(found: Mapping[str, Any]) -> DeadlineRow:
    entry = DeadlineEntry(*(found[name] for name in DeadlineEntry._fields))
    return DeadlineRow(found["lead_id"], found["known_from"], found["number"], entry)
