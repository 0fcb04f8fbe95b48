"""Queries of the funnel, answered from projections."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from domain.effects import Effects
from domain.lifecycle.definition import SubjectKind
from events.database.sessions import borrowed
from events.lifecycles.shipped import read_lifecycle_text
from projections.engine.failures import MomentUnreadable, ProjectionUnknown
from projections.funnel.figures import Breakdown, Flow, Funnel, FunnelPart, StageFlow
from projections.funnel.queries import FunnelQueries
from service.private_postgres import PrivatePostgres
from tests.support.stage_events import Script, day, recorded_at
from tests.support.stage_ledgers import SCHEMA, StageLedger, stage_ledger

DIGITAL: Effects = {"origin": "marketing-digital", "channel": "organic"}
UNKNOWN: Effects = {"origin": "unknown", "channel": "unknown"}
BLANK: Effects = {"origin": "", "channel": None}
Figures = dict[str, tuple[int, int, int]]


@pytest.fixture
async def ledger(postgres_server: PrivatePostgres) -> AsyncIterator[StageLedger]:
    async with stage_ledger(postgres_server) as opened:
        yield opened


async def funnel(
    ledger: StageLedger,
    *,
    breakdown: Breakdown = Breakdown.NONE,
    as_of: datetime | None = None,
    known_at: datetime | int | None = None,
) -> Funnel:
    async with borrowed(ledger.engine) as driver:
        return await FunnelQueries(SCHEMA).funnel(
            driver, breakdown=breakdown, as_of=as_of, known_at=known_at
        )


async def flow(ledger: StageLedger, since: datetime, until: datetime) -> Flow:
    async with borrowed(ledger.engine) as driver:
        return await FunnelQueries(SCHEMA).flow(driver, since=since, until=until)


def figures_of(part: FunnelPart) -> Figures:
    """Return the stages of leads that have figures: standing, entered, reached."""
    return {stage.stage: stage[1:] for stage in part.leads if any(stage[1:])}


async def projected(ledger: StageLedger, script: Script) -> None:
    await ledger.append(script.events)
    assert await ledger.project() == len(script.events)


async def test_a_shortcut_reaches_skipped_stages_without_entering_them(
    ledger: StageLedger,
) -> None:
    script = Script()
    script.publish()
    script.move(1, 0, "ML", "entered")
    script.move(1, 1, "OPP")
    script.move(2, 1, "ML", "entered")
    script.move(2, 2, "DISQUALIFIED", "disqualified")
    script.tell(3, 2)
    script.move(9, 2, "PROSPECT", "entered", kind=SubjectKind.ACCOUNT)
    await projected(ledger, script)

    answer = await funnel(ledger)

    assert figures_of(answer.total) == {
        "AL": (0, 0, 2),
        "ML": (0, 2, 2),
        "MAL": (0, 0, 1),
        "MQL": (0, 0, 1),
        "SAL": (0, 0, 1),
        "SQL": (0, 0, 1),
        "OPP": (1, 1, 1),
        "DISQUALIFIED": (1, 1, 1),
    }
    assert answer.total.leads_unplaced == 1
    assert [stage for stage in answer.total.accounts if stage.standing] == [("PROSPECT", 1, 1, 1)]
    assert answer == (7, 1, None, Breakdown.NONE, answer.total, ())


async def test_a_missing_value_is_distinct_from_the_value_unknown(ledger: StageLedger) -> None:
    script = Script()
    script.publish()
    nothing: Effects = {}
    for number, effects in enumerate((DIGITAL, UNKNOWN, BLANK, nothing), start=1):
        script.move(number, 0, "ML", "entered", effects=effects)
    await projected(ledger, script)

    for breakdown, value in (
        (Breakdown.ORIGIN, "marketing-digital"),
        (Breakdown.CHANNEL, "organic"),
    ):
        answer = await funnel(ledger, breakdown=breakdown)
        assert [(part.value, figures_of(part)["ML"]) for part in answer.parts] == [
            (value, (1, 1, 1)),
            ("unknown", (1, 1, 1)),
            (None, (2, 2, 2)),
        ]
        assert figures_of(answer.total)["ML"] == (4, 4, 4)


async def test_months_are_those_in_which_a_stage_was_entered(ledger: StageLedger) -> None:
    script = Script()
    script.publish()
    script.move(1, 30.6, "ML", "entered")
    script.move(2, 30.7, "ML", "entered")
    script.move(2, 60, "MAL")
    await projected(ledger, script)

    answer = await funnel(ledger, breakdown=Breakdown.MONTH)

    assert [(part.value, figures_of(part)) for part in answer.parts] == [
        ("2026-01", {"AL": (0, 0, 1), "ML": (1, 1, 1)}),
        ("2026-02", {"AL": (0, 0, 1), "ML": (0, 1, 1)}),
        ("2026-03", {"MAL": (1, 1, 1)}),
    ]
    assert answer.parts == (await funnel(ledger, breakdown=Breakdown.MONTH, known_at=4)).parts


async def test_a_late_report_was_true_then_but_not_known_then(
    ledger: StageLedger,
) -> None:
    script = Script()
    script.publish()
    script.move(1, 0, "ML", "entered")
    script.tell(2, 20)
    script.move(1, 10, "MAL")
    await projected(ledger, script)

    then = await funnel(ledger, as_of=day(15))
    as_known_before = await funnel(ledger, as_of=day(15), known_at=3)

    assert (figures_of(then.total)["MAL"], then.position) == ((1, 1, 1), 4)
    assert figures_of(as_known_before.total) == {"AL": (0, 0, 1), "ML": (1, 1, 1)}
    assert as_known_before.position == 3


async def test_a_known_at_time_means_the_last_position_recorded_by_then(
    ledger: StageLedger,
) -> None:
    script = Script()
    script.publish()
    for number in range(1, 30):
        script.move(number, 0, "ML", "entered")
    await projected(ledger, script)
    queries = FunnelQueries(SCHEMA)
    an_instant = timedelta(microseconds=1)

    async with borrowed(ledger.engine) as driver:
        for position in range(1, 31):
            recorded = recorded_at(position)
            assert await queries.position_at(driver, recorded) == position
            assert await queries.position_at(driver, recorded - an_instant) == position - 1
        assert await queries.position_at(driver, datetime(2027, 1, 1, tzinfo=UTC)) == 30

    answer = await funnel(ledger, known_at=recorded_at(11))
    assert (answer.position, figures_of(answer.total)["ML"]) == (11, (10, 10, 10))


async def test_before_the_first_event_there_is_no_lifecycle_and_no_lead(
    ledger: StageLedger,
) -> None:
    script = Script()
    script.publish()
    script.move(1, 0, "ML", "entered")
    await projected(ledger, script)

    answer = await funnel(ledger, known_at=recorded_at(1) - timedelta(days=1))

    nobody = FunnelPart(None, (), 0, (), 0)
    assert answer == (0, None, None, Breakdown.NONE, nobody, ())


async def test_the_path_is_that_of_the_lifecycle_in_force_at_the_position(
    ledger: StageLedger,
) -> None:
    text = read_lifecycle_text("demand_funnel")
    script = Script()
    script.publish(text, version=1)
    script.move(1, 0, "SAL", "entered")
    script.publish(text.replace("time_zone: Asia/Tokyo", "time_zone: UTC"), version=2)
    await projected(ledger, script)

    assert (await funnel(ledger)).lifecycle_version == 2
    assert (await funnel(ledger, known_at=2)).lifecycle_version == 1


async def test_a_stage_that_the_lifecycle_does_not_have_is_not_lost(ledger: StageLedger) -> None:
    script = Script()
    script.publish()
    script.move(1, 0, "OLD", "entered")
    await projected(ledger, script)

    answer = await funnel(ledger)

    assert answer.total.leads[-1] == ("OLD", 1, 1, 1)
    assert figures_of(answer.total) == {"OLD": (1, 1, 1)}


async def test_a_period_includes_its_start_and_excludes_its_end(ledger: StageLedger) -> None:
    script = Script()
    script.publish()
    script.tell(1, 0)
    script.move(1, 10, "ML", "entered")
    script.move(1, 15, "MAL")
    script.move(1, 16, "ML", "returned")
    script.move(2, 20, "ML", "entered")
    script.move(3, 12, "AL", "entered")
    script.absorb(3, 13, by=1)
    await projected(ledger, script)

    answer = await flow(ledger, day(10), day(20))

    some = {stage.stage: stage for stage in answer.total.leads if any(stage[1:4]) or stage.exits}
    assert some == {
        "unplaced": StageFlow("unplaced", 1, 0, 0, {"entered": 1}, 0),
        "AL": StageFlow("AL", 0, 1, 0, {"absorbed": 1}, 0),
        "ML": StageFlow("ML", 0, 1, 1, {"advanced": 1}, 1),
        "MAL": StageFlow("MAL", 0, 1, 0, {"returned": 1}, 0),
    }
    with pytest.raises(MomentUnreadable, match="expected a period that ends after it begins"):
        await flow(ledger, day(2), day(1))


async def test_without_a_projector_there_is_no_answer(ledger: StageLedger) -> None:
    with pytest.raises(ProjectionUnknown, match="start a runner"):
        await funnel(ledger)
