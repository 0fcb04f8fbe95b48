"""Fold records into a projection and move its checkpoint, in the open transaction."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import asyncpg

from domain.event import Event
from events.database.sessions import Driver
from events.database.statements import Statement, load
from events.records import decode_event, has_parts
from projections.engine.failures import FoldFailed
from projections.engine.projection import Projection, State

Sql = Mapping[str, Statement]
Row: TypeAlias = "asyncpg.Record"


class Checkpoint(NamedTuple):
    """How far one generation of a projection has read."""

    generation: int
    version: int
    position: int
    failure: str | None


class Page(NamedTuple):
    """Records in ledger order: position and text."""

    rows: Sequence[Row]
    position: int
    """The position of the last record; for an empty page, the position after which it was read."""


def statements(schema: str) -> Sql:
    """Read the statements about checkpoints."""
    return load("projections", "engine/checkpoints.sql", schema)


async def checkpoint(driver: Driver, statement: Statement, **values: object) -> Checkpoint | None:
    """Read, take or hold a checkpoint row; None if no row is available."""
    row = await driver.fetchrow(statement.driver_sql, *statement.arguments(values))
    return Checkpoint(*row.values()) if row is not None else None


async def take_live(driver: Driver, sql: Sql, names: Sequence[str]) -> dict[str, Checkpoint]:
    """Hold the live checkpoints that no other process holds."""
    return await _by_name(driver, sql["take_live"], names)


async def read_live(driver: Driver, sql: Sql, names: Sequence[str]) -> dict[str, Checkpoint]:
    """Read the live checkpoints, whoever holds them."""
    return await _by_name(driver, sql["read_live"], names)


async def _by_name(
    driver: Driver, statement: Statement, names: Sequence[str]
) -> dict[str, Checkpoint]:
    rows = await driver.fetch(statement.driver_sql, *statement.arguments({"names": names}))
    return {name: Checkpoint(*rest) for name, *rest in (row.values() for row in rows)}


async def read_page(driver: Driver, sql: Sql, *, after: int, upto: int, limit: int) -> Page:
    """Read the records after a position."""
    statement = sql["read_records"]
    values = {"after": after, "upto": upto, "limit": limit}
    rows = await driver.fetch(statement.driver_sql, *statement.arguments(values))
    return Page(rows, rows[-1][0] if rows else after)


def decode(projections: Sequence[Projection[Any]], rows: Iterable[Row]) -> list[list[Event]]:
    """Return, for each projection, the events that it needs. Each record is decoded at most once.

    Raises:
        FoldFailed: If one of them cannot be decoded.
    """
    events: list[list[Event]] = [[] for _ in projections]
    needs = [(one.concerns, wanted.append) for one, wanted in zip(projections, events, strict=True)]
    position = 0
    try:
        for position, record in rows:  # noqa: B007 - the failure names it
            event: Event | None = None
            is_whole = not has_parts(record)
            for concerns, add in needs:
                if is_whole and not concerns(record):
                    continue
                if event is None:
                    event = decode_event(record)
                add(event)
    except Exception as error:
        raise FoldFailed(error, position) from error
    return events


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
        FoldFailed: If the fold fails on an event. Roll back the transaction and discard the state.
    """
    (events,) = decode([projection], page.rows)
    await fold(driver, projection, state, events, at=at)
    await move(driver, sql, projection.name, at, page)
    return at._replace(position=page.position)


async def fold(
    driver: Driver,
    projection: Projection[State],
    state: State,
    events: Sequence[Event],
    *,
    at: Checkpoint,
) -> None:
    """Fold events and write the rows that change. Raises FoldFailed."""
    if events:
        await projection.load(driver, at.generation, state, events)
        fold_all(projection, state, events)
        await projection.write(driver, at.generation, state)


def fold_all(projection: Projection[State], state: State, events: Sequence[Event]) -> None:
    """Fold events into the state. Raises FoldFailed with the position of the event that fails."""
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
    }
    moved = await driver.execute(statement.driver_sql, *statement.arguments(values))
    assert moved == "UPDATE 1", f"{name}: the checkpoint moved while it was held"


async def move_live(driver: Driver, sql: Sql, names: Sequence[str], page: Page) -> None:
    """Move the live checkpoints that this transaction holds to the end of a page."""
    statement = sql["move_live"]
    values = {"names": names, "position": page.position}
    moved = await driver.execute(statement.driver_sql, *statement.arguments(values))
    assert moved == f"UPDATE {len(names)}", f"expected to move {', '.join(names)}: {moved}"
