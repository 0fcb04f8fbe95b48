"""Runners on a real database: one at a time, exactly once, and loud about failures."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from structlog.testing import capture_logs

from domain.event import Event
from events.database.sessions import Driver
from events.database.statements import Statement
from projections.engine.advance import decode
from projections.engine.failures import NotYetProjected, ProjectionUnknown
from projections.engine.runner import Runner, Step
from projections.funnel.fold import Stages
from projections.funnel.projection import VERSION, StageIntervals
from service.private_postgres import PrivatePostgres
from tests.support.postgres import connection_to
from tests.support.stage_events import Script, records_of
from tests.support.stage_ledgers import SCHEMA, StageLedger, catch_up, stage_ledger

NAME = "stage_intervals"
COUNTS = (
    "SELECT stage, before, entries, standing FROM ledger.stage_counts "
    "WHERE breakdown = 'none' ORDER BY stage, before"
)
ALL_OF_TWO_LEADS = [("AL", "", 2, 0), ("MAL", "AL ML", 2, 2), ("ML", "AL", 2, 0)]


@pytest.fixture
async def ledger(postgres_server: PrivatePostgres) -> AsyncIterator[StageLedger]:
    async with stage_ledger(postgres_server) as opened:
        yield opened


@dataclass(frozen=True)
class Stumbling(StageIntervals):
    """The projection, with a fold that fails on one event."""

    position: int = 0

    def fold(self, state: Stages, event: Event) -> None:
        if event.position == self.position:
            raise ValueError("the address is hanako@example.co.jp")
        super().fold(state, event)


@dataclass(frozen=True)
class Slow(StageIntervals):
    """The projection, slow enough for two runners to collide or for one to be killed in it."""

    async def load(
        self, driver: Driver, generation: int, state: Stages, events: Sequence[Event]
    ) -> None:
        await asyncio.sleep(0.05)
        await super().load(driver, generation, state, events)


@dataclass
class Noting:
    """A projection without tables, which notes the positions that it would have written."""

    name: str
    fails_at: int = 0
    is_concerned: bool = True
    written: list[int] = field(default_factory=list)
    version: int = 1
    tables: tuple[str, ...] = ()
    sql: Mapping[str, Statement] = field(default_factory=dict)

    def concerns(self, record: str) -> bool:
        del record
        return self.is_concerned

    def begin(self, *, is_complete: bool) -> list[int]:
        del is_complete
        return []

    async def load(
        self, driver: Driver, generation: int, state: list[int], events: Sequence[Event]
    ) -> None:
        del driver, generation, events
        state.clear()

    def fold(self, state: list[int], event: Event) -> None:
        if event.position == self.fails_at:
            raise ValueError(event.position)
        state.append(event.position)

    async def write(self, driver: Driver, generation: int, state: list[int]) -> None:
        del driver, generation
        self.written += state


def leads(count: int, stages: Sequence[str] = ("AL", "ML", "MAL")) -> Script:
    script = Script()
    script.publish()
    for at, stage in enumerate(stages):
        for number in range(1, count + 1):
            script.move(number, at, stage, "entered" if at == 0 else "advanced")
    return script


def variant(kind: type[StageIntervals], ledger: StageLedger, **values: Any) -> StageIntervals:
    return kind(SCHEMA, ledger.projection.sql, **values)


async def test_appended_events_are_projected_and_waited_for(ledger: StageLedger) -> None:
    script = leads(3)
    await ledger.append(script.events)
    runner = await ledger.prepared_runner()
    async with ledger.running(runner) as checkpoints:
        assert await checkpoints.wait_for(10, name=NAME, timeout_s=10) == 10
        await ledger.append([script.move(1, 9, "MQL")])
        runner.wake()
        assert await checkpoints.wait_for(11, name=NAME, timeout_s=10) == 11

    assert await ledger.fetch(COUNTS) == [
        ("AL", "", 3, 0),
        ("MAL", "AL ML", 3, 2),
        ("ML", "AL", 3, 0),
        ("MQL", "AL ML MAL", 1, 1),
    ]
    assert await ledger.checkpoints.position_of(NAME) == 11


async def test_a_runner_that_is_not_woken_finds_events_by_polling(ledger: StageLedger) -> None:
    script = leads(1)
    await ledger.append(script.events)
    async with ledger.running(await ledger.prepared_runner()) as checkpoints:
        assert await checkpoints.wait_for(4, name=NAME, timeout_s=10) == 4
        await ledger.append([script.tell(1, 9)])
        assert await checkpoints.wait_for(5, name=NAME, timeout_s=10) == 5


async def test_waiting_for_a_position_not_yet_reached_times_out(ledger: StageLedger) -> None:
    await ledger.append(leads(1).events)
    await catch_up(await ledger.prepared_runner())
    checkpoints = ledger.checkpoints
    await checkpoints.look()

    with pytest.raises(NotYetProjected, match=r"reached position 4 within 0\.05 s, expected 5"):
        await checkpoints.wait_for(5, name=NAME, timeout_s=0.05)
    with pytest.raises(ProjectionUnknown, match="has stage_intervals, not other"):
        await checkpoints.wait_for(5, name="other", timeout_s=0.05)


async def test_two_runners_at_once_never_project_twice(ledger: StageLedger) -> None:
    await ledger.append(leads(20).events)
    runners = [
        await ledger.prepared_runner(variant(Slow, ledger), batch_records=7) for _ in range(3)
    ]

    await asyncio.gather(*(step_often(runner) for runner in runners))
    await catch_up(runners[0])

    assert await ledger.fetch(COUNTS) == [
        ("AL", "", 20, 0),
        ("MAL", "AL ML", 20, 20),
        ("ML", "AL", 20, 0),
    ]
    assert await ledger.fetch("SELECT count(*) FROM ledger.stage_stays") == [(40,)]


async def step_often(runner: Any) -> None:
    for _ in range(12):
        await runner.step()
        await asyncio.sleep(0.01)


async def test_a_runner_killed_in_a_batch_has_done_nothing(ledger: StageLedger) -> None:
    await ledger.append(leads(2).events)
    runner = await ledger.prepared_runner(variant(Slow, ledger), batch_records=3)
    await runner.step()

    killed = asyncio.create_task(runner.step())
    await asyncio.sleep(0.025)
    killed.cancel()
    with pytest.raises(asyncio.CancelledError):
        await killed
    assert await ledger.checkpoints.position_of(NAME) == 3
    assert await ledger.fetch(COUNTS) == [("AL", "", 2, 2)]

    await catch_up(runner)
    assert await ledger.fetch(COUNTS) == [
        ("AL", "", 2, 0),
        ("MAL", "AL ML", 2, 2),
        ("ML", "AL", 2, 0),
    ]


async def test_a_runner_recovers_from_a_lost_backend(ledger: StageLedger) -> None:
    await ledger.append(leads(2).events)
    runner = await ledger.prepared_runner(variant(Slow, ledger), batch_records=3)
    async with ledger.running(runner) as checkpoints:
        await asyncio.sleep(0.03)
        async with connection_to(ledger.engine.url) as driver:
            await driver.fetch(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND usename = current_user "
                "AND pid <> pg_backend_pid()"
            )
        assert await checkpoints.wait_for(7, name=NAME, timeout_s=10) == 7

    assert await ledger.fetch(COUNTS) == [
        ("AL", "", 2, 0),
        ("MAL", "AL ML", 2, 2),
        ("ML", "AL", 2, 0),
    ]


async def test_a_fold_that_fails_stops_before_its_event_and_says_so(ledger: StageLedger) -> None:
    await ledger.append(leads(2).events)
    runner = await ledger.prepared_runner(variant(Stumbling, ledger, position=5))

    with capture_logs() as logs:
        await catch_up(runner)
        await runner.step()

    (lag,) = await ledger.checkpoints.lags()
    assert lag._replace(seconds=0) == (
        *(NAME, VERSION, 1, 4, "ValueError at position 5", 7),
        *(0, None),
    )
    assert lag.events == 3
    assert logs == [
        {
            "event": "projection.stopped",
            "log_level": "error",
            "projection": NAME,
            "failure": "ValueError at position 5",
            "where": logs[0]["where"],
        }
    ]
    assert logs[0]["where"][-1].endswith(" fold")
    assert await ledger.fetch(COUNTS) == [("AL", "", 2, 1), ("ML", "AL", 1, 1)]


async def test_a_stopped_projection_resumes_after_a_restart(ledger: StageLedger) -> None:
    await ledger.append(leads(2).events)
    await catch_up(await ledger.prepared_runner(variant(Stumbling, ledger, position=5)))

    mended = await ledger.prepared_runner()
    await catch_up(mended)

    (lag,) = await ledger.checkpoints.lags()
    assert lag == (NAME, VERSION, 1, 7, None, 7, 0, None)


async def test_a_stopped_projection_is_retried_and_continues_as_far_as_it_can(
    ledger: StageLedger,
) -> None:
    """Without a restart: the process with the fixed code may have started before it stopped."""
    await ledger.append(leads(2).events)
    faults: list[str] = []
    failing, checkpoints = variant(Stumbling, ledger, position=3), ledger.checkpoints
    await checkpoints.look()
    runner = Runner(
        ledger.engine,
        schema=SCHEMA,
        projections=[failing],
        on_moved=checkpoints.learn,
        on_fault=faults.append,
        retry_stopped_s=0,
    )
    await runner.prepare()
    for _ in range(3):
        await runner.step()
    standing = checkpoints.known(NAME)
    assert standing is not None
    assert (standing.position, standing.failure) == (2, "ValueError at position 3")
    object.__setattr__(failing, "position", 6)
    await runner.step()
    assert (await checkpoints.lags())[0][3:5] == (5, "ValueError at position 6")
    assert faults == ["projection"] * 2
    object.__setattr__(failing, "position", 0)
    await runner.step()
    assert (await checkpoints.lags())[0][3:5] == (7, None)
    standing = checkpoints.known(NAME)
    assert standing is not None
    assert (standing.position, standing.failure) == (7, None)


async def test_rows_that_cannot_be_written_stop_the_projection_too(ledger: StageLedger) -> None:
    script = Script()
    script.move(1, 0, "ML\x00", "entered")
    await ledger.append(script.events)
    runner = await ledger.prepared_runner()

    await catch_up(runner)

    (lag,) = await ledger.checkpoints.lags()
    assert (lag.position, lag.failure) == (
        0,
        "CharacterNotInRepertoireError in the batch from position 1",
    )


async def test_an_unreadable_record_stops_the_projection(ledger: StageLedger) -> None:
    await ledger.append(leads(1).events)
    await ledger.fetch(
        "INSERT INTO ledger.events (position, source, id, subject_id, subject_version, type, "
        "occurred_at, recorded_at, leaf, record, seal) "
        "VALUES (5, 's', 'i', gen_random_uuid(), 1, 't', now(), now(), "
        "sha256(''), '{\"effectivetime\":\"x\"}', sha256('')) RETURNING 1"
    )
    runner = await ledger.prepared_runner()

    await catch_up(runner)

    (lag,) = await ledger.checkpoints.lags()
    assert (lag.position, lag.failure) == (4, "KeyError at position 5")


async def test_another_version_of_the_projection_leaves_the_rows_alone(
    ledger: StageLedger,
) -> None:
    await ledger.append(leads(1).events)
    newer = await ledger.prepared_runner()
    older = await ledger.prepared_runner(variant(StageIntervals, ledger, version=VERSION + 1))

    with capture_logs() as logs:
        assert await older.step() == Step()
        assert await older.step() == Step()
    assert [log["event"] for log in logs] == ["projection.rebuild_needed"]

    assert await catch_up(newer) == 4


async def test_a_projection_without_a_checkpoint_is_named(ledger: StageLedger) -> None:
    await ledger.append(leads(1).events)
    await ledger.prepared_runner()
    await ledger.fetch("DELETE FROM ledger.projections RETURNING 1")

    with pytest.raises(ProjectionUnknown, match="no projection stage_intervals has a checkpoint"):
        await ledger.checkpoints.position_of(NAME)


async def test_projections_read_together_until_one_fails_and_the_others_go_on(
    ledger: StageLedger,
) -> None:
    await ledger.append(leads(2).events)
    failing, sound = Noting("failing", fails_at=5), Noting("sound")
    runner = Runner(ledger.engine, schema=SCHEMA, projections=[failing, sound], retry_stopped_s=0)
    await runner.prepare()

    await catch_up(runner)
    assert await reached(ledger) == {"failing": (4, "ValueError at position 5"), "sound": (7, None)}

    failing.fails_at = 0
    await catch_up(runner)
    assert await reached(ledger) == {"failing": (7, None), "sound": (7, None)}
    assert sound.written == [1, 2, 3, 4, 5, 6, 7]


async def test_a_projection_that_is_behind_catches_up_without_holding_up_the_others(
    ledger: StageLedger,
) -> None:
    script = leads(2)
    await ledger.append(script.events)
    ahead, behind = Noting("ahead"), Noting("behind")
    first = Runner(ledger.engine, schema=SCHEMA, projections=[ahead])
    await first.prepare()
    await catch_up(first)
    both = Runner(ledger.engine, schema=SCHEMA, projections=[behind, ahead], batch_records=3)
    await both.prepare()
    await ledger.append([script.move(1, 9, "MQL")])

    await both.step()
    assert await reached(ledger) == {"ahead": (8, None), "behind": (3, None)}
    await catch_up(both)
    assert await reached(ledger) == {"ahead": (8, None), "behind": (8, None)}
    assert ahead.written == behind.written == [1, 2, 3, 4, 5, 6, 7, 8]


def test_a_record_is_decoded_once_for_all_projections_that_it_concerns() -> None:
    rows: list[Any] = list(enumerate(records_of([Script().publish()]), start=1))
    first, second, unconcerned = decode(
        [Noting("first"), Noting("second"), Noting("third", is_concerned=False)], rows
    )
    assert first[0] is second[0]
    assert not unconcerned


async def reached(ledger: StageLedger) -> dict[str, tuple[int, str | None]]:
    return {lag.name: (lag.position, lag.failure) for lag in await ledger.checkpoints.lags()}
