"""The counts of what came in, on a real ledger: whoever writes, and whatever breaks in between."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from events.append.ledger import Ledger
from events.append.plan import Plan
from events.database.sessions import Driver
from events.outcomes import Duplicate, Recorded
from events.signals.sender import ANY_SOURCE
from events.submission import Submission
from service.private_postgres import PrivatePostgres
from tests.support.http_service import SCHEMA, SEALS
from tests.support.ledger_in_memory import SENDER, item_of
from tests.support.ledger_on_postgres import (
    LedgerOnPostgres,
    form,
    ledger_on_postgres,
    send,
)

Counts = dict[tuple[str, str, str], int]


@pytest.fixture
async def on(postgres_server: PrivatePostgres) -> AsyncIterator[LedgerOnPostgres]:
    async with ledger_on_postgres(postgres_server) as ledger:
        yield ledger


async def counts(on: LedgerOnPostgres) -> Counts:
    rows = await on.as_owner(
        "SELECT source, outcome, reason, sum(items) AS items FROM ledger.intake_counts"
        " GROUP BY source, outcome, reason"
    )
    return {(row["source"], row["outcome"], row["reason"]): int(row["items"]) for row in rows}


def unknown(id: str) -> dict[str, Any]:
    return {**form(id), "type": "no.such"}


async def test_each_outcome_is_counted_with_the_batch(on: LedgerOnPostgres) -> None:
    await on.send(form("1"), form("1"), unknown("2"))
    await on.send(form("1"))
    await on.send(form("3"), unknown("4"), is_strict=True)
    assert await counts(on) == {
        ("test", "recorded", ""): 1,
        ("test", "duplicate", ""): 2,
        ("test", "refused", "event-type-unknown"): 2,
        ("test", "ignored", "batch-refused"): 1,
    }


async def test_two_writers_count_in_the_same_rows(on: LedgerOnPostgres) -> None:
    other = await on.another()
    sent = Counter[str]()

    async def write(ledger: Ledger, name: str) -> None:
        for number in range(15):
            outcomes = await send(ledger, form(f"{name}-{number}"), form(f"both-{number}"))
            sent.update(
                "recorded" if isinstance(outcome, Recorded) else "duplicate" for outcome in outcomes
            )

    await asyncio.gather(write(on.ledger, "one"), write(other, "two"))
    assert sent == {"recorded": 45, "duplicate": 15}
    assert await counts(on) == {("test", outcome, ""): items for outcome, items in sent.items()}


class Cut(Ledger):
    """A writer that loses its connection once: with its first batch, or after that is committed."""

    is_cut = False
    commits_first = False

    async def _write_rows(self, driver: Driver, plan: Plan) -> None:
        if self.is_cut:
            return await super()._write_rows(driver, plan)
        self.is_cut = True
        if self.commits_first:
            await super()._write_rows(driver, plan)
        raise asyncpg.ConnectionDoesNotExistError


async def cut(on: LedgerOnPostgres, *, commits_first: bool) -> Ledger:
    ledger = Cut(on.engine, SCHEMA, SEALS)
    ledger.commits_first = commits_first
    await ledger.open()
    on.others.append(ledger)
    return ledger


async def test_a_batch_whose_answer_is_lost_is_not_counted_twice(on: LedgerOnPostgres) -> None:
    ledger = await cut(on, commits_first=True)
    outcomes = await send(ledger, form("1"), form("1", email="x@example.co.jp"))
    assert isinstance(outcomes[0], Duplicate)
    assert await counts(on) == {
        ("test", "recorded", ""): 1,
        ("test", "refused", "event-id-reused"): 1,
    }


async def test_a_batch_that_is_lost_counts_what_is_recorded_after_all(on: LedgerOnPostgres) -> None:
    await on.send(form("0"))
    ledger = await cut(on, commits_first=False)
    await send(ledger, form("0"), form("1"), unknown("2"))
    assert await counts(on) == {("test", "recorded", ""): 2}


async def test_a_day_has_a_bounded_number_of_sources(
    on: LedgerOnPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("events.append.statement_arguments.INTAKE_SOURCES_MAX", 3)
    await on.send(form("1"))
    sender = SENDER._replace(sources=("test", ANY_SOURCE))
    for id in ("2", "3"):
        named = [{**form(id), "source": f"source-{number}"} for number in range(4)]
        items = tuple(item_of(event, sender=sender, received_at=on.ledger.now()) for event in named)
        await on.ledger.append([Submission(items)])
    assert await counts(on) == {
        ("test", "recorded", ""): 1,
        ("source-0", "recorded", ""): 2,
        ("source-1", "recorded", ""): 2,
        ("", "recorded", ""): 4,
    }
