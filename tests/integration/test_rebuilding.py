"""Rebuild a projection next to the live one, while events keep coming."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace

import pytest

from domain.event import Event
from events.database.sessions import Driver
from projections.engine import generations
from projections.engine import rebuild as rebuilding
from projections.engine.advance import statements
from projections.engine.failures import (
    FoldFailed,
    ProjectionUnknown,
    RebuildSuperseded,
    RebuildUnderWay,
)
from projections.engine.generations import Difference
from projections.engine.rebuild import Renewing, compare, rebuild, resume
from projections.funnel import projection as stage_module
from projections.funnel.fold import Stages
from projections.funnel.projection import VERSION, StageIntervals
from service.private_postgres import PrivatePostgres
from tests.support.stage_events import Script
from tests.support.stage_ledgers import SCHEMA, StageLedger, catch_up, stage_ledger

NAME = "stage_intervals"
GENERATIONS = (
    "SELECT generation, status, position FROM ledger.projections "
    "WHERE status <> 'removed' ORDER BY generation"
)
LEFT_OVER = (
    "SELECT DISTINCT generation FROM ledger.stage_intervals "
    "UNION SELECT generation FROM ledger.stage_counts "
    "UNION SELECT generation FROM ledger.stage_sums "
    "UNION SELECT generation FROM ledger.stage_lifecycles ORDER BY 1"
)
STAGES = ("AL", "ML", "MAL", "MQL", "SAL")


@pytest.fixture
async def ledger(postgres_server: PrivatePostgres) -> AsyncIterator[StageLedger]:
    async with stage_ledger(postgres_server) as opened:
        yield opened


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a short log behave like a long one: many pages, and a small cache."""
    monkeypatch.setattr(rebuilding, "REBUILD_BATCH_RECORDS", 10)
    monkeypatch.setattr(rebuilding, "REBUILD_SLICE_RECORDS", 4)
    monkeypatch.setattr(rebuilding, "REBUILD_SAVE_RECORDS", 15)
    monkeypatch.setattr(generations, "DELETE_ROWS", 7)
    monkeypatch.setattr(stage_module, "STANDING_KEPT", 6)


@dataclass(frozen=True)
class Watched(StageIntervals):
    """The projection, with a hook that runs whenever it folds a batch."""

    batches: list[int] = field(default_factory=list)
    meanwhile: list[object] = field(default_factory=list)

    async def load(
        self, driver: Driver, generation: int, state: Stages, events: Sequence[Event]
    ) -> None:
        self.batches.append(len(events))
        for act in self.meanwhile:
            await act(generation)  # type: ignore[operator]
        await super().load(driver, generation, state, events)


@dataclass(frozen=True)
class Failing(StageIntervals):
    def fold(self, state: Stages, event: Event) -> None:
        raise ValueError(state, event)


def ponderous(projection: StageIntervals) -> StageIntervals:
    """Return the projection with generations that take half a second to compare."""
    slow = (
        "SELECT '', '', 0, 0, 0 FROM (SELECT count(*) AS rows FROM pg_sleep(0.5)) AS pause "
        "WHERE CAST($1 AS integer) + CAST($2 AS integer) + CAST($3 AS integer) + rows < 0"
    )
    differences = replace(projection.sql["differences"], driver_sql=slow)
    return replace(projection, sql={**projection.sql, "differences": differences})


def grown(script: Script, count: int) -> list[Event]:
    """Generate leads that arrive and move; some are absorbed, the others are active again later."""
    before = len(script.events)
    numbers = range(before, before + count)
    for number in numbers:
        at = len(script.events) / 10
        script.move(number, at, "AL", "entered", effects={"origin": "referral"})
        for stage in STAGES[1 : 1 + number % len(STAGES)]:
            script.move(number, at, stage)
        if number % 3 == 0:
            script.absorb(number, at + 1, by=number - 1)
    for number in numbers:
        if number % 3:
            script.move(number, len(script.events) / 10, "SQL")
    return script.events[before:]


def watched(ledger: StageLedger, **values: object) -> Watched:
    return Watched(SCHEMA, ledger.projection.sql, **values)  # type: ignore[arg-type]


@pytest.mark.usefixtures("small_pages")
async def test_a_rebuild_equals_what_was_projected_batch_by_batch(ledger: StageLedger) -> None:
    script = Script()
    script.publish()
    grown(script, 40)
    await ledger.append(script.events)
    await catch_up(await ledger.prepared_runner(batch_records=13))
    reached: list[tuple[int, int]] = []

    rebuilt = await rebuild(
        ledger.engine,
        ledger.projection,
        schema=SCHEMA,
        on_progress=lambda position, upto: reached.append((position, upto)),
    )

    last = len(script.events)
    assert rebuilt.comparison == (last, 0, ())
    assert (rebuilt.generation, rebuilt.position, rebuilt.records) == (2, last, last)
    assert rebuilt.is_live
    assert reached[0] == (10, last)
    assert reached[-1] == (last, last)
    assert await ledger.fetch(GENERATIONS) == [(2, "live", last)]
    assert await ledger.fetch(LEFT_OVER) == [(2,)]
    ((rows,),) = await ledger.fetch(
        "SELECT (SELECT count(*) FROM ledger.stage_intervals) "
        "+ (SELECT count(*) FROM ledger.stage_counts) "
        "+ (SELECT count(*) FROM ledger.stage_sums) + 1"
    )
    assert rebuilt.rows == rows


@pytest.mark.usefixtures("small_pages")
async def test_events_keep_coming_while_a_generation_is_built(ledger: StageLedger) -> None:
    script = Script()
    script.publish()
    grown(script, 20)
    await ledger.append(script.events)
    runner = await ledger.prepared_runner()
    await catch_up(runner)

    async def more(_: int) -> None:
        if len(script.events) < 400:
            await ledger.append(grown(script, 5))
            await runner.step()

    rebuilt = await rebuild(ledger.engine, watched(ledger, meanwhile=[more]), schema=SCHEMA)
    await ledger.append(grown(script, 5))
    await catch_up(runner)

    assert rebuilt.comparison is not None
    assert rebuilt.comparison.differing == 0
    last = len(script.events)
    assert last > 400
    assert await ledger.fetch(GENERATIONS) == [(2, "live", last)]
    verified = await compare(ledger.engine, ledger.projection, schema=SCHEMA)
    assert verified.comparison == (last, 0, ())


async def test_comparing_delays_no_one_and_the_swap_never_goes_back(
    ledger: StageLedger,
) -> None:
    script = Script()
    script.publish()
    grown(script, 5)
    await ledger.append(script.events)
    runner = await ledger.prepared_runner()
    compared = await catch_up(runner)

    rebuilding_now = asyncio.create_task(
        rebuild(ledger.engine, ponderous(ledger.projection), schema=SCHEMA)
    )
    await asyncio.sleep(0.25)
    await ledger.append(grown(script, 5))
    last = await catch_up(runner)
    assert not rebuilding_now.done()
    rebuilt = await rebuilding_now

    assert rebuilt.comparison == (compared, 0, ())
    assert (last, rebuilt.position) == (len(script.events), len(script.events))
    assert await ledger.fetch(GENERATIONS) == [(2, "live", last)]


async def test_a_runner_continues_through_the_swap(ledger: StageLedger) -> None:
    script = Script()
    script.publish()
    grown(script, 20)
    await ledger.append(script.events)
    runner = await ledger.prepared_runner()
    async with ledger.running(runner) as checkpoints:
        for _ in range(3):
            await ledger.append(grown(script, 5))
            await rebuild(ledger.engine, ledger.projection, schema=SCHEMA)
        await ledger.append(grown(script, 5))
        last = len(script.events)
        assert await checkpoints.wait_for(last, name=NAME, timeout_s=10) == last

    verified = await compare(ledger.engine, ledger.projection, schema=SCHEMA)
    assert verified.comparison == (last, 0, ())
    assert await ledger.fetch(GENERATIONS) == [(4, "live", last)]


async def test_changed_rows_are_named_and_repaired(ledger: StageLedger) -> None:
    script = Script()
    script.publish()
    script.move(1, 0, "ML", "entered")
    await ledger.append(script.events)
    await ledger.project()
    await ledger.fetch(
        "UPDATE ledger.stage_counts SET entries = 9, standing = 8 "
        "WHERE breakdown = 'none' RETURNING 1"
    )

    found = await compare(ledger.engine, ledger.projection, schema=SCHEMA)

    assert not found.is_live
    assert found.comparison == (
        2,
        2,
        (
            Difference("stage_counts", '(none,"",lead,ML,"",1,1)', 0, 1),
            Difference("stage_counts", '(none,"",lead,ML,"",9,8)', 1, 0),
        ),
    )
    assert await ledger.fetch(GENERATIONS) == [(1, "live", 2)]
    mended = await rebuild(ledger.engine, ledger.projection, schema=SCHEMA)
    assert mended.comparison == found.comparison
    again = await compare(ledger.engine, ledger.projection, schema=SCHEMA)
    assert again.comparison == (2, 0, ())


async def test_a_rebuild_repairs_a_stopped_projection(ledger: StageLedger) -> None:
    script = Script()
    script.publish()
    grown(script, 5)
    await ledger.append(script.events)
    await catch_up(await ledger.prepared_runner(Failing(SCHEMA, ledger.projection.sql)))

    rebuilt = await rebuild(ledger.engine, ledger.projection, schema=SCHEMA)

    last = len(script.events)
    assert rebuilt.comparison is None
    assert await ledger.fetch(GENERATIONS) == [(2, "live", last)]


async def test_a_new_version_takes_over_from_the_old_one(ledger: StageLedger) -> None:
    script = Script()
    script.publish()
    grown(script, 5)
    await ledger.append(script.events)
    await ledger.project()
    newer = StageIntervals(SCHEMA, ledger.projection.sql, version=VERSION + 1)

    rebuilt = await rebuild(ledger.engine, newer, schema=SCHEMA)

    assert (rebuilt.version, rebuilt.comparison) == (VERSION + 1, None)
    await ledger.append(grown(script, 1))
    last = len(script.events)
    assert await catch_up(await ledger.prepared_runner(newer)) == last


async def test_a_rebuild_that_fails_leaves_nothing_behind(ledger: StageLedger) -> None:
    script = Script()
    script.publish()
    grown(script, 5)
    await ledger.append(script.events)
    last = await ledger.project()

    with pytest.raises(FoldFailed, match="ValueError at position 1"):
        await rebuild(ledger.engine, Failing(SCHEMA, ledger.projection.sql), schema=SCHEMA)

    assert await ledger.fetch(GENERATIONS) == [(1, "live", last), (2, "retired", 0)]
    await rebuild(ledger.engine, ledger.projection, schema=SCHEMA)
    assert await ledger.fetch(GENERATIONS) == [(3, "live", last)]
    assert await ledger.fetch(LEFT_OVER) == [(3,)]


@pytest.mark.usefixtures("small_pages")
async def test_a_rebuild_gives_way_to_a_later_one(ledger: StageLedger) -> None:
    script = Script()
    script.publish()
    grown(script, 20)
    await ledger.append(script.events)
    last = await ledger.project()
    later: list[asyncio.Task[object]] = []

    async def begin_another(generation: int) -> None:
        if not later:
            another = rebuild(ledger.engine, ledger.projection, schema=SCHEMA)
            later.append(asyncio.create_task(another))

    with pytest.raises(RebuildSuperseded, match="generation 2 of stage_intervals was superseded"):
        await rebuild(
            ledger.engine, watched(ledger, meanwhile=[begin_another, pause]), schema=SCHEMA
        )
    await later[0]

    assert await ledger.fetch(GENERATIONS) == [(3, "live", last)]
    assert await ledger.fetch(LEFT_OVER) == [(3,)]


async def pause(_: int) -> None:
    await asyncio.sleep(0.02)


async def test_there_is_nothing_to_rebuild_before_the_first_runner(ledger: StageLedger) -> None:
    with pytest.raises(ProjectionUnknown, match="no live generation to rebuild"):
        await rebuild(ledger.engine, ledger.projection, schema=SCHEMA)


NEWER = VERSION + 1


class Interrupted(Exception):
    """The process of a rebuild ended."""


async def outdated(ledger: StageLedger) -> int:
    """Project a log by this version; the next one is to rebuild it. Return its length."""
    script = Script()
    script.publish()
    grown(script, 40)
    await ledger.append(script.events)
    return await ledger.project()


async def interrupt(ledger: StageLedger, *, after_batches: int) -> None:
    """Begin a rebuild by the newer version, and end it in the middle."""

    async def end(_: int) -> None:
        if len(projection.batches) > after_batches:
            raise Interrupted

    projection = watched(ledger, version=NEWER, meanwhile=[end])
    with pytest.raises(Interrupted):
        await resume(ledger.engine, projection, schema=SCHEMA)


async def leave(ledger: StageLedger) -> None:
    """End the time for which a rebuild belongs to the process that has ended."""
    await ledger.fetch(
        "UPDATE ledger.projections SET held_until = now() - interval '1 s' "
        "WHERE status = 'building' RETURNING 1"
    )


@pytest.mark.usefixtures("small_pages")
async def test_an_interrupted_rebuild_goes_on_where_it_was_saved(ledger: StageLedger) -> None:
    last = await outdated(ledger)
    await interrupt(ledger, after_batches=36)
    ((saved,),) = await ledger.fetch(
        "SELECT position FROM ledger.projections WHERE status = 'building'"
    )
    assert 0 < saved < last
    (lag,) = await ledger.checkpoints.lags()
    assert (lag.version, lag.rebuilt_position) == (VERSION, saved)
    newer = watched(ledger, version=NEWER)
    with pytest.raises(RebuildUnderWay, match=f"has got to position {saved}"):
        await resume(ledger.engine, newer, schema=SCHEMA)

    await leave(ledger)
    rebuilt = await resume(ledger.engine, newer, schema=SCHEMA)

    assert (rebuilt.generation, rebuilt.position, rebuilt.records) == (2, last, last - saved)
    assert await ledger.fetch(GENERATIONS) == [(2, "live", last)]
    verified = await compare(ledger.engine, newer, schema=SCHEMA)
    assert verified.comparison == (last, 0, ())


@pytest.mark.usefixtures("small_pages")
async def test_a_process_whose_rebuild_another_one_has_taken_over_cannot_go_on(
    ledger: StageLedger,
) -> None:
    await outdated(ledger)
    newer = watched(ledger, version=NEWER)
    frozen = generations.Generations(ledger.engine, SCHEMA, statements(SCHEMA), newer)
    begun = await frozen.begin()
    await leave(ledger)
    await interrupt(ledger, after_batches=14)

    async with frozen.transaction() as driver:
        with pytest.raises(RebuildSuperseded):
            await frozen.hold_building(driver, begun)


@pytest.mark.usefixtures("small_pages")
async def test_rows_of_an_earlier_version_are_renewed_while_they_are_read(
    ledger: StageLedger,
) -> None:
    last = await outdated(ledger)
    read: set[int] = set()

    async def note(_: int) -> None:
        read.update(one for one, status, _ in await ledger.fetch(GENERATIONS) if status == "live")

    newer = watched(ledger, version=NEWER, meanwhile=[note])
    renewing = [Renewing(ledger.engine, schema=SCHEMA, projections=[newer]) for _ in range(2)]

    found = await asyncio.gather(*(one.look() for one in renewing))

    assert read == {1}
    assert sorted(map(len, found)) == [0, 1]
    assert [version for _, version in await live(ledger)] == [NEWER]
    assert await renewing[0].look() == []
    older = Renewing(ledger.engine, schema=SCHEMA, projections=[ledger.projection])
    assert await older.look() == []
    verified = await compare(ledger.engine, newer, schema=SCHEMA)
    assert verified.comparison == (last, 0, ())


async def live(ledger: StageLedger) -> list[tuple[int, int]]:
    rows = await ledger.fetch(
        "SELECT generation, version FROM ledger.projections WHERE status = 'live'"
    )
    return [(generation, version) for generation, version in rows]


async def test_a_fold_that_fails_leaves_the_earlier_rows_and_is_reported(
    ledger: StageLedger,
) -> None:
    await outdated(ledger)
    faults: list[str] = []
    failing = Failing(SCHEMA, ledger.projection.sql, version=NEWER)
    renewing = Renewing(ledger.engine, schema=SCHEMA, projections=[failing], on_fault=faults.append)

    assert await renewing.look() == []
    assert await renewing.look() == []

    assert faults == ["projection"]
    assert await live(ledger) == [(1, VERSION)]
