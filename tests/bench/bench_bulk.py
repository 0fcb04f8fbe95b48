"""NDJSON over HTTP, compared with a binary COPY of the resulting rows, over one connection."""

from collections.abc import Sequence
from time import perf_counter
from typing import Any

import orjson
from sqlalchemy.ext.asyncio import AsyncEngine

from events.database.sessions import Driver, open_session
from events.limits import APPEND_ITEMS_MAX
from tests.bench.figures import Figure, Pair, at_least, figure_of
from tests.bench.servers import Bench, Founded, Server, Unexpected, founded, serving

EVENTS = (
    *("position", "source", "id", "subject_id", "subject_version", "type"),
    *("occurred_at", "recorded_at", "leaf", "record", "seal"),
)
PERSONAL = ("position", "salt", "content", "fingerprint")

Rows = Sequence[Sequence[Any]]


async def measure(bench: Bench) -> list[Figure]:
    """Return how many events per second are streamed.

    The floor's tables belong to another ledger, so they are identical. It gets the rows of each
    round right after the ledger does, in transactions of the same size.
    """
    pairs: list[Pair] = []
    rows_each = 0.0
    async with founded(bench, "bulk") as ledger, founded(bench, "bulk_floor") as floor:
        with serving(bench, ledger) as service:
            await stream(service, "warm", min(2_000, bench.sizes.streamed))
            for number in range(bench.sizes.rounds):
                before = await _head(ledger)
                measured = await stream(service, f"bulk-{number}", bench.sizes.streamed)
                floor_rate, rows = await _copy(ledger, floor, before, bench.sizes.streamed)
                pairs.append(Pair(floor_rate, measured))
                rows_each = rows / bench.sizes.streamed
    note = f"{bench.sizes.streamed} lines a body, {rows_each:.2f} rows of the log for each"
    return [
        figure_of("bulk NDJSON over HTTP", pairs, unit="events/s", aim=at_least(0.8), note=note)
    ]


async def stream(service: Server, tag: str, count: int) -> float:
    """Stream `count` lines; return how many per second were recorded."""
    run = await service.fulfil("200", kind="lines", requests=count, tag=tag)
    answer = orjson.loads(run.last_body)
    if answer["recorded"] != count:
        raise Unexpected(f"expected {count} recorded, found {run.last_body[:500]}")
    return count / run.seconds


async def _copy(ledger: Founded, floor: Founded, after: int, count: int) -> tuple[float, int]:
    """Copy rows after a position into the floor's tables; return events per second, and rows."""
    events, personal = await _rows(ledger.engine, ledger.schema, after)
    each = round(APPEND_ITEMS_MAX * len(events) / count)
    session = await open_session(floor.engine)
    try:
        seconds = 0.0
        for at in range(0, len(events), each):
            part = events[at : at + each]
            first, last = part[0][0], part[-1][0]
            beside = [row for row in personal if first <= row[0] <= last]
            began = perf_counter()
            await _copy_batch(session.driver, floor.schema, part, beside)
            seconds += perf_counter() - began
    finally:
        await session.close()
    return count / seconds, len(events)


async def _copy_batch(driver: Driver, schema: str, events: Rows, personal: Rows) -> None:
    async with driver.transaction():
        await driver.copy_records_to_table(
            "events", schema_name=schema, columns=EVENTS, records=events
        )
        await driver.copy_records_to_table(
            "event_personal", schema_name=schema, columns=PERSONAL, records=personal
        )


async def _rows(engine: AsyncEngine, schema: str, after: int) -> tuple[Rows, Rows]:
    session = await open_session(engine)
    try:
        events, personal = [
            await session.driver.fetch(
                f"SELECT {', '.join(columns)} FROM {schema}.{table} "
                "WHERE position > $1 ORDER BY position",
                after,
            )
            for table, columns in (("events", EVENTS), ("event_personal", PERSONAL))
        ]
    finally:
        await session.close()
    return [tuple(row) for row in events], [tuple(row) for row in personal]


async def _head(ledger: Founded) -> int:
    session = await open_session(ledger.engine)
    try:
        position = await session.driver.fetchval(
            f"SELECT position FROM {ledger.schema}.ledger_head"
        )
        return int(position)
    finally:
        await session.close()
