"""The tables of the projections, for questions that are answered from them.

Also the last answers about the current funnel, which stay valid until its projection moves.
"""

from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from events.database.sessions import Driver, borrowed
from projections.engine.checkpoints import Checkpoints, KnownCheckpoint
from projections.engine.limits import RETRY_STOPPED_S
from service.feed.log import Log, check_reached
from service.http.answer import Answer
from service.http.problem import Problem
from service.limits import PROJECTION_WAIT_S


@dataclass(frozen=True, slots=True)
class ProjectedTables:
    """The tables, and how far each has been built."""

    engine: AsyncEngine
    checkpoints: Checkpoints
    log: Log

    @asynccontextmanager
    async def reached(self, position: int | None, projection: str) -> AsyncIterator[Driver]:
        """Lend a connection to read a projection with, once it has reached a position, if any.

        Raises Problem: log-shorter, projection-stopped.
        """
        await self.wait_until(position, projection)
        async with borrowed(self.engine) as driver:
            yield driver

    async def wait_until(self, position: int | None, projection: str) -> None:
        """Wait until a projection has reached a position, if one is given.

        Raises Problem: log-shorter; projection-stopped, if it would never get there.
        """
        self.check_runs(projection)
        if position is None:
            return
        check_reached(position, await self.log.head())
        await self.checkpoints.wait_for(position, name=projection, timeout_s=PROJECTION_WAIT_S)

    def check_runs(self, projection: str) -> None:
        """Refuse to answer from a projection that has stopped, because its data only gets older.

        Raises Problem: projection-stopped.
        """
        checkpoint = self.checkpoints.known(projection)
        if checkpoint is not None and checkpoint.failure is not None:
            raise Problem(
                "projection-stopped",
                f"The projection {projection} stopped after position {checkpoint.position}, "
                f"because it cannot process what follows ({checkpoint.failure}). Nothing is lost: "
                "it continues once the service is repaired, or after `leadledger rebuild`.",
                headers={"retry-after": f"{RETRY_STOPPED_S:.0f}"},
                projection=projection,
                position=str(checkpoint.position),
            )


class FunnelNow:
    """Answers by query. A class, because they are all forgotten at once.

    There are at most as many as breakdowns times languages.
    """

    def __init__(self) -> None:
        self._checkpoint: KnownCheckpoint | None = None
        self._answers: dict[Hashable, Answer] = {}

    def recall(self, checkpoint: KnownCheckpoint | None, *asked: Hashable) -> Answer | None:
        """Return the answer if the projection is still at the same position."""
        return self._answers.get(asked) if checkpoint == self._checkpoint else None

    def remember(self, checkpoint: KnownCheckpoint, *asked: Hashable, answer: Answer) -> None:
        """Keep an answer for as long as the projection stays at this position."""
        if checkpoint != self._checkpoint:
            self._checkpoint, self._answers = checkpoint, {}
        self._answers[asked] = answer
