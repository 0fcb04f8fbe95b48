"""A fault in one event or lead harms only that one, which is retried once the fault is fixed."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from events.append.ledger import Ledger
from events.append.queue import Queue
from events.background.reassessor import Reassessor
from events.background.timekeeper import Timekeeper
from events.database.failures import LedgerUnavailable
from events.lifecycles.publish import publication
from events.lifecycles.shipped import shipped_text
from events.limits import STRIDE_LEADS
from events.outcomes import Duplicate, Outcome, Recorded
from events.refusals import Refused
from events.seals import Seals
from events.signals.context import Context
from events.submission import Submission
from service.private_postgres import PrivatePostgres
from tests.integration.test_deadlines_on_time import qualified
from tests.support.broken_leads import break_leads, mend_leads, unreadable
from tests.support.clocks import turn
from tests.support.http_service import SCHEMA
from tests.support.ledger_in_memory import DIGESTS, SENDER
from tests.support.ledger_on_postgres import (
    LedgerOnPostgres,
    form,
    ledger_on_postgres,
    submission_of,
)

BROKEN = "broken@example.co.jp"
A_MONTH = timedelta(days=30)


@pytest.fixture
async def on(postgres_server: PrivatePostgres) -> AsyncIterator[LedgerOnPostgres]:
    async with ledger_on_postgres(postgres_server) as lent:
        yield lent
        lent.faults.clear()


def lead_of(outcome: Outcome) -> str:
    assert isinstance(outcome, Recorded), outcome
    assert outcome.lead is not None
    return outcome.lead


async def broken(on: LedgerOnPostgres, *addresses: str) -> tuple[str, ...]:
    """Report leads, break them, and clear the writer's cache."""
    reported = await on.send(*(form(f"first {one.partition('@')[0]}", one) for one in addresses))
    leads = tuple(map(lead_of, reported))
    await break_leads(on.owner_url, *leads)
    on.ledger.forget()
    return leads


async def mended(on: LedgerOnPostgres, *leads: str) -> None:
    await mend_leads(on.owner_url, *leads)
    on.ledger.forget()


@asynccontextmanager
async def keeping(on: LedgerOnPostgres) -> AsyncIterator[tuple[Timekeeper, Queue]]:
    """Put a queue in front of the ledger, and look for what is due."""
    queue = Queue(on.ledger, lambda _: None)
    queue.start()
    yield Timekeeper(on.engine, SCHEMA, queue), queue
    await queue.close()


def publication_of(ledger: Ledger, text: str) -> Submission:
    context = Context(ledger.memory.compiled.lifecycle, DIGESTS, SENDER, ledger.now())
    id = f"publication-{ledger.memory.lifecycle_version}"
    return Submission((publication(text, {}, id=id, context=context),))


def results(outcomes: Sequence[Sequence[Outcome]]) -> list[str]:
    """Return the outcome of each item."""
    return [
        one.refusal.reason if isinstance(one, Refused) else type(one).__name__
        for outcome in outcomes
        for one in outcome
    ]


async def set_aside(on: LedgerOnPostgres) -> list[tuple[str, int, str]]:
    rows = await on.as_owner(
        "SELECT CAST(lead_id AS text), tries, error FROM ledger.leads_set_aside ORDER BY since"
    )
    return [tuple(row.values()) for row in rows]


async def count(on: LedgerOnPostgres, type: str) -> int:
    (row,) = await on.as_owner("SELECT count(*) AS events FROM ledger.events WHERE type = $1", type)
    return int(row["events"])


async def test_an_event_that_cannot_be_decided_fails_alone(on: LedgerOnPostgres) -> None:
    (lead,) = await broken(on, BROKEN)
    batch = [
        submission_of(form("before", "a@example.co.jp")),
        submission_of(
            form("first", "b@example.co.jp"), form("fault", BROKEN), form("last", "c@example.co.jp")
        ),
        submission_of(form("after", "d@example.co.jp")),
    ]
    with capture_logs() as logs:
        appended = await on.ledger.append(batch)
    assert results(appended.outcomes) == [
        *("Recorded", "Recorded", "internal-error", "Recorded", "Recorded"),
    ]
    assert await on.refusals() == [("fault", "internal-error")]
    assert on.faults == ["deciding"]
    (line,) = [entry for entry in logs if entry["event"] == "ledger.item_failed"]
    assert (line["error"], line["type"]) == ("KeyError", "form.submitted")
    assert line["where"][-1].split()[-1] == "firing"
    assert BROKEN not in str(logs)

    assert results([await on.send(form("fault", BROKEN))]) == ["internal-error"]
    await mended(on, lead)
    assert results([await on.send(form("fault", BROKEN))]) == ["Recorded"]
    assert results([await on.send(form("fault", BROKEN))]) == ["Duplicate"]


async def test_an_event_recorded_before_a_fault_is_a_duplicate_despite_it(
    on: LedgerOnPostgres,
) -> None:
    await broken(on, BROKEN)
    (outcome,) = await on.send(form("first broken", BROKEN))
    assert isinstance(outcome, Duplicate)


async def test_a_strict_batch_with_a_fault_records_nothing(on: LedgerOnPostgres) -> None:
    await broken(on, BROKEN)
    strict = submission_of(form("good", "a@example.co.jp"), form("f", BROKEN), is_strict=True)
    appended = await on.ledger.append([strict, submission_of(form("other", "b@example.co.jp"))])
    assert results(appended.outcomes) == ["batch-refused", "internal-error", "Recorded"]
    assert {id for _, id, type in await on.recorded() if type == "form.submitted"} == {
        "first broken",
        "other",
    }


async def test_an_event_of_a_lead_that_cannot_be_read_fails_alone(on: LedgerOnPostgres) -> None:
    lead = lead_of((await on.send(form("first", BROKEN)))[0])
    on.ledger.forget()
    batch = [submission_of(form(f"e{n}", f"n{n}@example.co.jp")) for n in range(5)]
    batch.insert(2, submission_of(form("x", "x@example.co.jp"), form("fault", BROKEN)))
    async with unreadable(on.owner_url, lead):
        appended = await on.ledger.append(batch)
    expected = ["Recorded"] * 7
    expected[3] = "internal-error"
    assert results(appended.outcomes) == expected
    assert await on.refusals() == [("fault", "internal-error")]
    on.ledger.forget()
    assert results([await on.send(form("fault", BROKEN))]) == ["Recorded"]


async def test_timers_that_cannot_fire_do_not_delay_others(on: LedgerOnPostgres) -> None:
    """The broken ones fill more than a batch and are the most overdue, so they would come first."""
    await qualified(on, "bystander@example.co.jp")
    leads = await broken(on, *(f"{n}@broken.example" for n in range(STRIDE_LEADS + 1)))
    await turn(on, A_MONTH)
    async with keeping(on) as (keeper, _):
        for _ in range(3):
            await keeper.look()
        assert await count(on, "deadline.breached") == 1
        assert {(lead, *rest) for lead, *rest in await set_aside(on)} == {
            (lead, 1, "KeyError") for lead in leads
        }
        assert on.faults == ["timers"] * len(leads)
        # They are skipped until it is time to retry.
        assert await keeper.look() == 0


async def test_a_lead_that_was_set_aside_continues_once_it_is_repaired(
    on: LedgerOnPostgres,
) -> None:
    (lead,) = await broken(on, BROKEN)
    async with keeping(on) as (keeper, _):
        await keeper.look()
        assert await keeper.retry(lead) is False
        assert await set_aside(on) == [(lead, 2, "KeyError")]
        await mended(on, lead)
        assert await keeper.retry(lead) is True
        assert await set_aside(on) == []
        assert await keeper.retry(lead) is None


async def test_a_restart_retries_all_leads_that_were_set_aside(on: LedgerOnPostgres) -> None:
    leads = await broken(on, BROKEN, "second@example.co.jp")
    async with keeping(on) as (keeper, _):
        await keeper.look()
        await mended(on, leads[0])
        await keeper.retry_all()
        await keeper.look()
        assert await set_aside(on) == [(leads[1], 2, "KeyError")]


async def test_a_lead_that_cannot_be_reassessed_does_not_hold_others_under_the_old_lifecycle(
    on: LedgerOnPostgres,
) -> None:
    await on.send(*(form(f"good-{n}", f"{n}@example.co.jp") for n in range(3)))
    (lead,) = await broken(on, BROKEN)
    for text in ("competitor_domains: [a.example]", "competitor_domains: [b.example]"):
        funnel = shipped_text("demand_funnel").replace("competitor_domains: []", text, 1)
        await on.ledger.append([publication_of(on.ledger, funnel)])
    async with keeping(on) as (_, queue):
        reassessor = Reassessor(on.engine, SCHEMA, on.ledger.lifecycles, queue)
        for _ in range(12):
            if (await reassessor.look()).is_done:
                break
        else:
            pytest.fail("the reassessor never comes to an end")
    rows = await on.as_owner(
        "SELECT CAST(subject_id AS text) AS lead, lifecycle FROM ledger.subjects "
        "WHERE kind = 'lead' AND lifecycle < 3"
    )
    assert [tuple(row.values()) for row in rows] == [(lead, 1)]
    assert await set_aside(on) == [(lead, 1, "KeyError")]


class BrokenSeals(Seals):
    """Seals with a bug, which concerns events and refusals alike."""

    is_broken = True

    def of_event(self, *sealed: Any, **also: Any) -> bytes:
        self._stumble()
        return super().of_event(*sealed, **also)

    def of_refusal(self, *sealed: Any) -> bytes:
        self._stumble()
        return super().of_refusal(*sealed)

    def _stumble(self) -> None:
        if self.is_broken:
            raise KeyError("the address is hanako@example.co.jp")


async def test_a_fault_that_prevents_keeping_a_refusal_is_not_a_refusal(
    on: LedgerOnPostgres,
) -> None:
    """A sender that gets a refusal may forget the event, so the refusal must be on disk."""
    seals = BrokenSeals(*[bytes(32)] * 3)
    ledger = Ledger(on.engine, SCHEMA, seals)
    await ledger.open()
    queue = Queue(ledger, lambda _: None)
    queue.start()
    with pytest.raises(LedgerUnavailable):
        await queue.submit(submission_of(form("lost")))
    seals.is_broken = False
    (outcome,) = await queue.submit(submission_of(form("lost")))
    await queue.close()
    assert isinstance(outcome, Recorded)
