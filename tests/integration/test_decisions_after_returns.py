"""Decisions in time that are reported after the lead has returned: the stays are as if in time."""

from collections.abc import AsyncIterator
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


DECISIONS: dict[str, dict[str, Any]] = {
    "lead.sales_accepted": {},
    "lead.sales_rejected": {"reason": "too_early"},
    "screening.attempted": {"reached": False},
}


def events_of(type: str, *, is_late: bool) -> list[Event]:
    """Report a decision in time, or only after the lead has returned automatically."""
    ledger = LedgerInMemory(returning_funnel())
    person = {"email": "hanako@acme.example"}

    def tell(type: str, at: datetime, **data: Any) -> None:
        ledger.at = max(at, ledger.at or at)
        outcome = ledger.send_one(type, lead=person, time=at.isoformat(), data=data)
        assert isinstance(outcome, Recorded), outcome

    tell("form.submitted", BEGAN)
    tell("lead.qualified", BEGAN)
    if type == "screening.attempted":
        tell("lead.sales_accepted", BEGAN)
    if is_late:
        ledger.at = RETURNED
        ledger.let_happen()
        assert ledger.records[-1].event.type == "lead.returned"
    tell(type, IN_TIME, **DECISIONS[type])
    return [event for event, _ in ledger.records]


@pytest.mark.parametrize("type", DECISIONS)
@pytest.mark.parametrize("batch_records", [1, 3, 2_000])
async def test_the_stays_are_those_of_a_decision_reported_in_time(
    ledger: StageLedger, postgres_server: PrivatePostgres, type: str, batch_records: int
) -> None:
    await ledger.append(events_of(type, is_late=True))
    await catch_up(await ledger.prepared_runner(batch_records=batch_records))
    async with stage_ledger(postgres_server) as twin:
        await twin.append(events_of(type, is_late=False))
        await twin.project()
        assert await ledger.fetch(KNOWN) == await twin.fetch(KNOWN)
        assert await ledger.fetch(COUNTS) == await twin.fetch(COUNTS)


@pytest.mark.parametrize("type", DECISIONS)
async def test_what_was_known_before_is_still_what_was_known_then(
    ledger: StageLedger, postgres_server: PrivatePostgres, type: str
) -> None:
    events = events_of(type, is_late=True)
    back = next(event.position for event in events if event.type == "lead.returned")
    await ledger.append(events)
    await ledger.project()
    async with stage_ledger(postgres_server) as twin:
        await twin.append(events[:back])
        await twin.project()
        known = KNOWN_BEFORE.format(at=back)
        assert await ledger.fetch(known) == await twin.fetch(known)


@pytest.mark.parametrize("type", DECISIONS)
async def test_a_rebuild_produces_the_same(ledger: StageLedger, type: str) -> None:
    await ledger.append(events_of(type, is_late=True))
    await catch_up(await ledger.prepared_runner(batch_records=1))
    built = await compare(ledger.engine, ledger.projection, schema=SCHEMA)
    assert built.comparison is not None
    assert built.comparison.first == ()
