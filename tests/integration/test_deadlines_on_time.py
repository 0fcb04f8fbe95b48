"""What happens automatically on a real ledger whose clock is set ahead, without any request."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.lead.state import LeadState
from events.append.ledger import Ledger
from events.append.queue import Queue
from events.background.timekeeper import Timekeeper
from events.outcomes import Recorded
from service.private_postgres import PrivatePostgres
from tests.support.clocks import turn, turn_to
from tests.support.http_service import SCHEMA
from tests.support.ledger_on_postgres import (
    LedgerOnPostgres,
    decision,
    form,
    ledger_on_postgres,
    send,
)
from tests.support.verified import Verified, verify

AT_LEAST = timedelta(microseconds=1)


@pytest.fixture
async def on(postgres_server: PrivatePostgres) -> AsyncIterator[LedgerOnPostgres]:
    async with ledger_on_postgres(postgres_server) as lent:
        yield lent


async def qualified(on: LedgerOnPostgres, email: str = "hanako@example.co.jp") -> datetime:
    """Qualify a lead, and return when it must be accepted or rejected."""
    who = email.partition("@")[0]
    recorded = await on.send(
        form(f"form {who}", email), decision(f"q {who}", "lead.qualified", email)
    )
    assert all(isinstance(one, Recorded) for one in recorded)
    (row,) = await on.as_owner(
        "SELECT record FROM ledger.events WHERE type = 'deadline.started' "
        "ORDER BY position DESC LIMIT 1"
    )
    due = datetime.fromisoformat(row["record"].split('"due":"')[1].split('"')[0])
    assert due > datetime.now(UTC)
    return due


async def types(on: LedgerOnPostgres) -> list[str]:
    rows = await on.as_owner(
        "SELECT type FROM ledger.events WHERE type LIKE 'deadline.%' OR type LIKE 'lead.sales%' "
        "ORDER BY position"
    )
    return [row["type"] for row in rows]


class Keeper:
    """A separate process that looks for what is due."""

    def __init__(self, on: LedgerOnPostgres, ledger: Ledger) -> None:
        self.queue = Queue(ledger, lambda _: None)
        self.timekeeper = Timekeeper(on.engine, SCHEMA, self.queue)
        self.queue.start()

    async def look(self) -> int:
        return await self.timekeeper.look()


async def verified(on: LedgerOnPostgres) -> Verified:
    return await verify(on.engine, schema=SCHEMA)


async def test_a_deadline_passes_without_any_request(on: LedgerOnPostgres) -> None:
    due = await qualified(on)
    keeper = Keeper(on, on.ledger)
    assert await keeper.look() == 0
    await turn_to(on, due + timedelta(seconds=1))
    assert await keeper.look() == 1
    assert await types(on) == ["deadline.started", "deadline.breached"]
    assert await keeper.look() == 0
    await keeper.queue.close()
    (row,) = await on.as_owner(
        "SELECT occurred_at FROM ledger.events WHERE type = 'deadline.breached'"
    )
    assert row["occurred_at"] == due
    found = await verified(on)
    assert (found.not_decided_again, found.clock_ahead_s > 0) == (0, True)


async def test_a_deadline_found_due_by_two_processes_passes_once(on: LedgerOnPostgres) -> None:
    dues = [await qualified(on, f"lead-{number}@example.co.jp") for number in range(20)]
    keepers = [Keeper(on, on.ledger), Keeper(on, await on.another())]
    await turn_to(on, max(dues) + timedelta(seconds=1))
    for _ in range(3):
        await asyncio.gather(*(keeper.look() for keeper in keepers))
    for keeper in keepers:
        await keeper.queue.close()
    (row,) = await on.as_owner(
        "SELECT count(*) AS fired, count(DISTINCT subject_id) AS leads FROM ledger.events "
        "WHERE type = 'deadline.breached'"
    )
    assert tuple(row.values()) == (20, 20)
    await verified(on)


async def test_deadlines_missed_while_the_service_was_down_precede_later_reports(
    on: LedgerOnPostgres,
) -> None:
    due = await qualified(on)
    await on.ledger.close()
    await turn_to(on, due + timedelta(days=7))
    started_again = await on.another()
    decided: dict[str, Any] = {
        **decision("accepted", "lead.sales_accepted"),
        "time": (due + AT_LEAST).isoformat(),
    }
    (outcome,) = await send(started_again, decided)
    assert isinstance(outcome, Recorded)
    assert (await types(on))[:4] == [
        "deadline.started",
        "deadline.breached",
        "lead.sales_accepted",
        "deadline.started",
    ]
    await verified(on)


async def test_a_decision_at_the_very_moment_is_in_time(on: LedgerOnPostgres) -> None:
    due = await qualified(on)
    await turn_to(on, due + timedelta(hours=1))
    # The writer sees the new clock with its next append.
    visit = {"type": "visit.recorded", "lead": {"anonymous_id": "somebody else"}}
    await on.send({"id": "clock", "source": "test", **visit})
    await on.send({**decision("a", "lead.sales_accepted"), "time": due.isoformat()})
    assert "deadline.met" in await types(on)


async def test_a_time_in_the_future_is_replaced_by_the_receipt(on: LedgerOnPostgres) -> None:
    await on.send(form("form"))
    ahead = (datetime.now(UTC) + timedelta(hours=20)).isoformat()
    (outcome,) = await on.send({**decision("q", "lead.qualified"), "time": ahead})
    assert isinstance(outcome, Recorded)
    (row,) = await on.as_owner("SELECT min(due_at) AS due_at FROM ledger.subjects")
    assert row["due_at"] < datetime.now(UTC) + timedelta(days=20)


async def test_only_the_owner_can_set_the_clock_of_a_ledger(on: LedgerOnPostgres) -> None:
    async with on.engine.connect() as connection:
        statement = "UPDATE ledger.ledger_head SET clock_ahead = interval '1 day'"
        with pytest.raises(Exception, match="permission denied"):
            await connection.exec_driver_sql(statement)


async def test_a_silent_lead_becomes_dormant_and_the_clock_set_ahead_is_followed(
    on: LedgerOnPostgres,
) -> None:
    await on.send(form("form"))
    keeper = Keeper(on, on.ledger)
    await turn(on, timedelta(days=182))
    assert await keeper.look() == 1
    await on.send(form("again"))
    await keeper.queue.close()
    (remembered,) = [
        subject.state
        for subject in on.ledger.memory.subjects.values()
        if subject is not None and isinstance(subject.state, LeadState)
    ]
    assert remembered.timers["dormant"].due_at > datetime.now(UTC) + timedelta(days=182 + 179)
    (row,) = await on.as_owner(
        "SELECT count(*) AS dormant FROM ledger.events WHERE type = 'lead.dormant'"
    )
    assert row["dormant"] == 1
    await verified(on)
