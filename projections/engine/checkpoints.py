"""How far the projections of a ledger have read, for processes that answer from their tables.

The runner may be in another process, so the checkpoints are read from the database: now and then,
and often while a client waits for a position. A runner in this process reports its own at once.
"""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress
from math import inf
from time import monotonic
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncEngine

from events.background.loops import endlessly
from events.database.sessions import borrowed
from events.faults import OnFault, uncounted
from projections.engine.advance import Checkpoint, read_live, statements
from projections.engine.failures import NotYetProjected, ProjectionUnknown
from projections.engine.limits import POLL_S, RETRY_S, STANDING_TRUST_S, WATCH_S
from projections.engine.transactions import UNAVAILABLE


class KnownCheckpoint(NamedTuple):
    """The checkpoint of a projection when last read. While it is unchanged, so are the rows."""

    generation: int
    position: int
    failure: str | None = None
    """Why it has stopped there; None while it runs."""


class Lag(NamedTuple):
    """How far one projection is behind the ledger, in whichever process it runs."""

    name: str
    version: int
    generation: int
    position: int
    failure: str | None
    """Why it has stopped; None while it runs."""
    head_position: int
    seconds: float
    """Age of the first unprojected event."""
    rebuilt_position: int | None
    """How far a rebuild has got; None if there is none."""

    @property
    def events(self) -> int:
        return self.head_position - self.position


class Checkpoints:
    """What this process knows of the checkpoints. A class, because clients wait for them here."""

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        schema: str,
        names: Iterable[str],
        on_fault: OnFault = uncounted,
    ) -> None:
        self._engine = engine
        self._sql = statements(schema)
        self._names = tuple(names)
        self._on_fault = on_fault
        self._known: dict[str, KnownCheckpoint] = {}
        self._read_at = -inf
        self._waiting = 0
        self._asked = asyncio.Event()
        self._moved = asyncio.Event()

    async def run(self) -> None:
        """Keep looking until cancelled. Wait while the database is unavailable."""
        await endlessly(
            "checkpoints",
            self._look_and_rest,
            pause_s=RETRY_S,
            on_fault=self._on_fault,
            away=UNAVAILABLE,
        )

    async def look(self) -> None:
        """Read all checkpoints now."""
        asked_at = monotonic()
        async with borrowed(self._engine) as driver:
            found = await read_live(driver, self._sql, self._names)
        self._read_at = asked_at
        self.learn(found)

    def learn(self, found: Mapping[str, Checkpoint]) -> None:
        """Take over checkpoints that were just read or moved, and wake whoever waits for one."""
        for name, (generation, _, position, failure) in found.items():
            self._known[name] = KnownCheckpoint(generation, position, failure)
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    def known(self, name: str) -> KnownCheckpoint | None:
        """Return a projection's checkpoint without a query; None if it was not read recently."""
        self._check(name)
        is_fresh = monotonic() - self._read_at < STANDING_TRUST_S
        return self._known.get(name) if is_fresh else None

    async def wait_for(self, position: int, *, name: str, timeout_s: float) -> int:
        """Return the position reached as soon as it is at least the one requested.

        Raises:
            NotYetProjected: If that takes longer than `timeout_s`.
        """
        self._check(name)
        self._waiting += 1
        self._asked.set()
        try:
            async with asyncio.timeout(timeout_s):
                while (reached := self._reached(name)) < position:
                    await self._moved.wait()
        except TimeoutError as error:
            raise NotYetProjected(
                f"{name} reached position {self._reached(name)} within {timeout_s} s, expected "
                f"{position}; try again, or check why it lags"
            ) from error
        finally:
            self._waiting -= 1
        return reached

    async def position_of(self, name: str) -> int:
        """Return how far a projection has read."""
        async with borrowed(self._engine) as driver:
            found = await read_live(driver, self._sql, [name])
        if name not in found:
            raise ProjectionUnknown(f"no projection {name} has a checkpoint")
        return found[name].position

    async def lags(self) -> list[Lag]:
        """Return how far each projection of this ledger is behind."""
        async with borrowed(self._engine) as driver:
            rows = await driver.fetch(self._sql["lags"].driver_sql)
        return [Lag(**dict(row.items())) for row in rows]

    def _reached(self, name: str) -> int:
        known = self._known.get(name)
        return known.position if known is not None else 0

    def _check(self, name: str) -> None:
        if name not in self._names:
            raise ProjectionUnknown(f"this ledger has {', '.join(self._names)}, not {name}")

    async def _look_and_rest(self) -> None:
        self._asked.clear()
        await self.look()
        if self._waiting:
            await asyncio.sleep(WATCH_S)
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(POLL_S):
                await self._asked.wait()
