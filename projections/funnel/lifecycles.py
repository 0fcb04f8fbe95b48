"""The lifecycle in force at a position of the ledger, parsed once."""

from typing import NamedTuple

from domain.lifecycle.definition import Lifecycle, Track
from events.database.sessions import Driver
from events.database.statements import Statement
from events.lifecycles.publish import parsed
from events.records import decode_event
from projections.engine.limits import LIFECYCLES_KEPT


class InForce(NamedTuple):
    version: int
    lifecycle: Lifecycle


class Lifecycles:
    """Published lifecycles by position. A class, because it caches them for all queries.

    A publication never changes, so no entry becomes stale.
    """

    def __init__(self, read_lifecycle: Statement) -> None:
        self._statement = read_lifecycle
        self._parsed: dict[int, InForce] = {}

    async def at(self, driver: Driver, position: int | None) -> InForce | None:
        """Return the lifecycle published at a position; None for None, before the first one."""
        if position is None:
            return None
        found = self._parsed.get(position)
        if found is None:
            record = await driver.fetchval(self._statement.driver_sql, position)
            published = decode_event(record).data
            found = InForce(published["version"], parsed(published["text"]))
            if len(self._parsed) >= LIFECYCLES_KEPT:
                del self._parsed[next(iter(self._parsed))]
            self._parsed[position] = found
        return found


def stages_of(track: Track | None, standing: set[str]) -> list[str]:
    """Order the stages of a result: the path, then other declared stages, then removed stages."""
    declared = (
        [*track.path, *(stage for stage in track.stages if stage not in track.path)]
        if track
        else []
    )
    return [*declared, *sorted(standing.difference(declared))]
