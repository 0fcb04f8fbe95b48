"""The projection of deadlines: how a batch is loaded and written, and the one question to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from domain.event import Event
from domain.lifecycle.definition import SubjectKind
from events.batch.lru import forget_oldest
from events.database.sessions import Driver
from events.database.statements import Statement, load
from projections.deadlines.fold import DeadlineRow, Deadlines, fold
from projections.engine.failures import ProjectionUnknown
from projections.engine.limits import DEADLINES_KEPT

NAME = "deadlines"
VERSION = 1

OPEN, BREACHED = "open", "breached"
"""How a deadline stands that nobody has answered; else its outcome tells."""
BEFORE_ALL = datetime(1, 1, 2, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class DeadlineProjection:
    """A class, because a projection is its statements with what uses them."""

    schema: str
    sql: Mapping[str, Statement]
    name: str = NAME
    version: int = VERSION
    tables: tuple[str, ...] = ("deadlines",)

    def concerns(self, record: str) -> bool:
        """Tell whether the fold could change anything by a record: see `concerns`."""
        return concerns(record)

    def begin(self, *, is_complete: bool) -> Deadlines:
        del is_complete
        return Deadlines()

    async def load(
        self, driver: Driver, generation: int, state: Deadlines, events: Sequence[Event]
    ) -> None:
        """Read the deadlines of the leads that are not remembered."""
        missing = {
            event.receiver.id: None
            for event in events
            if event.receiver.kind is SubjectKind.LEAD and event.receiver.id not in state.leads
        }
        if not missing:
            return
        state.leads.update((lead_id, {}) for lead_id in missing)
        statement = self.sql["read_rows"]
        values = {"generation": generation, "lead_ids": list(missing)}
        for found in await driver.fetch(statement.driver_sql, *statement.arguments(values)):
            row = DeadlineRow(*found.values())
            state.leads[row.lead_id][row.started] = row

    def fold(self, state: Deadlines, event: Event) -> None:
        fold(state, event)

    async def relieve(self, driver: Driver, generation: int, state: Deadlines) -> None:
        """Write all, if too many are remembered."""
        if len(state.leads) > DEADLINES_KEPT:
            await self.write(driver, generation, state)
            state.leads.clear()

    async def write(self, driver: Driver, generation: int, state: Deadlines) -> None:
        """Write every deadline that has changed, and forget the rest when it is too much."""
        if state.touched:
            statement = self.sql["write_rows"]
            columns = zip(*state.touched.values(), strict=True)
            values = dict(zip(DeadlineRow._fields, columns, strict=True))
            arguments = statement.arguments({"generation": generation, **values})
            await driver.execute(statement.driver_sql, *arguments)
            state.touched.clear()
        forget_oldest(state.leads, most=DEADLINES_KEPT)


def deadlines(schema: str) -> DeadlineProjection:
    """Return the projection for the ledger of this schema."""
    return DeadlineProjection(schema, load("projections", "deadlines/deadlines.sql", schema))


def concerns(record: str) -> bool:
    """Tell whether a record is about a deadline, ends a stay, or changes who looks after a lead.

    A quotation mark inside a string is escaped in JSON, so these patterns match keys only.
    """
    return (
        '"deadlines":{' in record
        or '"type":"deadline.' in record
        or '"effectivetime":' in record
        or ('"effects":{' in record and ('"owner":' in record or '"team":' in record))
        or '"absorbed_by":' in record
        or '"state":{' in record
    )


class WantedDeadlines(NamedTuple):
    """Which deadlines are asked for; None asks for all."""

    statuses: tuple[str, ...] | None = (OPEN, BREACHED)
    due_by: datetime | None = None
    deadline: str | None = None
    owner: str | None = None
    team: str | None = None


class DeadlinePage(NamedTuple):
    rows: tuple[DeadlineRow, ...]
    next: tuple[datetime, int] | None
    """Due and position after which to go on; None: no more."""
    position: int
    """The position that this was read at."""


class DeadlineQueries:
    """Questions to the deadlines. A class, because each needs the same statements."""

    def __init__(self, schema: str) -> None:
        self._statement = load("projections", "deadlines/deadlines.sql", schema)["list_deadlines"]

    async def page(
        self,
        driver: Driver,
        wanted: WantedDeadlines,
        *,
        after: tuple[datetime, int] | None,
        limit: int,
    ) -> DeadlinePage:
        """List deadlines, the first due first."""
        after_due, after_started = after or (BEFORE_ALL, 0)
        statuses = wanted.statuses
        values = {
            **wanted._asdict(),
            "statuses": list(statuses) if statuses is not None else None,
            # Said beside the statuses, so that the index of the undecided can be used.
            "is_undecided": statuses is not None and {OPEN, BREACHED}.issuperset(statuses),
            "after_due": after_due,
            "after_started": after_started,
            "limit": limit,
        }
        statement = self._statement
        rows = await driver.fetch(statement.driver_sql, *statement.arguments(values))
        if not rows:
            raise ProjectionUnknown(f"{NAME} has no live generation: prepare a runner")
        found = tuple(
            DeadlineRow(*list(row.values())[1:]) for row in rows if row["started"] is not None
        )
        last = found[-1] if len(found) == limit else None
        going_on = (last.due_at, last.started) if last is not None else None
        return DeadlinePage(found, going_on, rows[0]["head"])


def status_of(row: DeadlineRow) -> str:
    """Say how a deadline stands: open, breached, met, late or left."""
    if row.outcome is not None:
        return row.outcome
    return OPEN if row.breached is None else BREACHED
