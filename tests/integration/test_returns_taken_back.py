"""An automatic return that is taken back: the stays are those of a lead that never returned."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any

import pytest

from domain.event import Event
from events.outcomes import Recorded
from projections.engine.rebuild import compare
from service.private_postgres import PrivatePostgres
from tests.support.ledger_in_memory import LedgerInMemory
from tests.support.stage_ledgers import SCHEMA, StageLedger, catch_up, stage_ledger
from tests.support.stories import jst, returning_funnel

BEGAN, IN_TIME = jst("2026-04-01T10:00"), jst("2026-04-02T10:00")
RETURNED = jst("2026-04-08T18:00")
HANAKO = {"email": "hanako@acme.example"}
Answer = tuple[str, Mapping[str, Any]]
KNOWN = (
    "SELECT pass_number, stage, before, is_first_entry, entered_at, left_at, exit_kind, next_stage "
    "FROM ledger.stage_intervals WHERE known_to IS NULL AND generation = 1 "
    "ORDER BY entered_at, stage, left_at"
)
COUNTS = (
    "SELECT stage, before, entries, standing FROM ledger.stage_counts "
    "WHERE breakdown = 'none' AND generation = 1 AND entries > 0 ORDER BY stage, before"
)
KNOWN_BEFORE = (
    "SELECT stage, entered_at, CASE WHEN exit_position <= {at} THEN left_at END "
    "FROM ledger.stage_intervals WHERE generation = 1 AND known_from <= {at} "
    "AND (known_to IS NULL OR known_to > {at}) ORDER BY entered_at, stage"
)


@pytest.fixture
async def ledger(postgres_server: PrivatePostgres) -> AsyncIterator[StageLedger]:
    async with stage_ledger(postgres_server) as opened:
        yield opened


ACCEPT: Answer = ("lead.sales_accepted", {})
REJECT: Answer = ("lead.sales_rejected", {"reason": "too_early"})
ATTEMPT: Answer = ("screening.attempted", {"reached": False})


def events_of(answer: Answer, *, is_late: bool) -> list[Event]:
    """Report an answer in time, or only after the lead has returned automatically."""
    ledger = LedgerInMemory(returning_funnel(), at=BEGAN)
    given = ["form.submitted", "lead.qualified", *(["lead.sales_accepted"] * (answer == ATTEMPT))]
    for type in given:
        tell(ledger, type, BEGAN)
    ledger.at = RETURNED
    if is_late:
        ledger.let_happen()
        assert ledger.records[-1].event.type == "lead.returned"
    tell(ledger, answer[0], IN_TIME, **answer[1])
    return [event for event, _ in ledger.records]


def tell(ledger: LedgerInMemory, type: str, at: datetime, **data: Any) -> None:
    outcome = ledger.send_one(type, lead=HANAKO, time=at.isoformat(), data=data)
    assert isinstance(outcome, Recorded), outcome


@pytest.mark.parametrize("answer", [ACCEPT, REJECT, ATTEMPT])
@pytest.mark.parametrize("batch_records", [1, 3, 2_000])
async def test_the_stays_are_those_of_a_lead_that_was_never_returned(
    ledger: StageLedger,
    postgres_server: PrivatePostgres,
    answer: Answer,
    batch_records: int,
) -> None:
    late = events_of(answer, is_late=True)
    await ledger.append(late)
    await catch_up(await ledger.prepared_runner(batch_records=batch_records))
    async with stage_ledger(postgres_server) as twin:
        await twin.append(events_of(answer, is_late=False))
        await twin.project()
        assert await ledger.fetch(KNOWN) == await twin.fetch(KNOWN)
        assert await ledger.fetch(COUNTS) == await twin.fetch(COUNTS)


@pytest.mark.parametrize("answer", [ACCEPT, REJECT, ATTEMPT])
async def test_what_was_known_before_is_still_what_was_known_then(
    ledger: StageLedger, postgres_server: PrivatePostgres, answer: Answer
) -> None:
    events = events_of(answer, is_late=True)
    back = next(event.position for event in events if event.type == "lead.returned")
    await ledger.append(events)
    await ledger.project()
    async with stage_ledger(postgres_server) as twin:
        await twin.append(events[:back])
        await twin.project()
        known = KNOWN_BEFORE.format(at=back)
        assert await ledger.fetch(known) == await twin.fetch(known)


@pytest.mark.parametrize("answer", [ACCEPT, REJECT, ATTEMPT])
async def test_a_rebuild_produces_the_same(ledger: StageLedger, answer: Answer) -> None:
    await ledger.append(events_of(answer, is_late=True))
    await catch_up(await ledger.prepared_runner(batch_records=1))
    built = await compare(ledger.engine, ledger.projection, schema=SCHEMA)
    assert built.comparison is not None
    assert built.comparison.first == ()


def told_after_a_restatement(*, is_taken_back: bool) -> list[Event]:
    """Report a rejection in time, after a correction has attributed all stays to one report."""
    ledger = LedgerInMemory(returning_funnel())
    asked = ledger.send_one("contact.requested", lead=HANAKO, time=BEGAN.isoformat())
    assert isinstance(asked, Recorded)
    ledger.let_happen()
    fields = {"event": str(asked.position), "fields": {"form": "other"}}
    ledger.send_one("event.corrected", data=fields)
    events_of = {"lead": HANAKO, "time": IN_TIME.isoformat(), "data": {"reason": "student"}}
    rejected = ledger.send_one("lead.sales_rejected", **events_of)
    assert isinstance(rejected, Recorded)
    if is_taken_back:
        ledger.send_one("event.voided", data={"event": str(rejected.position)})
        ledger.let_happen()
    return [event for event, _ in ledger.records]


@pytest.mark.parametrize("batch_records", [1, 2_000])
async def test_only_the_returned_stay_continues_of_those_that_end_at_one_report(
    ledger: StageLedger, batch_records: int
) -> None:
    await ledger.append(told_after_a_restatement(is_taken_back=False))
    await catch_up(await ledger.prepared_runner(batch_records=batch_records))

    known = await ledger.fetch(KNOWN)
    leads = [row[1] for row in known if row[1] != "PROSPECT"]
    assert sorted(leads) == ["DISQUALIFIED", "MAL", "ML", "MQL"]


@pytest.mark.parametrize("batch_records", [1, 3, 2_000])
async def test_a_decision_that_took_back_a_return_may_be_taken_back_itself(
    ledger: StageLedger, batch_records: int
) -> None:
    await ledger.append(told_after_a_restatement(is_taken_back=True))
    await catch_up(await ledger.prepared_runner(batch_records=batch_records))

    counted = {row[0]: row[2:] for row in await ledger.fetch(COUNTS) if row[1] == "ML MAL"}
    assert counted == {"MQL": (1, 0)}
    built = await compare(ledger.engine, ledger.projection, schema=SCHEMA)
    assert built.comparison is not None
    assert built.comparison.first == ()
