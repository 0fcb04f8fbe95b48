"""The projection of stage intervals: its statements, and how a batch is loaded and written."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

from domain.events import Event
from domain.lifecycle.definition import SubjectKind
from events.sessions import Driver
from events.statements import Statement, load
from projections.projection import UPKEEP
from projections.stage_fold import Key, Stages, Stay, fold

NAME = "stage_intervals"
VERSION = 1

TOTAL, ORIGIN, CHANNEL, MONTH = "none", "origin", "channel", "month"

_STAY = (
    *("subject_ids", "kinds", "pass_numbers", "stages", "befores", "first_entries", "entered"),
    *("entry_positions", "entry_kinds", "origins", "channels", "months", "known_from"),
)
_STANDING = (*_STAY, "pass_origins", "pass_channels")
_ENDED = (*_STAY, "left", "exit_positions", "exit_kinds", "next_stages")
_COUNTS = ("breakdowns", "values", "kinds", "stages", "befores", "entries", "standing")


@dataclass(frozen=True, slots=True)
class StageIntervals:
    """A class, because a projection is its statements with what uses them."""

    sql: Mapping[str, Statement]
    name: str = NAME
    version: int = VERSION

    @property
    def upkeep(self) -> Mapping[str, Statement]:
        return {name: self.sql[name] for name in UPKEEP}

    def concerns(self, record: str) -> bool:
        """Tell whether the fold could change anything by a record: see `concerns`."""
        return concerns(record)

    async def load(self, driver: Driver, generation: int, events: Sequence[Event]) -> Stages:
        """Read where the subjects of a batch stand."""
        subjects = {
            event.forwarded_to or event.subject.id
            for event in events
            if event.subject.kind is not SubjectKind.LEDGER
        }
        time_zone = await driver.fetchval(self.sql["read_time_zone"].driver_sql, generation)
        stages = Stages({}, ZoneInfo(time_zone) if time_zone is not None else UTC)
        rows = await driver.fetch(self.sql["read_standing"].driver_sql, generation, list(subjects))
        for row in rows:
            stay = Stay(*row.values())
            stages.standing[stay.subject_id] = stay
        return stages

    def fold(self, state: Stages, event: Event) -> None:
        fold(state, event)

    async def write(self, driver: Driver, generation: int, state: Stages) -> None:
        """Write what a batch has changed, a table a statement."""
        standing = [state.standing[one] for one in state.touched if one in state.standing]
        gone = [one for one in state.touched if one not in state.standing]
        ended = [(*one.stay[: len(_STAY)], *one[1:]) for one in state.ended]
        await self._write(driver, generation, "write_stays", _ENDED, ended)
        await self._write(driver, generation, "write_standing", _STANDING, standing)
        await self._write(driver, generation, "write_counts", _COUNTS, list(_counts(state)))
        await self._write(
            driver,
            generation,
            "write_lifecycles",
            ("positions", "versions", "time_zones"),
            state.published,
        )
        if gone:
            await driver.execute(self.sql["remove_standing"].driver_sql, generation, gone)

    async def _write(
        self,
        driver: Driver,
        generation: int,
        name: str,
        columns: Sequence[str],
        rows: Sequence[Sequence[Any]],
    ) -> None:
        if rows:
            statement = self.sql[name]
            values = dict(zip(columns, zip(*rows, strict=True), strict=True))
            arguments = statement.arguments({"generation": generation, **values})
            await driver.execute(statement.driver_sql, *arguments)


def stage_intervals(schema: str) -> StageIntervals:
    """Return the projection for the ledger of this schema."""
    return StageIntervals(load("projections", "stage_intervals.sql", schema))


def concerns(record: str) -> bool:
    """Tell whether a record moves somebody, is its subject's first, or changes what is carried.

    A quotation mark inside a string is escaped in JSON, so these patterns match keys only.
    """
    return (
        '"effectivetime":' in record
        or '"subjectversion":1,' in record
        or (
            '"effects":{' in record
            and ('"absorbed_by":' in record or '"origin":' in record or '"channel":' in record)
        )
        or '"type":"lifecycle.published"' in record
    )


def _counts(state: Stages) -> Iterator[tuple[str, str, str, str, str, int, int]]:
    """Add the changes up by each breakdown alone, in a stable order."""
    entries: Counter[tuple[str, str, str, str, str]] = Counter()
    stock: Counter[tuple[str, str, str, str, str]] = Counter()
    for counted, changes in ((entries, state.entries), (stock, state.stock)):
        for key, change in changes.items():
            for part in _parts(key):
                counted[part] += change
    for part in sorted(entries.keys() | stock.keys()):
        if entries[part] or stock[part]:
            yield (*part, entries[part], stock[part])


def _parts(key: Key) -> Iterable[tuple[str, str, str, str, str]]:
    came = (key.kind, key.stage, key.before)
    return (
        (TOTAL, "", *came),
        (ORIGIN, key.origin or "", *came),
        (CHANNEL, key.channel or "", *came),
        (MONTH, key.month, *came),
    )
