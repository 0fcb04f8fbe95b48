"""The projection of stage intervals: load and write one batch."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

from domain.event import Event
from domain.lead.state import DORMANT
from domain.lifecycle.definition import SubjectKind
from domain.traits import EFFECT_TRAITS, PRODUCT
from events.batch.lru import forget_oldest
from events.database.sessions import Driver
from events.database.statements import Statement, load
from projections.engine.limits import STANDING_KEPT
from projections.engine.record_text import ABSORBS, BEGINS, HAS_EFFECTS, MOVES, PUBLISHES
from projections.engine.rows import RowWriter
from projections.funnel.fold import (
    Key,
    Published,
    Stages,
    Written,
    fold,
)
from projections.funnel.stay import ENDED_COLUMNS, Stay

NAME = "stage_intervals"
VERSION = 4

TOTAL, ORIGIN, CHANNEL, MONTH = "none", "origin", "channel", "month"

_CARRIED = tuple(
    f'"{name}":' for name in ("begins", "origin", "channel", "known", "attributes", *EFFECT_TRAITS)
)
"""Effects that change the values which stays carry."""
_SAYS = f'"{PRODUCT}":'
"""A report may say this without any effect."""
_SILENT = f'"{DORMANT}"'
"""The timer of silence is set, ended or fired."""

DAY = "day"
KEPT_BY_DAY = (TOTAL, ORIGIN, CHANNEL)
"""Not by month of entry: every exit of a day may be of another month."""

_SUMMED = ("breakdown", "span", "begins", "value", "kind", "stage", "before", "entries", "standing")
_COUNTED = ("breakdown", "value", "kind", "stage", "before", "entries", "standing")


@dataclass(frozen=True, slots=True)
class StageIntervals:
    """A class, because a projection combines statements with the methods that use them."""

    schema: str
    sql: Mapping[str, Statement]
    name: str = NAME
    version: int = VERSION
    tables: tuple[str, ...] = (
        *("stage_stays", "stage_standing", "stage_counts", "stage_sums", "stage_lifecycles"),
    )

    def concerns(self, record: str) -> bool:
        """Return whether a record could change anything in the fold: see `concerns`."""
        return concerns(record)

    def begin(self, *, is_complete: bool) -> Stages:
        return Stages(is_complete, zone=UTC if is_complete else None)

    async def load(
        self, driver: Driver, generation: int, state: Stages, events: Sequence[Event]
    ) -> None:
        """Read the open stays of subjects that are not in memory."""
        if state.zone is None:
            time_zone = await driver.fetchval(self.sql["read_time_zone"].driver_sql, generation)
            state.zone = ZoneInfo(time_zone) if time_zone is not None else UTC
        await self._load_written(driver, generation, state, events)
        if state.is_complete:
            return
        standing = state.standing
        missing = {
            subject_id
            for event in events
            if (subject_id := event.forwarded_to or event.subject.id) not in standing
            and event.subject.kind is not SubjectKind.LEDGER
        }
        if missing:
            statement = self.sql["read_standing"]
            for row in await driver.fetch(statement.driver_sql, generation, list(missing)):
                stay = Stay(*row.values())
                standing[stay.subject_id] = stay

    async def _load_written(
        self, driver: Driver, generation: int, state: Stages, events: Sequence[Event]
    ) -> None:
        """Read the ended stays of restated subjects that still count.

        Written stays of a closed subject do not count, even if the row has not been updated yet.
        """
        state.written.clear()
        restated = {event.subject.id for event in events if "stays" in event.effects}
        wanted = list(restated - state.closed.keys())
        if wanted:
            for row in await driver.fetch(self.sql["read_written"].driver_sql, generation, wanted):
                subject_id, *key, entered_at, left_at = row.values()
                stay = Written(tuple(key), entered_at, left_at)
                state.written.setdefault(subject_id, []).append(stay)

    def fold(self, state: Stages, event: Event) -> None:
        fold(state, event)

    async def write(self, driver: Driver, generation: int, state: Stages) -> None:
        """Write all changes, with one statement for each table."""
        writer = RowWriter(driver, self.schema, self.sql, generation)
        await _copy_ended(writer, state)
        await _write_standing(writer, state)
        await _write_counts(writer, state)
        await _write_sums(writer, state)
        await writer.write("write_lifecycles", Published._fields, state.published)
        state.published.clear()
        if forget_oldest(state.standing, most=STANDING_KEPT):
            state.is_complete = False


async def _copy_ended(writer: RowWriter, state: Stages) -> None:
    # Close before copying: rows copied below still count, or carry their own known_to.
    await writer.write("close_written", ("subject_id", "known_to"), list(state.closed.items()))
    state.closed.clear()
    await writer.copy("stage_stays", ENDED_COLUMNS, state.ended)
    state.ended.clear()


async def _write_standing(writer: RowWriter, state: Stages) -> None:
    standing = [state.standing[id] for id in state.touched if id in state.standing]
    if state.is_complete and not state.is_written:
        await writer.copy("stage_standing", Stay._fields, standing)
    else:
        await writer.write("write_standing", Stay._fields, standing)
        gone = [(id,) for id in state.touched if id not in state.standing]
        await writer.write("remove_standing", ("subject_ids",), gone)
    state.touched.clear()
    state.is_written = True


async def _write_counts(writer: RowWriter, state: Stages) -> None:
    differences = list(_counts(state))
    await writer.write("write_counts", _COUNTED, differences)
    reduced = [part for *part, entries, _ in differences if entries < 0]
    await writer.write("remove_empty_counts", _COUNTED[:-2], reduced)
    state.counts.clear()


async def _write_sums(writer: RowWriter, state: Stages) -> None:
    differences = list(_sums(state))
    await writer.write("write_sums", _SUMMED, differences)
    await writer.write("remove_empty_sums", _SUMMED[:-2], [row[:-2] for row in differences])
    state.sums.clear()


def stage_intervals(schema: str) -> StageIntervals:
    """Return the projection for the ledger of this schema."""
    return StageIntervals(schema, load("projections", "funnel/stage_intervals.sql", schema))


def concerns(record: str) -> bool:
    """Return whether a record moves or begins its subject, or changes what its stays carry."""
    return (
        MOVES in record
        or BEGINS in record
        or (
            HAS_EFFECTS in record
            and (
                '"stays":[' in record
                or ABSORBS in record
                or any(name in record for name in _CARRIED)
            )
        )
        or _SAYS in record
        or _SILENT in record
        or PUBLISHES in record
    )


def _counts(state: Stages) -> Iterator[tuple[str, str, str, str, str, int, int]]:
    """Add up the changes for each breakdown separately, in a stable order."""
    totals: dict[tuple[str, str, str, str, str], list[int]] = {}
    for key, (entries, standing) in state.counts.items():
        for part in _parts(key):
            total = totals.setdefault(part, [0, 0])
            total[0] += entries
            total[1] += standing
    for part, (entries, standing) in sorted(totals.items()):
        if entries or standing:
            yield (*part, entries, standing)


def _sums(state: Stages) -> Iterator[tuple[Any, ...]]:
    """Add up the changes by month and by day, for the breakdowns that are kept by day."""
    totals: dict[tuple[Any, ...], list[int]] = {}
    for (key, day), (entries, standing) in state.sums.items():
        for breakdown, *part in _parts(key):
            if breakdown in KEPT_BY_DAY:
                for span, begins in ((MONTH, day.replace(day=1)), (DAY, day)):
                    total = totals.setdefault((breakdown, span, begins, *part), [0, 0])
                    total[0] += entries
                    total[1] += standing
    for summed, (entries, standing) in sorted(totals.items()):
        if entries or standing:
            yield (*summed, entries, standing)


def _parts(key: Key) -> Iterable[tuple[str, str, str, str, str]]:
    kind, stage, before, origin, channel, month = key
    came = (kind, stage, before)
    return (
        (TOTAL, "", *came),
        (ORIGIN, origin or "", *came),
        (CHANNEL, channel or "", *came),
        (MONTH, month, *came),
    )
