"""A projector that dies between its rows and its checkpoint leaves no rows behind."""

from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest

from events.database.sessions import Driver
from projections.engine.advance import Checkpoint, Page, move_live
from projections.engine.rebuild import compare
from projections.engine.runner import Projections, Runner
from projections.funnel.fold import Stages
from projections.funnel.projection import StageIntervals
from service.private_postgres import PrivatePostgres
from tests.support.postgres import connection_to
from tests.support.stage_events import Script
from tests.support.stage_ledgers import SCHEMA, StageLedger, catch_up, stage_ledger


class Killed(BaseException):
    """The process dies here."""


@dataclass(frozen=True)
class Dying(StageIntervals):
    """The projection, whose process dies after writing the rows of a batch."""

    async def write(self, driver: Driver, generation: int, state: Stages) -> None:
        await super().write(driver, generation, state)
        raise Killed


@dataclass(frozen=True)
class DyingInTwo(Dying):
    """The same, with the rows in a separate transaction."""

    ledger: StageLedger | None = None

    async def write(self, driver: Driver, generation: int, state: Stages) -> None:
        del driver
        assert self.ledger is not None
        async with connection_to(self.ledger.owner_url) as own:
            await super().write(own, generation, state)


class MovingFirst(Runner):
    """A runner that commits its checkpoint before its rows, and whose process dies in between."""

    async def _fold(
        self,
        driver: Driver,
        group: Projections,
        taken: Mapping[str, Checkpoint],
        states: Mapping[str, Any],
        page: Page,
    ) -> None:
        del taken, states
        await move_live(driver, self._sql, [one.name for one in group], page)
        await driver.execute("COMMIT")
        await driver.execute("BEGIN")
        raise Killed


@pytest.fixture
async def ledger(postgres_server: PrivatePostgres) -> AsyncIterator[StageLedger]:
    """Provide a projected ledger in which a lead has reached ML."""
    async with stage_ledger(postgres_server) as opened:
        script = Script()
        script.publish()
        script.move(1, 0, "AL", "entered")
        script.move(1, 1, "ML", "advanced")
        await opened.append(script.events)
        yield opened


async def differing_after_a_death(ledger: StageLedger, dying: StageIntervals) -> int:
    """Run a projector that dies, then another; return the rows that differ from a rebuild."""
    runner = await ledger.prepared_runner(dying)
    with suppress(Killed):
        await runner.step()
    await catch_up(await ledger.prepared_runner())
    comparison = (await compare(ledger.engine, ledger.projection, schema=SCHEMA)).comparison
    return comparison.differing if comparison is not None else -1


async def test_a_projector_that_dies_before_its_checkpoint_has_written_nothing(
    ledger: StageLedger,
) -> None:
    assert await differing_after_a_death(ledger, Dying(SCHEMA, ledger.projection.sql)) == 0


async def test_a_checkpoint_that_is_moved_before_its_rows_would_skip_events(
    ledger: StageLedger,
) -> None:
    """The negative twin: after the death, no one folds what the checkpoint is beyond."""
    runner = MovingFirst(ledger.engine, schema=SCHEMA, projections=[ledger.projection])
    await runner.prepare()
    with suppress(Killed):
        await runner.step()
    await catch_up(await ledger.prepared_runner())
    comparison = (await compare(ledger.engine, ledger.projection, schema=SCHEMA)).comparison
    assert comparison is not None
    assert comparison.differing > 0


async def test_rows_in_a_separate_transaction_would_be_written_twice(
    ledger: StageLedger,
) -> None:
    """The negative twin: what was written before the death is written again after it."""
    dying = DyingInTwo(SCHEMA, ledger.projection.sql, ledger=ledger)
    assert await differing_after_a_death(ledger, dying) != 0
