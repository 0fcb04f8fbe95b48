"""The cost of events that are reported late: a lead is decided again by time."""

from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any

from tests.bench.figures import Figure, Pair, at_least, at_most, figure_of
from tests.bench.ledgers import Written, written
from tests.bench.mix import Event, events_of
from tests.bench.servers import Bench
from tests.support.verified import verify

LATER_EVENTS = 500
ACTIVITIES = ("visit.recorded", "content.viewed", "email.opened", "email.clicked")
FEW, MANY = 4, 20
"""Events of a lead in a table."""
TOGETHER = 100
"""Events of a table in one batch: deciding hundreds of leads again in one takes a second or more on
a busy machine, which then proposes no time for the batch that the database accepts."""
BEGIN = datetime.now(UTC) - timedelta(days=80)
OLD = datetime(2024, 4, 1, tzinfo=UTC)


async def measure(bench: Bench) -> list[Figure]:
    """Return what late reports cost, against the same reports in order."""
    async with AsyncExitStack() as ledgers:
        in_order, reverse, other = [
            await ledgers.enter_async_context(written(bench, f"late_{name}"))
            for name in ("in_order", "reverse", "other")
        ]
        rounds, count = bench.sizes.rounds, bench.sizes.appended
        tables = [
            await _tables(in_order, reverse, count, each=each, rounds=rounds, aim=aim)
            for each, aim in ((FEW, 1 / 3), (MANY, 1 / 10))
        ]
        verified = [
            Pair(await _verified(in_order), await _verified(reverse)) for _ in range(rounds)
        ]
        return [
            await _one(other, rounds),
            *tables,
            await _old_history(other, count),
            figure_of(
                "verify, tables in reverse order",
                verified,
                unit="records/s",
                aim=None,
                note="vs the same tables in order",
            ),
        ]


async def _one(ledger: Written, rounds: int) -> Figure:
    """Report the first contact of a person with a long history."""
    later = [_event("one", number, 2 + number) for number in range(LATER_EVENTS)]
    await ledger.append(ledger.batches(later))
    seconds = []
    for number in range(rounds):
        first = {**_event("one", LATER_EVENTS + number, -number), "type": "card.captured"}
        seconds.append(await ledger.append(ledger.batches([{**first, "data": {}}])))
    return Figure(
        f"late report, {LATER_EVENTS} later events",
        "ms",
        min(seconds) * 1_000,
        aim=at_most(100),
        note="with reading the lead's history",
    )


async def _tables(
    in_order: Written, reverse: Written, count: int, *, each: int, rounds: int, aim: float
) -> Figure:
    pairs = []
    for number in range(rounds):
        table = _table(f"{each}-{number}", count, each)
        rates = [
            count / await ledger.append(ledger.batches(events, TOGETHER))
            for ledger, events in ((in_order, table), (reverse, table[::-1]))
        ]
        pairs.append(Pair(*rates))
    return figure_of(
        f"a table in reverse order, {each} events a lead",
        pairs,
        unit="events/s",
        aim=at_least(round(aim, 2)),
        note="vs in order",
    )


async def _old_history(ledger: Written, count: int) -> Figure:
    """Import events of years ago in the order of their times."""
    before = ledger.ledger.memory.position
    await ledger.append(ledger.batches(events_of("old", count, end=OLD)))
    driver = await ledger.founded.engine.connect()
    try:
        restated: Any = await driver.exec_driver_sql(
            f"SELECT count(*) FROM {ledger.founded.schema}.events "
            f"WHERE type LIKE '%.restated' AND position > {before}"
        )
        found = restated.scalar()
    finally:
        await driver.close()
    return Figure("restatements per event, old history", "", found / count, aim=at_most(0.001))


async def _verified(ledger: Written) -> float:
    began = perf_counter()
    await verify(
        ledger.founded.engine, schema=ledger.founded.schema, digests=ledger.founded.digests
    )
    return ledger.ledger.memory.position / (perf_counter() - began)


def _table(tag: str, count: int, each: int) -> list[Event]:
    """Return events of people in the order of time: a form each, and what they do after it."""
    people = count // each
    return [
        _event(f"{tag}-{person}", turn, turn * people + person)
        for turn in range(each)
        for person in range(people)
    ]


def _event(whom: str, number: int, minute: int) -> Event:
    address = f"person@company-{whom}.example"
    return {
        "id": f"late-{whom}-{number}",
        "type": "form.submitted" if number == 0 else ACTIVITIES[number % len(ACTIVITIES)],
        "time": (BEGIN + timedelta(minutes=minute)).isoformat(),
        "lead": {"email": address, "user_id": address},
        "data": {},
    }
