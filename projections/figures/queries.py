"""Ask for figures and for the leads behind them.

figures = FigureQueries("ledger")
reading = await figures.reading(driver, known_at=None)
question = Question(as_of=now, known_at=reading.position)
await figures.answer(driver, STOCK, lifecycle, question)
await figures.members(driver, STOCK, lifecycle, question, cell, after=None, limit=100)
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import asyncpg

from domain.lifecycle.compiled.table import departments_in_charge
from domain.lifecycle.definition import Lifecycle
from events.database.sessions import Driver
from events.database.statements import load
from events.limits import INTEGER_MAX
from projections.engine.failures import ProjectionUnknown
from projections.figures.answering import Counted, Measured, answer_from
from projections.figures.definition import Figure
from projections.figures.question import (
    Cell,
    Dimension,
    FigureAnswer,
    Member,
    MemberPage,
    Place,
    Question,
    Then,
)
from projections.funnel.lifecycles import InForce, Lifecycles

FIRST = Place("00000000-0000-0000-0000-000000000000", 0, 0)
"""Sorts before every member."""
NOTHING = "none"
"""Breaks down by nothing."""
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


class Reading(NamedTuple):
    """What figures are read from."""

    position: int
    recorded_at: datetime
    """When that was recorded; the beginning of time if nothing was."""
    in_force: InForce | None
    """The lifecycle in force at that position; None before the first one."""


class FigureQueries:
    """Queries of figures on one ledger. A class, because it caches parsed lifecycles."""

    def __init__(self, schema: str) -> None:
        self._sql = load("projections", "figures/figures.sql", schema)
        self._lifecycles = Lifecycles(self._sql["read_lifecycle"])

    async def reading(self, driver: Driver, known_at: int | None) -> Reading:
        """Return up to where figures are read: a position, if the projection has got that far."""
        values = {"known_at": known_at if known_at is not None else INTEGER_MAX}
        rows = await self._rows(driver, "reading", values)
        if not rows:
            raise ProjectionUnknown("the stage intervals have no live generation; start a runner")
        position, recorded_at, lifecycle_position = rows[0].values()
        in_force = await self._lifecycles.at(driver, lifecycle_position)
        return Reading(position, recorded_at or BEGINNING, in_force)

    async def answer(
        self, driver: Driver, figure: Figure, lifecycle: Lifecycle, question: Question
    ) -> FigureAnswer:
        """Return every number of a figure."""
        values = values_of(figure, lifecycle, question)
        is_kept = question.is_now and question.by in figure.kept_by
        counted = await self._kept(driver, figure, values) if is_kept else None
        if counted is None:
            rows = await self._rows(driver, f"count_{figure.relation}", values)
            counted = [Counted(*row.values()) for row in rows]
        measured = await self._measured(driver, figure, values)
        return answer_from(counted, measured, figure, lifecycle, question)

    async def _measured(
        self, driver: Driver, figure: Figure, values: Mapping[str, Any]
    ) -> list[Measured]:
        """Return the percentiles of a figure, if it has any."""
        if not figure.durations:
            return []
        wanted = {
            "names": [one.name for one in figure.durations],
            "measures": [one.measure for one in figure.durations],
            "percents": [one.percent for one in figure.durations],
        }
        whole = _by(()) if figure.measures_whole_rows else {}
        rows = await self._rows(driver, f"measure_{figure.relation}", {**values, **wanted, **whole})
        return [Measured(*row.values()) for row in rows]

    async def _kept(
        self, driver: Driver, figure: Figure, values: Mapping[str, Any]
    ) -> list[Counted] | None:
        """Return the counts that a projection keeps; None if it has none at this position."""
        if figure.kept is None:
            return None
        found = [tuple(row.values()) for row in await self._rows(driver, figure.kept, values)]
        if not found:
            return None
        return [Counted(*counts) for *counts, _ in found if counts[0] is not None]

    async def members(
        self,
        driver: Driver,
        figure: Figure,
        lifecycle: Lifecycle,
        question: Question,
        cell: Cell,
        *,
        after: Place | None,
        limit: int,
    ) -> MemberPage:
        """Return a page of the members behind one number."""
        measure = figure.measure(cell.measure)
        assert measure is not None, f"{figure.name} has no measure {cell.measure}"
        after_id, after_position, after_number = after or FIRST
        values = {
            **values_of(figure, lifecycle, question),
            "track": str(cell.row.track),
            "in_row": cell.row.name,
            "measures": list(figure.counted_by(measure)),
            "value": cell.value,
            "after_id": after_id,
            "after_position": after_position,
            "after_number": after_number,
            "limit": limit,
        }
        rows = await self._rows(driver, f"list_{figure.relation}", values)
        members = tuple(map(_member, rows))
        return MemberPage(members, members[-1].place if len(members) == limit else None)

    async def _rows(
        self, driver: Driver, name: str, values: Mapping[str, Any]
    ) -> list[asyncpg.Record]:
        statement = self._sql[name]
        return await driver.fetch(statement.driver_sql, *statement.arguments(values))


def values_of(figure: Figure, lifecycle: Lifecycle, question: Question) -> dict[str, Any]:
    """Return what every statement of a figure takes."""
    departments = {
        **{code: stage.department for code, stage in lifecycle.account.stages.items()},
        **departments_in_charge(lifecycle),
    }
    return {
        "known_at": question.known_at,
        "as_of": question.as_of,
        **_by(question.by),
        "valued_at": None if figure.values_at_entry else question.as_of,
        "stages_in_charge": list(departments.keys()),
        "departments": list(departments.values()),
        **figure.values(lifecycle, question),
    }


def _by(dimensions: Sequence[Dimension]) -> dict[str, str]:
    first, second, *_ = (*map(str, dimensions), NOTHING, NOTHING)
    return {"first": first, "second": second}


def _member(row: asyncpg.Record) -> Member:
    then = None
    if row["then_at"] is not None:
        then = Then(row["then_stage"], row["then_kind"], row["then_at"], row["then_position"])
    place = Place(row["subject_id"], row["position"], row["number"])
    return Member(place, row["kind"], row["pass_number"], row["at"], row["value"], then)
