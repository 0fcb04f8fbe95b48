"""Run the projections of one ledger: read each record once, and fold it into all of them.

    runner = Runner(engine, schema="ledger", projections=[stage_intervals("ledger")])
    await runner.prepare()
    task = asyncio.create_task(runner.run())
    ...
    runner.wake()                                        when something has been appended

The process that holds a checkpoint row writes, and moves the checkpoint in the same transaction. A
runner that is killed leaves no partial work, and two runners never do the same work twice.

Projections that have reached the same position share a transaction. If it fails, each of them goes
on alone, and the one that cannot is stopped. One that is behind catches up in transactions of its
own, until it has reached the others.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from time import monotonic
from typing import Any, NamedTuple, TypeAlias

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from events.background.loops import endlessly
from events.database.sessions import Driver
from events.faults import OnFault, fault_of, uncounted
from events.limits import INTEGER_MAX
from projections.engine.advance import (
    Checkpoint,
    Page,
    decode,
    fold,
    move_live,
    read_live,
    read_page,
    statements,
    take_live,
)
from projections.engine.failures import FoldFailed
from projections.engine.limits import (
    BATCH_RECORDS,
    GATHER_S,
    GATHER_S_MAX,
    GATHER_TIMES,
    POLL_S,
    RETRY_S,
    RETRY_STOPPED_S,
)
from projections.engine.projection import Projection
from projections.engine.transactions import UNAVAILABLE, transaction

log = structlog.get_logger()

Projections: TypeAlias = Sequence[Projection[Any]]
OnMoved = Callable[[Mapping[str, Checkpoint]], None]
"""Called with the checkpoints that a commit has moved, or that a failure has stopped."""


class Step(NamedTuple):
    """The result of one attempt."""

    position: int = 0
    """How far the projections have read that have come furthest; 0 if this process runs none."""
    records: int = 0
    is_full: bool = False
    """Whether a batch was full, so that more records are probably waiting."""


class _Turn(NamedTuple):
    """The result of one transaction."""

    page: Page
    is_full: bool
    behind: Projections
    """Projections that this process may run, and that have not come as far as the others."""


class _Remembered(NamedTuple):
    """The memory of a projection, valid while the checkpoint is unchanged."""

    checkpoint: Checkpoint
    state: Any


class Runner:
    """The reader of one process. A class, because it is woken, and remembers its place."""

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        schema: str,
        projections: Projections,
        batch_records: int = BATCH_RECORDS,
        on_moved: OnMoved = lambda _: None,
        on_fault: OnFault = uncounted,
        retry_stopped_s: float = RETRY_STOPPED_S,
    ) -> None:
        self._engine = engine
        self._sql = statements(schema)
        self._projections = projections
        self._batch_records = batch_records
        self._on_moved = on_moved
        self._on_fault = on_fault
        self._retry_stopped_s = retry_stopped_s
        self._woken = asyncio.Event()
        self._remembered: dict[str, _Remembered] = {}
        self._retry_at: dict[str, float] = {}
        """When each stopped projection is retried."""
        self._retried: set[str] = set()
        self._mismatched: set[str] = set()

    async def prepare(self) -> None:
        """Create missing checkpoints, and retry stopped projections: a restart is a retry."""
        async with transaction(self._engine, self._sql["limit_waits"]) as driver:
            for projection in self._projections:
                values = {"name": projection.name, "version": projection.version}
                for statement in (self._sql["create"], self._sql["retry"]):
                    await driver.execute(statement.driver_sql, *statement.arguments(values))

    async def run(self) -> None:
        """Project until cancelled. Wait while the database is unavailable."""
        await endlessly(
            "projections",
            self._step_and_rest,
            pause_s=RETRY_S,
            on_fault=self._on_fault,
            away=UNAVAILABLE,
        )

    def wake(self) -> None:
        """Look for new events now. Cheap, and safe to call after every append."""
        self._woken.set()

    async def step(self) -> Step:
        """Project one batch, unless another process does, nothing is new, or all have stopped."""
        self._woken.clear()
        self._find_retried()
        turn = await self._take_turn(self._projections, INTEGER_MAX)
        position, records, is_full = turn.page.position, len(turn.page.rows), turn.is_full
        while turn.behind:
            turn = await self._take_turn(turn.behind, turn.page.position)
            records += len(turn.page.rows)
            is_full = is_full or turn.is_full
        return Step(position, records, is_full)

    async def _step_and_rest(self) -> None:
        began = monotonic()
        step = await self.step()
        if step.is_full:
            return
        if step.records:
            took_s = monotonic() - began
            await asyncio.sleep(min(max(GATHER_S, GATHER_TIMES * took_s), GATHER_S_MAX))
        with suppress(TimeoutError):
            async with asyncio.timeout(POLL_S):
                await self._woken.wait()

    async def _take_turn(self, projections: Projections, upto: int) -> _Turn:
        """Project together, or each alone if that fails, so that one cannot hold up the others."""
        try:
            return await self._project(projections, upto)
        except FoldFailed as failed:
            if len(projections) == 1:
                return await self._stop(projections[0], failed)
        except UNAVAILABLE:
            if len(projections) == 1:
                raise
        turns, unavailable = list[_Turn](), list[Exception]()
        for projection in projections:
            try:
                turns.append(await self._take_turn([projection], upto))
            except UNAVAILABLE as error:
                unavailable.append(error)
        if not turns:
            raise unavailable[0]
        furthest = max(turns, key=lambda turn: turn.page.position)
        return furthest._replace(is_full=any(turn.is_full for turn in turns), behind=())

    async def _project(
        self, projections: Projections, upto: int, *, despite_failure: bool = False
    ) -> _Turn:
        """Fold the next page into those of the projections that have come furthest."""
        remembered = {
            projection.name: self._remembered.pop(projection.name, None)
            for projection in projections
        }
        async with transaction(self._engine, self._sql["limit_waits"]) as driver:
            taken = await take_live(driver, self._sql, list(remembered))
            mine = [
                projection
                for projection in projections
                if (at := taken.get(projection.name)) is not None
                and (despite_failure or self._may_project(projection, at))
            ]
            if not mine:
                return _Turn(Page((), 0), is_full=False, behind=())
            after = max(taken[projection.name].position for projection in mine)
            group = [one for one in mine if taken[one.name].position == after]
            page = await read_page(
                driver, self._sql, after=after, upto=upto, limit=self._batch_records
            )
            if page.rows:
                states = {
                    one.name: self._state(one, taken[one.name], remembered[one.name])
                    for one in group
                }
                await self._fold(driver, group, taken, states, page)
        # Only after the commit does the memory certainly match the rows.
        moved: dict[str, Checkpoint] = {}
        for one in group:
            if page.rows:
                moved[one.name] = taken[one.name]._replace(position=page.position, failure=None)
                self._remembered[one.name] = _Remembered(moved[one.name], states[one.name])
                self._retry_at.pop(one.name, None)
            elif (kept := remembered[one.name]) is not None:
                self._remembered[one.name] = kept
        if moved:
            self._on_moved(moved)
        is_full = len(page.rows) == self._batch_records
        return _Turn(page, is_full, [one for one in mine if one not in group])

    async def _fold(
        self,
        driver: Driver,
        group: Projections,
        taken: Mapping[str, Checkpoint],
        states: Mapping[str, Any],
        page: Page,
    ) -> None:
        """Decode a page once, fold it into each projection, write their rows, move checkpoints."""
        concerned = decode(group, page.rows)
        for projection, events in zip(group, concerned, strict=True):
            at = taken[projection.name]
            try:
                await fold(driver, projection, states[projection.name], events, at=at)
            except FoldFailed:
                raise
            except UNAVAILABLE:
                raise
            except Exception as error:
                # Writing failed, so no single event is at fault: stop before the whole batch.
                raise FoldFailed(error, at.position + 1, is_batch=True) from error
        await move_live(driver, self._sql, [one.name for one in group], page)

    def _state(
        self, projection: Projection[Any], at: Checkpoint, remembered: _Remembered | None
    ) -> Any:
        if remembered is not None and remembered.checkpoint == at:
            return remembered.state
        return projection.begin(is_complete=at.position == 0)

    def _may_project(self, projection: Projection[Any], taken: Checkpoint) -> bool:
        name = projection.name
        if taken.version == projection.version:
            if taken.failure is not None and name not in self._retry_at:
                self._retry_at[name] = monotonic() + self._retry_stopped_s
            return taken.failure is None or name in self._retried
        if name not in self._mismatched:
            self._mismatched.add(name)
            log.warning(
                "projection.rebuild_needed",
                projection=name,
                built_by_version=taken.version,
                version=projection.version,
            )
        return False

    def _find_retried(self) -> None:
        """Find the stopped projections that it is time to retry.

        A restart retries at once. But another process may still run the faulty code, and stop the
        projection again after the repaired process has started.
        """
        now = monotonic()
        self._retried = {name for name, at in self._retry_at.items() if now >= at}
        self._retry_at |= dict.fromkeys(self._retried, now + self._retry_stopped_s)

    async def _stop(self, projection: Projection[Any], failed: FoldFailed) -> _Turn:
        """Advance a projection to just before the event that fails, and stop it there."""
        try:
            turn = await self._project([projection], failed.position - 1, despite_failure=True)
        except FoldFailed as earlier:
            return await self._stop(projection, earlier)
        statement = self._sql["stop"]
        values = {
            "name": projection.name,
            "position": failed.position - 1,
            "failure": str(failed),
        }
        async with transaction(self._engine, self._sql["limit_waits"]) as driver:
            stopped = await driver.execute(statement.driver_sql, *statement.arguments(values))
            live = await read_live(driver, self._sql, [projection.name])
        if stopped == "UPDATE 1":
            self._on_fault("projection")
            log.error(
                "projection.stopped",
                projection=projection.name,
                failure=str(failed),
                where=fault_of(failed.__cause__ or failed).where,
            )
        self._retry_at[projection.name] = monotonic() + self._retry_stopped_s
        self._on_moved(live)
        return turn
