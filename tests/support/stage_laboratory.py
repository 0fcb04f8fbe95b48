"""A database on which every drawn history is projected, queried, and rolled back."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from domain.event import Event
from events.database.sessions import Driver, borrowed
from projections.engine.advance import fold_all
from projections.funnel.projection import StageIntervals
from service.private_postgres import PrivatePostgres
from tests.support.stage_events import Script
from tests.support.stage_histories import History
from tests.support.stage_ledgers import StageLedger, stage_ledger
from tests.support.tier import by_tier

Answer = TypeVar("Answer")

CUTS = st.lists(st.integers(0, 30), max_size=4)
asked = settings(
    max_examples=by_tier(push=30, nightly=500),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@dataclass(frozen=True)
class Laboratory:
    """A database on which every example is projected, queried, and rolled back."""

    loop: asyncio.Runner
    ledger: StageLedger

    def ask(
        self,
        history: History,
        cuts: Sequence[int],
        question: Callable[[Driver], Coroutine[Any, Any, Answer]],
    ) -> Answer:
        return self.loop.run(self._ask(history.events, cuts, question))

    async def _ask(
        self,
        events: Sequence[Event],
        cuts: Sequence[int],
        question: Callable[[Driver], Coroutine[Any, Any, Answer]],
    ) -> Answer:
        async with borrowed(self.ledger.engine) as driver:
            transaction = driver.transaction()
            await transaction.start()
            try:
                await project(driver, self.ledger.projection, events, cuts)
                return await question(driver)
            finally:
                await transaction.rollback()


async def project(
    driver: Driver, projection: StageIntervals, events: Sequence[Event], cuts: Sequence[int]
) -> None:
    """Project a history in batches that end at the cuts, every other one in a new process."""
    bounds = sorted({0, len(events), *(cut % (len(events) + 1) for cut in cuts)})
    state = projection.begin(is_complete=True)
    for number, (begin, end) in enumerate(pairwise(bounds)):
        if number % 2:
            state = projection.begin(is_complete=False)
        batch = events[begin:end]
        await projection.load(driver, 1, state, batch)
        fold_all(projection, state, batch)
        await projection.write(driver, 1, state)
    await driver.execute(
        "INSERT INTO ledger.projections (name, generation, version, status, position) "
        "VALUES ('stage_intervals', 1, 1, 'live', $1)",
        len(events),
    )


@contextmanager
def laboratory_on(server: PrivatePostgres) -> Iterator[Laboratory]:
    with asyncio.Runner() as loop:
        opened = stage_ledger(server)
        ledger = loop.run(opened.__aenter__())
        script = Script()
        script.publish()
        loop.run(ledger.append(script.events))
        yield Laboratory(loop, ledger)
        loop.run(opened.__aexit__(None, None, None))
