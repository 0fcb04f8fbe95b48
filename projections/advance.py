"""Take records into a projection and move its checkpoint, in the transaction that is open."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from domain.events import Event
from events.records import decode_event
from events.sessions import Driver
from events.statements import Statement, load
from projections.failures import FoldFailed
from projections.projection import Projection, State

Sql = Mapping[str, Statement]


class Checkpoint(NamedTuple):
    """How far one generation of a projection has read."""

    generation: int
    version: int
    position: int
    failure: str | None


class Page(NamedTuple):
    """Records in the order of the ledger, as far as a projection has to see them."""

    events: Sequence[Event]
    records: int
    """How many were read, those that concern nobody included."""
    position: int
    recorded_at: datetime | None


def statements(schema: str) -> Sql:
    """Read the statements about checkpoints."""
    return load("projections", "checkpoints.sql", schema)


async def checkpoint(driver: Driver, statement: Statement, **values: object) -> Checkpoint | None:
    """Read, take or hold a checkpoint row; None if there is none to be had."""
    row = await driver.fetchrow(statement.driver_sql, *statement.arguments(values))
    return Checkpoint(*row.values()) if row is not None else None


async def read_page(
    driver: Driver, sql: Sql, projection: Projection[Any], *, after: int, upto: int, limit: int
) -> Page:
    """Read and decode the records after a position.

    Raises:
        FoldFailed: If a record that concerns the projection cannot be decoded.
    """
    statement = sql["read_records"]
    values = {"after": after, "upto": upto, "limit": limit}
    rows = await driver.fetch(statement.driver_sql, *statement.arguments(values))
    events: list[Event] = []
    concerns, position = projection.concerns, after
    try:
        for position, _, record in rows:  # noqa: B007 - the failure names it
            if concerns(record):
                events.append(decode_event(record))
    except Exception as error:
        raise FoldFailed(error, position) from error
    if not rows:
        return Page((), 0, after, None)
    last = rows[-1]
    return Page(events, len(rows), last["position"], last["recorded_at"])


async def advance(
    driver: Driver,
    sql: Sql,
    projection: Projection[State],
    state: State,
    *,
    at: Checkpoint,
    page: Page,
) -> Checkpoint:
    """Fold a page, write its rows and move the checkpoint that this transaction holds.

    Raises:
        FoldFailed: If the fold cannot take an event; the transaction must be rolled back, and the
            state thrown away.
    """
    if page.events:
        await projection.load(driver, at.generation, state, page.events)
        fold_all(projection, state, page.events)
        await projection.write(driver, at.generation, state)
    await move(driver, sql, projection.name, at, page)
    return at._replace(position=page.position)


def fold_all(projection: Projection[State], state: State, events: Sequence[Event]) -> None:
    """Fold events into the state, and name the one that it cannot take."""
    event: Event | None = None
    fold = projection.fold
    try:
        for event in events:
            fold(state, event)
    except Exception as error:
        assert event is not None
        raise FoldFailed(error, event.position) from error


async def move(driver: Driver, sql: Sql, name: str, at: Checkpoint, page: Page) -> None:
    """Move the checkpoint that this transaction holds to the end of a page."""
    statement = sql["move"]
    values = {
        "name": name,
        "generation": at.generation,
        "after": at.position,
        "position": page.position,
        "recorded_at": page.recorded_at,
    }
    moved = await driver.execute(statement.driver_sql, *statement.arguments(values))
    assert moved == "UPDATE 1", f"{name}: the checkpoint moved while it was held"
