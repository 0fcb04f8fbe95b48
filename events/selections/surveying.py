"""Read the leads of a run, all as of one position, without delaying other work."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from domain.lead import state_json
from domain.lead.state import AccountState
from domain.lifecycle.compiled.table import CompiledLifecycle
from domain.rules.selection import Contender, Question, Survey, places, shown, survey_of
from events import records
from events.append.loader import LedgerReader
from events.background.strides import stride
from events.batch.memory import Memory
from events.database.sessions import Driver, transaction
from events.database.statements import Statement
from events.limits import CANDIDATES_MAX, RANKED_PAGE, SURVEY_PAGE_LEADS
from events.records import selection_id
from events.selections.evidence import Asked, Ranking, Run, ranked_in, run_of


class CapacityUnknown(Exception):
    """No capacity was declared for the team and the period, and the request gives none."""


class TooManyCandidates(Exception):
    """There are more candidates than one run can rank: select market by market."""


class Found(NamedTuple):
    """The findings on which a run is based."""

    survey: Survey
    read_at: int
    capacity: int
    declared_at: int | None
    """The position at which the capacity was declared; None if the request gave it."""
    selected_before: int
    """Leads that earlier runs of the period selected and that are no longer waiting."""
    ranking: Ranking

    @property
    def selected(self) -> Ranking:
        """The top of the ranking, up to the number of places."""
        taken = len(self.survey.backlog) + self.survey.requests + self.selected_before
        return self.ranking[: places(self.capacity, taken=taken)]


class Surveyor:
    """The reading half of a run. A class, because every method needs the same statements."""

    def __init__(self, sql: Mapping[str, Statement], turns: asyncio.Lock) -> None:
        self._sql = sql
        self._turns = turns
        self._reader = LedgerReader(sql)

    async def survey(self, driver: Driver, asked: Asked, at: datetime) -> Found:
        """Examine all leads in one snapshot of the ledger, while others keep writing."""
        async with transaction(driver, isolation="repeatable_read", readonly=True):
            memory = Memory()
            head = await self._reader.begin(driver, memory)
            capacity, declared_at = await self._capacity(driver, asked)
            begins = await self._position_at(driver, asked.begins_at, head.position)
            survey = survey_of(memory.lifecycles, Question(at, asked.market, begins))
            await self._look(driver, survey)
            before = await self._selected_before(driver, asked)
            still_counting = len(before - survey.backlog)
            # In a thread: sorting this many leads takes a good part of a second.
            ranking = await asyncio.to_thread(lambda: shown(survey.ranking()))
            return Found(survey, head.position, capacity, declared_at, still_counting, ranking)

    async def run(self, driver: Driver, run_id: str) -> Run | None:
        """Find a run by its id."""
        found = await self._by_ids(driver, [selection_id(run_id)])
        return run_of(found[0]) if found else None

    async def selected(self, driver: Driver, run: Run) -> list[str]:
        """Return the leads that a run selected, in the order of its ranking."""
        pages = range(-(-run.selected // RANKED_PAGE))
        ids = [selection_id(run.id, "ranked", str(number)) for number in pages]
        events = await self._by_ids(driver, ids)
        return [lead_id for event in events for lead_id, _ in ranked_in(event)][: run.selected]

    async def unfinished(self, driver: Driver) -> list[Run]:
        """Return the runs that have not been closed."""
        rows = await driver.fetch(self._sql["read_unfinished"].driver_sql)
        return [run_of(records.decode_event(row["record"])) for row in rows]

    async def _look(self, driver: Driver, survey: Survey) -> None:
        statement = self._sql["read_leads"]
        cursor = await driver.cursor(
            statement.driver_sql, *statement.arguments({"needles": needles_of(survey.lifecycles)})
        )
        while page := await cursor.fetch(SURVEY_PAGE_LEADS):
            async with stride(self._turns):
                await self._look_at(driver, survey, page)
            if len(survey.candidates) > CANDIDATES_MAX:
                raise TooManyCandidates(
                    f"more than {CANDIDATES_MAX:,} leads are candidates: select market by market"
                )

    async def _look_at(self, driver: Driver, survey: Survey, page: Sequence[Any]) -> None:
        leads = [(str(row["subject_id"]), state_json.decode_lead(row["state"])) for row in page]
        accounts = await self._accounts(driver, [lead.account for _, lead in leads])
        for lead_id, lead in leads:
            survey.look_at(Contender(lead_id, lead, accounts.get(lead.account or "")))

    async def _accounts(self, driver: Driver, ids: Sequence[str | None]) -> dict[str, AccountState]:
        wanted = list({account_id for account_id in ids if account_id is not None})
        rows = await driver.fetch(self._sql["read_accounts"].driver_sql, wanted) if wanted else []
        return {str(row["subject_id"]): state_json.decode_account(row["state"]) for row in rows}

    async def _capacity(self, driver: Driver, asked: Asked) -> tuple[int, int | None]:
        if asked.capacity is not None:
            return asked.capacity, None
        statement = self._sql["read_capacity"]
        row = await driver.fetchrow(statement.driver_sql, *statement.arguments(_period(asked)))
        if row is None:
            raise CapacityUnknown(
                "no capacity was declared for this team, market and period: report "
                "capacity.declared, or give the capacity in the request"
            )
        capacity: int = records.decode_event(row["record"]).data["capacity"]
        return max(0, capacity), row["position"]

    async def _position_at(self, driver: Driver, moment: datetime, head: int) -> int:
        """Find the first position recorded at a moment or later, by bisection."""
        low, high = 1, head + 1
        while low < high:
            middle = (low + high) // 2
            recorded_at = await driver.fetchval(self._sql["read_recorded_at"].driver_sql, middle)
            low, high = (low, middle) if recorded_at >= moment else (middle + 1, high)
        return low

    async def _selected_before(self, driver: Driver, asked: Asked) -> set[str]:
        statement = self._sql["read_competing"]
        rows = await driver.fetch(statement.driver_sql, *statement.arguments(_period(asked)))
        selected: set[str] = set()
        for run in [run_of(records.decode_event(row["record"])) for row in rows]:
            selected |= set(await self.selected(driver, run))
            for event in await self._by_ids(driver, [selection_id(run.id, "completed")]):
                selected -= {lead_id for lead_id, _ in event.data["skipped"]}
        return selected

    async def _by_ids(self, driver: Driver, ids: Sequence[str]) -> list[Any]:
        rows = await driver.fetch(self._sql["read_by_ids"].driver_sql, ids)
        return [records.decode_event(row["record"]) for row in rows]


def needles_of(lifecycles: Mapping[int, CompiledLifecycle]) -> list[str]:
    """Return texts such that the state of every lead relevant to a run contains at least one."""
    stages, requests = set[str](), set[str]()
    for compiled in lifecycles.values():
        qualification = compiled.lifecycle.qualification
        if qualification is None:
            continue
        stages |= {qualification.at, *qualification.unscreened}
        requests |= {
            event.name
            for event in compiled.lifecycle.events.values()
            if event.stands_as == qualification.qualifies_by
        }
    return [*(f'"stage":"{stage}"' for stage in stages), *(f'["{name}",' for name in requests)]


def _period(asked: Asked) -> dict[str, object]:
    return {
        "period": orjson.dumps(asked.period).decode(),
        "has_market": asked.market is not None,
    }
