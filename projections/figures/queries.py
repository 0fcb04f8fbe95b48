"""Ask for figures and for the leads behind them.

figures = FigureQueries("ledger")
reading = await figures.reading(driver, known_at=None)
question = Question(as_of=now, known_at=reading.position)
await figures.answer(driver, STOCK, lifecycle, question)
await figures.members(driver, STOCK, lifecycle, question, cell, after=None, limit=100)
"""

from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import asyncpg
import orjson

from domain.lead.absorption import follow_forwarding
from domain.lifecycle.compiled.table import departments_in_charge
from domain.lifecycle.definition import Lifecycle
from events.database.sessions import Driver
from events.database.statements import load
from events.limits import INTEGER_MAX, SMALL_INTEGER_MAX
from projections.business.queries import Crediting
from projections.engine.failures import ProjectionUnknown
from projections.engine.limits import ANSWERS_KEPT, COMPARED_MEMBERS_MAX, KEPT_ROWS_MAX
from projections.figures.answering import Counted, Measured, answer_from
from projections.figures.comparing import (
    Because,
    Compared,
    MemberDifference,
    MemberKey,
    Pair,
    StayBounds,
    by_subject,
    compare,
    explain,
    explain_elsewhere,
    key_of,
)
from projections.figures.costs import Cost, Period, Spent, spent_in
from projections.figures.definition import STAYS, Figure
from projections.figures.question import (
    Cell,
    Dimension,
    FigureAnswer,
    FigureUnit,
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


class Side(NamedTuple):
    """One side of a comparison: a number in a reading."""

    lifecycle: Lifecycle
    question: Question
    cell: Cell


class Standing(NamedTuple):
    """Where a lead is, since when, and the event by which it is there."""

    stage: str
    entered_at: datetime
    position: int
    type: str


class ComparedPage(NamedTuple):
    """Part of what differs."""

    differences: tuple[MemberDifference, ...]
    types: Mapping[int, str]
    """Position of each event that explains a difference → its type."""
    whole: Compared | None
    """Everything, if it could be compared at once; None for later pages and very long lists."""
    next: str | None
    """The subject to continue after; None if there is no more."""


class FigureQueries:
    """Queries of figures on one ledger. A class, because it caches lifecycles and answers."""

    def __init__(self, schema: str, *, answers_kept: int = ANSWERS_KEPT) -> None:
        self._sql = load("projections", "figures/figures.sql", schema)
        self._answers_kept = answers_kept
        self._crediting = Crediting(schema)
        self._lifecycles = Lifecycles(self._sql["read_lifecycle"])
        self._answers: OrderedDict[tuple[str, str, Question], FigureAnswer] = OrderedDict()

    async def reading(
        self, driver: Driver, known_at: int | None, reads: Sequence[str] = (STAYS,)
    ) -> Reading:
        """Return up to where figures are read: a position, if the projections have got that far."""
        wanted = known_at if known_at is not None else INTEGER_MAX
        values = {"known_at": wanted, "reads": list(reads)}
        rows = await self._rows(driver, "reading", values)
        if not rows:
            missing = f"not all of {', '.join(reads)} have a live generation; start a runner"
            raise ProjectionUnknown(missing)
        position, recorded_at, lifecycle_position = rows[0].values()
        in_force = await self._lifecycles.at(driver, lifecycle_position)
        return Reading(position, recorded_at or BEGINNING, in_force)

    async def answer(
        self, driver: Driver, figure: Figure, lifecycle: Lifecycle, question: Question
    ) -> FigureAnswer:
        """Return every number of a figure.

        What was known at a position about a moment never changes, so a repeated question is
        answered from memory. The present is another moment each time.
        """
        if question.is_now:
            return await self._count(driver, figure, lifecycle, question)
        [built] = await self._rows(driver, "generations", {"reads": list(figure.reads)})
        asked = (figure.name, built["generations"], question)
        if (kept := self._answers.get(asked)) is not None:
            self._answers.move_to_end(asked)
            return kept
        answer = await self._count(driver, figure, lifecycle, question)
        if answer.size <= KEPT_ROWS_MAX:
            self._answers[asked] = answer
            if len(self._answers) > self._answers_kept:
                self._answers.popitem(last=False)
        return answer

    async def _count(
        self, driver: Driver, figure: Figure, lifecycle: Lifecycle, question: Question
    ) -> FigureAnswer:
        values = await self._values_of(driver, figure, lifecycle, question)
        counted = await self._kept(driver, figure, lifecycle, question)
        if counted is None:
            name = self._name(f"count_{figure.relation}", question)
            rows = await self._rows(driver, name, values)
            counted = [Counted(*row.values()) for row in rows]
        measured = await self._measured(driver, figure, values)
        spent = await self._spent(driver, figure, lifecycle, question)
        return answer_from(counted, measured, figure, lifecycle, question, spent=spent)

    async def _values_of(
        self, driver: Driver, figure: Figure, lifecycle: Lifecycle, question: Question
    ) -> dict[str, Any]:
        """Return what the statements of a figure take, with the business that it is about."""
        values = values_of(figure, lifecycle, question)
        if figure.of_business is None:
            return values
        won = await self._crediting.won(
            driver,
            lifecycle,
            since=question.since,
            until=None if figure.follows_business else question.until,
            known_at=question.known_at,
            as_of=question.as_of,
        )
        return {**values, **figure.of_business(lifecycle, question, won)}

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

    async def _spent(
        self, driver: Driver, figure: Figure, lifecycle: Lifecycle, question: Question
    ) -> list[Spent]:
        """Return what campaigns cost in the period, if the figure says that."""
        if figure.costs is None:
            return []
        values = {"known_at": question.known_at, "as_of": question.as_of}
        rows = await self._rows(driver, f"costs_{figure.relation}", values)
        period = Period(question.since, question.until, question.as_of, question.within)
        costs = (Cost(*row.values()) for row in rows)
        return spent_in(costs, period, ZoneInfo(lifecycle.time_zone))

    async def _kept(
        self, driver: Driver, figure: Figure, lifecycle: Lifecycle, question: Question
    ) -> list[Counted] | None:
        """Return the counts that a projection keeps; None if it has none of this moment."""
        if question.unit is not FigureUnit.JOURNEY:
            return None
        values = values_of(figure, lifecycle, question)
        if question.is_now and question.by in figure.kept_by:
            name = figure.kept
        elif question.by in figure.kept_then_by:
            name = figure.kept_then
            values |= {"breakdown": values["first"]}
        else:
            return None
        assert name is not None, f"{figure.name} keeps nothing"
        found = [tuple(row.values()) for row in await self._rows(driver, name, values)]
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
        side, measures = Side(lifecycle, question, cell), figure.counted_by(measure)
        return await self._listed(driver, figure, side, measures, after=after, limit=limit)

    async def _listed(
        self,
        driver: Driver,
        figure: Figure,
        side: Side,
        measures: Sequence[str],
        *,
        after: Place | None,
        limit: int,
    ) -> MemberPage:
        lifecycle, question, cell = side
        after_id, after_position, after_number = after or FIRST
        values = {
            **await self._values_of(driver, figure, lifecycle, question),
            "track": str(cell.row.track),
            "in_row": cell.row.name,
            "measures": list(measures),
            "value": cell.value,
            "after_id": after_id,
            "after_position": after_position,
            "after_number": after_number,
            "limit": limit,
        }
        name = self._name(f"list_{figure.relation}", question)
        rows = await self._rows(driver, name, values)
        members = tuple(map(_member, rows))
        return MemberPage(members, members[-1].place if len(members) == limit else None)

    async def compare(
        self, driver: Driver, figure: Figure, sides: tuple[Side, Side], *, after: str, limit: int
    ) -> ComparedPage:
        """Compare a number in two readings, lead by lead, after a subject.

        Both lists are read up to a bound, and compared as far as both have been read.
        """
        begin = Place(after, INTEGER_MAX, SMALL_INTEGER_MAX)
        lists = [
            await self.members(driver, figure, *side, after=begin, limit=COMPARED_MEMBERS_MAX)
            for side in sides
        ]
        # The members of the last subject may be incomplete.
        ends = [page.next.subject_id for page in lists if page.next is not None]
        end = min(ends, default=None)
        read = [
            [one for one in page.members if end is None or one.place.subject_id < end]
            for page in lists
        ]
        compared = compare(*read)
        shown = _whole_subjects(compared.differing, limit)
        subjects = list(dict.fromkeys(pair.subject_id for pair in shown))
        stays = by_subject(await self._stays_of(driver, subjects))
        readings = [side.question for side in sides]
        differences = tuple(explain(pair, stays[pair.subject_id], *readings) for pair in shown)
        if any(one.reason.because is Because.ASKED for one in differences):
            elsewhere = [await self._anywhere(driver, figure, side, begin) for side in sides]
            differences = tuple(
                explain_elsewhere(one, stays[one.subject_id], readings, elsewhere)
                for one in differences
            )
        types = await self._types_of(driver, differences)
        is_whole = after == FIRST.subject_id and end is None
        following = _continues(compared, shown, read, end)
        return ComparedPage(differences, types, compared if is_whole else None, following)

    async def _anywhere(
        self, driver: Driver, figure: Figure, side: Side, after: Place
    ) -> Mapping[MemberKey, Member]:
        """Return the members of a row, whatever they count for there.

        If there is one measure, rows say what members count for, and the first has all of them.
        """
        row = side.cell.row
        if len(figure.measures) == 1:
            row = figure.rows(side.lifecycle, side.question, ())[0]._replace(track=row.track)
        whole = side._replace(cell=Cell(row, side.cell.measure))
        page = await self._listed(
            driver, figure, whole, figure.every_measure, after=after, limit=COMPARED_MEMBERS_MAX
        )
        return {key_of(member): member for member in page.members}

    async def everyone(
        self, driver: Driver, figure: Figure, side: Side
    ) -> tuple[Member, ...] | None:
        """Return all members behind a number; None if there are too many for one answer."""
        page = await self.members(driver, figure, *side, after=None, limit=COMPARED_MEMBERS_MAX)
        return page.members if page.next is None else None

    async def standing(
        self, driver: Driver, subjects: Sequence[str], question: Question
    ) -> Mapping[str, Standing]:
        """Return where some leads were at the moment that a question is about."""
        values = {
            "subject_ids": subjects,
            "known_at": question.known_at,
            "as_of": question.as_of,
        }
        rows = await self._rows(driver, "standing_of", values) if subjects else []
        return {subject_id: Standing(*rest) for subject_id, *rest in (row.values() for row in rows)}

    async def receivers(self, driver: Driver, subjects: Collection[str]) -> Mapping[str, str]:
        """Return the leads that represent some others now, because they have absorbed them."""
        forwards: dict[str, str] = {}
        asked = set(subjects)
        while asked:
            rows = await self._rows(driver, "forwards_of", {"subject_ids": list(asked)})
            found = {row["subject_id"]: row["absorbed_by"] for row in rows}
            forwards |= found
            asked = set(found.values()) - forwards.keys()
        return {
            subject: follow_forwarding(subject, forwards.get)
            for subject in subjects
            if subject in forwards
        }

    async def _stays_of(self, driver: Driver, subjects: Sequence[str]) -> list[StayBounds]:
        rows = await self._rows(driver, "stays_of", {"subject_ids": subjects}) if subjects else []
        return [
            StayBounds._make((*bounds, list(zip(changed_at, changed_by, strict=True))))
            for *bounds, changed_at, changed_by in (row.values() for row in rows)
        ]

    async def _types_of(
        self, driver: Driver, differences: Iterable[MemberDifference]
    ) -> Mapping[int, str]:
        wanted = {one.reason.position for one in differences} - {None}
        rows = await self._rows(driver, "types_of", {"positions": list(wanted)}) if wanted else []
        return {row["position"]: row["type"] for row in rows}

    def _name(self, name: str, question: Question) -> str:
        """Return the name of the statement for what counts once, if that has one of its own."""
        of_units = f"{name}_of_units"
        is_of_passes = question.unit is FigureUnit.JOURNEY or of_units not in self._sql
        return name if is_of_passes else of_units

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
    sides = {origin: code for code, side in lifecycle.sides.items() for origin in side.origins}
    return {
        "known_at": question.known_at,
        "as_of": question.as_of,
        **_by(question.by),
        "unit": str(question.unit),
        "valued_at": None if figure.values_at_entry else question.as_of,
        "departments": orjson.dumps(departments).decode(),
        "sides": orjson.dumps(sides).decode(),
        **figure.values(lifecycle, question),
    }


def _by(dimensions: Sequence[Dimension]) -> dict[str, str]:
    first, second, *_ = (*map(str, dimensions), NOTHING, NOTHING)
    return {"first": first, "second": second}


def _whole_subjects(differing: Sequence[Pair], limit: int) -> Sequence[Pair]:
    """Return the first differences, with all of the last subject."""
    if len(differing) <= limit:
        return differing
    last = differing[limit - 1].subject_id
    return [*differing[:limit], *(one for one in differing[limit:] if one.subject_id == last)]


def _continues(
    compared: Compared, shown: Sequence[Pair], read: Sequence[Sequence[Member]], end: str | None
) -> str | None:
    """Return the subject after which to go on comparing."""
    if len(shown) < len(compared.differing):
        return shown[-1].subject_id
    if end is None:
        return None
    last = [members[-1].place.subject_id for members in read if members]
    return max(last, default=end)


def _member(row: asyncpg.Record) -> Member:
    then = None
    if row["then_at"] is not None:
        then = Then(row["then_stage"], row["then_kind"], row["then_at"], row["then_position"])
    place = Place(row["subject_id"], row["position"], row["number"])
    return Member(
        place, row["kind"], row["pass_number"], row["at"], row["value"], then, row.get("amount")
    )
