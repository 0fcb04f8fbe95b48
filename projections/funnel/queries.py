"""Query the funnel: current stages, stages reached, entries and exits.

    queries = FunnelQueries("ledger")
    await queries.funnel(driver)                                          now
    await queries.funnel(driver, as_of=march, known_at=17)                then, as known at 17
    await queries.flow(driver, since=march, until=april, breakdown=Breakdown.ORIGIN)

The current funnel is read from counts, at the same cost for any size of log. That of an earlier
moment, as it is known now, is read from sums by day and from the stays of its day. What was known
at an earlier position is read from all intervals.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from events.database.sessions import Driver
from events.database.statements import load
from projections.engine.failures import MomentUnreadable, ProjectionUnknown
from projections.funnel.figures import Breakdown, Flow, Funnel, KnownStay
from projections.funnel.figures_from_counts import (
    CountedFlow,
    CountedStays,
    flow_parts,
    funnel_parts,
)
from projections.funnel.lifecycles import InForce, Lifecycles
from projections.funnel.projection import KEPT_BY_DAY


class FunnelQueries:
    """Queries about the funnel of one ledger. A class, because it caches parsed lifecycles."""

    def __init__(self, schema: str) -> None:
        self._sql = load("projections", "funnel/funnel.sql", schema)
        self._lifecycles = Lifecycles(self._sql["read_lifecycle"])

    async def funnel(
        self,
        driver: Driver,
        *,
        breakdown: Breakdown = Breakdown.NONE,
        as_of: datetime | None = None,
        known_at: datetime | int | None = None,
    ) -> Funnel:
        """Return the current funnel, or that as of a moment, as known at a time or position.

        If the projection has not reached that position yet, its own position is used.
        """
        values = await self._moment(driver, breakdown, known_at) | {"as_of": as_of}
        found: list[Any] = []
        if known_at is None and as_of is None:
            found = await self._fetch(driver, "counts_now", values)
        elif known_at is None and breakdown in KEPT_BY_DAY:
            found = await self._fetch(driver, "sums_then", values)
        found = found or await self._fetch(driver, "counts_then", values)
        rows, position, in_force = await self._read(driver, found)
        counted = [CountedStays(*row[2:]) for row in rows]
        lifecycle = in_force.lifecycle if in_force is not None else None
        total, parts = funnel_parts(counted, lifecycle, breakdown)
        version = in_force.version if in_force is not None else None
        return Funnel(position, version, as_of, breakdown, total, parts)

    async def flow(
        self,
        driver: Driver,
        *,
        since: datetime,
        until: datetime,
        breakdown: Breakdown = Breakdown.NONE,
        known_at: datetime | int | None = None,
    ) -> Flow:
        """Return entries and exits from `since` until before `until`."""
        if since > until:
            raise MomentUnreadable(
                f"expected a period that ends after it begins, found {since} to {until}"
            )
        values = await self._moment(driver, breakdown, known_at)
        values |= {"since": since, "until": until}
        found = await self._fetch(driver, "flow", values)
        rows, position, in_force = await self._read(driver, found)
        counted = [CountedFlow(*row[2:]) for row in rows]
        lifecycle = in_force.lifecycle if in_force is not None else None
        total, parts = flow_parts(counted, lifecycle, breakdown)
        version = in_force.version if in_force is not None else None
        return Flow(position, version, since, until, breakdown, total, parts)

    async def stays_of(self, driver: Driver, lead_id: str, *, limit: int) -> list[KnownStay]:
        """Return the latest stays of a lead in order, as they are known now."""
        statement = self._sql["stays_of"]
        values = {"subject_id": lead_id, "limit": limit}
        rows = await driver.fetch(statement.driver_sql, *statement.arguments(values))
        return [KnownStay(*row.values()) for row in reversed(rows)]

    async def position_at(self, driver: Driver, recorded_by: datetime) -> int:
        """Return the position of the last event recorded by a time; 0 if there is none."""
        position = await driver.fetchval(self._sql["position_at"].driver_sql, recorded_by)
        return int(position) if position is not None else 0

    async def _moment(
        self, driver: Driver, breakdown: Breakdown, known_at: datetime | int | None
    ) -> dict[str, Any]:
        if isinstance(known_at, datetime):
            known_at = await self.position_at(driver, known_at)
        return {"breakdown": str(breakdown), "known_at": known_at}

    async def _fetch(self, driver: Driver, name: str, values: Mapping[str, Any]) -> list[Any]:
        statement = self._sql[name]
        found: list[Any] = await driver.fetch(statement.driver_sql, *statement.arguments(values))
        return found

    async def _read(
        self, driver: Driver, found: Sequence[Any]
    ) -> tuple[Sequence[tuple[Any, ...]], int, InForce | None]:
        """Return the counted rows, their position, and the lifecycle in force at that position."""
        if not found:
            raise ProjectionUnknown("the stage intervals have no live generation; start a runner")
        rows = [tuple(row.values()) for row in found]
        position, lifecycle_position, value, *_ = rows[0]
        in_force = await self._lifecycles.at(driver, lifecycle_position)
        return (rows if value is not None else []), position, in_force
