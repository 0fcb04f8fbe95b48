"""An automatic return that is taken back: the stays are those of a lead that never returned."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime

import pytest

from domain.event import Event, Subject
from domain.lifecycle.definition import SubjectKind
from events.outcomes import Recorded
from projections.engine.rebuild import compare
from service.private_postgres import PrivatePostgres
from tests.support.ledger_in_memory import LedgerInMemory
from tests.support.stage_events import Script, subject_id
from tests.support.stage_ledgers import SCHEMA, StageLedger, catch_up, stage_ledger
from tests.support.stories import Story, jst, returning_funnel

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


def accept(story: Story, at: datetime) -> None:
    story.tell("lead.sales_accepted", at=at)


def reject(story: Story, at: datetime) -> None:
    story.tell("lead.sales_rejected", at=at, reason="too_early")


def attempt(story: Story, at: datetime) -> None:
    story.tell("screening.attempted", at=at, reached=False)


def events_of(decide: Callable[[Story, datetime], None], *, is_late: bool) -> list[Event]:
    """Report a decision in time, or only after the lead has returned automatically."""
    story = Story(returning_funnel())
    story.tell("form.submitted", at=BEGAN, mail="example.co.jp")
    story.tell("lead.qualified", at=BEGAN)
    if decide is attempt:
        accept(story, BEGAN)
    if is_late:
        story.wait_until(RETURNED)
        assert story.lead.returned_from is not None
    decide(story, IN_TIME)
    script = Script()
    script.publish()
    shift = 1
    for event in story.events:
        script.add(
            _shifted(event._replace(subject=Subject(SubjectKind.LEAD, subject_id(1))), shift)
        )
    return script.events


def _shifted(event: Event, shift: int) -> Event:
    """Shift an event of the story to the positions that the ledger gives to it and its cause."""
    effects = dict(event.effects)
    if "restates" in effects:
        effects["restates"] += shift
    cause = event.cause + shift if event.cause is not None else None
    return event._replace(cause=cause, effects=effects)


@pytest.mark.parametrize("decide", [accept, reject, attempt])
@pytest.mark.parametrize("batch_records", [1, 3, 2_000])
async def test_the_stays_are_those_of_a_lead_that_was_never_returned(
    ledger: StageLedger,
    postgres_server: PrivatePostgres,
    decide: Callable[[Story, datetime], None],
    batch_records: int,
) -> None:
    late = events_of(decide, is_late=True)
    await ledger.append(late)
    await catch_up(await ledger.prepared_runner(batch_records=batch_records))
    async with stage_ledger(postgres_server) as twin:
        await twin.append(events_of(decide, is_late=False))
        await twin.project()
        assert await ledger.fetch(KNOWN) == await twin.fetch(KNOWN)
        assert await ledger.fetch(COUNTS) == await twin.fetch(COUNTS)


@pytest.mark.parametrize("decide", [accept, reject, attempt])
async def test_what_was_known_before_is_still_what_was_known_then(
    ledger: StageLedger, postgres_server: PrivatePostgres, decide: Callable[[Story, datetime], None]
) -> None:
    events = events_of(decide, is_late=True)
    back = next(event.effects["restates"] for event in events if "restates" in event.effects)
    await ledger.append(events)
    await ledger.project()
    async with stage_ledger(postgres_server) as twin:
        await twin.append(events[:back])
        await twin.project()
        known = KNOWN_BEFORE.format(at=back)
        assert await ledger.fetch(known) == await twin.fetch(known)


@pytest.mark.parametrize("decide", [accept, reject, attempt])
async def test_a_rebuild_produces_the_same(
    ledger: StageLedger, decide: Callable[[Story, datetime], None]
) -> None:
    await ledger.append(events_of(decide, is_late=True))
    await catch_up(await ledger.prepared_runner(batch_records=1))
    built = await compare(ledger.engine, ledger.projection, schema=SCHEMA)
    assert built.comparison is not None
    assert built.comparison.first == ()


def told_after_a_restatement(*, is_taken_back: bool) -> list[Event]:
    """Report a rejection in time, after a correction has attributed all stays to one report."""
    ledger = LedgerInMemory(returning_funnel())
    person = {"email": "hanako@acme.example"}
    asked = ledger.send_one("contact.requested", lead=person, time=BEGAN.isoformat())
    assert isinstance(asked, Recorded)
    ledger.let_happen()
    fields = {"event": str(asked.position), "fields": {"form": "other"}}
    ledger.send_one("event.corrected", data=fields)
    events_of = {"lead": person, "time": IN_TIME.isoformat(), "data": {"reason": "student"}}
    rejected = ledger.send_one("lead.sales_rejected", **events_of)
    assert isinstance(rejected, Recorded)
    if is_taken_back:
        ledger.send_one("event.voided", data={"event": str(rejected.position)})
    return [event for event, _ in ledger.records]


@pytest.mark.parametrize("batch_records", [1, 2_000])
async def test_only_the_returned_stay_continues_of_those_that_end_at_one_report(
    ledger: StageLedger, batch_records: int
) -> None:
    await ledger.append(told_after_a_restatement(is_taken_back=False))
    await catch_up(await ledger.prepared_runner(batch_records=batch_records))

    known = await ledger.fetch(KNOWN)
    leads = [row[1] for row in known if row[1] != "PROSPECT"]
    assert sorted(leads) == ["DISQUALIFIED", "MAL", "ML", "MQL", "unplaced"]


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
