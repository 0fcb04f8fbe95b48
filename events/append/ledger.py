"""The ledger: one batch at a time becomes one transaction, under one lock.

The head lock makes commit order equal to position order: positions have no gaps, a checkpoint is
one integer, and two writers never decide on stale state. While the head is where this process left
it, no one else has written and the process's memory is current. So what the memory lacks is read
without a lock, and the batch is decided from memory and written by a single statement. If the head
has moved, or a key may be recorded already, the writer takes the lock first, brings its memory up
to date, looks up every key, decides again, and runs the same statement.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

import asyncpg
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.lifecycle.service_events import FOUNDED, PUBLISHED
from domain.lifecycle.text.load import load as load_lifecycle
from events.append import statement_arguments
from events.append.condition import Condition
from events.append.loader import LedgerReader, reported_late
from events.append.plan import Failure, Plan
from events.append.setting_aside import SettingAside
from events.batch.entries import Known
from events.batch.memory import Memory
from events.database.failures import (
    CONNECTION_LOST,
    EVENT_REJECTED,
    LedgerUnavailable,
    no_time_fits,
)
from events.database.sessions import Driver, Session, open_session, transaction
from events.database.statements import load
from events.faults import Fault, OnFault, fault_of, uncounted
from events.lifecycles.expansion import expand
from events.lifecycles.known import Lifecycles
from events.limits import (
    APPEND_ANSWER_WAIT_S,
    APPEND_ATTEMPTS_MAX,
    APPEND_GIVE_UP_S,
    CLOCK_TRIES_MAX,
    LATE_REPORTS_WAIT,
    RECOLLECTIONS_MAX,
)
from events.outcomes import Outcome, refuse
from events.records import FOUNDING_ID
from events.refusal_texts import internal_error, not_storable
from events.refusals import Refused
from events.revision.past import NotRecalled, Recollection
from events.seals import Seals
from events.submission import Submission

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.05, 1.0


CLOCK_TOLERANCE = timedelta(seconds=0.5)
"""Half of the difference that the append statement accepts."""

_TRY_AGAIN: tuple[type[Exception], ...] = (*CONNECTION_LOST, asyncpg.PostgresError)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Appended:
    """The outcome of each item of each submission, in order, and the position reached."""

    outcomes: list[list[Outcome]]
    position: int
    failures: Sequence[Failure] = ()
    set_aside: Mapping[str, Fault] = field(default_factory=dict)


class _Stale(Exception):
    """The ledger has moved since the plan was made, or it already has a key of the batch."""


class _ClockDiffers(Exception):
    """The proposed time differs from the database's."""

    def __init__(self, database_time: datetime) -> None:
        super().__init__(database_time)
        self.database_time = database_time


class Ledger:
    """The writer's end of one ledger. A class, because it holds the connection and the memory.

    Not for concurrent use: one task appends, batch after batch.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        schema: str,
        seals: Seals,
        *,
        on_fault: OnFault = uncounted,
        late_reports_wait: timedelta = LATE_REPORTS_WAIT,
    ) -> None:
        self._engine = engine
        self._late_reports_wait = late_reports_wait
        self._seals = seals
        self._sql = load("events.append", "ledger.sql", schema)
        self._setting_aside = SettingAside(self._sql["set_aside"], on_fault)
        self._reader = LedgerReader(self._sql)
        self._session: Session | None = None
        self._clock_ahead = timedelta()
        self._expects_known_keys = False
        self.memory = Memory()
        self.lifecycles = Lifecycles(lambda: self.memory)
        self.condition = Condition()

    async def open(self) -> None:
        """Read the ledger's position and the lifecycle in force."""
        session = await self._open_session()
        head = await self._reader.begin(session.driver, self.memory)
        self._follow_clock(head.database_time)

    async def append(self, submissions: Sequence[Submission]) -> Appended:
        """Decide and record a batch. Returns when it is on disk.

        Raises LedgerUnavailable when the database stays away; the outcome is then unknown, and
        sending the same ids again is safe.
        """
        try:
            appended = await self._persist(submissions)
        except LedgerUnavailable:
            raise
        except EVENT_REJECTED as error:
            return await self._halve(submissions, error)
        except Exception as error:  # noqa: BLE001 - whatever it is, one item or lead causes it
            # The memory itself may be wrong.
            self.forget()
            return await self._halve(submissions, error)
        self._setting_aside.report(appended.failures)
        await self._set_aside(appended.set_aside)
        return appended

    async def begin(self, founded: Mapping[str, Any], lifecycle_text: str) -> bool:
        """Record the founding and the first lifecycle of an empty ledger.

        The ledger's subject is not read first: an empty ledger has no events. Returns False if
        another process was faster.
        """
        lifecycle = load_lifecycle(lifecycle_text)
        published = {
            "name": lifecycle.name,
            "version": 1,
            "text": lifecycle_text,
            **expand(lifecycle, self.now()),
        }
        session = await self._open_session()
        for _ in range(CLOCK_TRIES_MAX):
            plan = Plan(self.memory, {}, self._propose_time(timedelta()))
            plan.record_first(FOUNDED, founded, id=FOUNDING_ID)
            plan.record_first(PUBLISHED, published, id="lifecycle.1")
            plan.draft.seal(self._seals)
            try:
                await self._write_rows(session.driver, plan)
            except (_Stale, asyncpg.UniqueViolationError):
                return False
            except _ClockDiffers as differs:
                self._follow_clock(differs.database_time)
            else:
                return True
        raise no_time_fits(self.memory.recorded_at, now=self.now(), tries=CLOCK_TRIES_MAX)

    @property
    def clock_ahead(self) -> timedelta:
        """How far the database's clock is ahead of this machine's."""
        return self._clock_ahead

    def now(self) -> datetime:
        """Return the time by the clock that all writers of this ledger share."""
        return datetime.now(UTC) + self._clock_ahead

    def forget(self) -> None:
        """Discard the memory; the next batch reads it again.

        The lifecycles stay until then, because parsing an event needs the one in force.
        """
        self.memory = Memory(
            lifecycle_version=self.memory.lifecycle_version, lifecycles=self.memory.lifecycles
        )

    async def close(self) -> None:
        """Return the connection."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _persist(self, submissions: Sequence[Submission]) -> Appended:
        """Try until the database answers. Retrying is safe, because keys are looked up first."""
        with self.condition.appending():
            return await self._try_again(submissions)

    async def _try_again(self, submissions: Sequence[Submission]) -> Appended:
        pause, began = FIRST_PAUSE_S, monotonic()
        for attempt in range(1, APPEND_ATTEMPTS_MAX + 1):
            try:
                async with asyncio.timeout(APPEND_ANSWER_WAIT_S):
                    return await self._try(submissions)
            except EVENT_REJECTED:
                raise
            except _TRY_AGAIN as error:
                self.condition.failed(error)
                await self._drop_session()
                self._expects_known_keys = True
                log.warning("ledger.try_failed", attempt=attempt, error=type(error).__name__)
                if attempt == APPEND_ATTEMPTS_MAX or monotonic() - began > APPEND_GIVE_UP_S:
                    raise LedgerUnavailable("the database accepts no writes at present") from error
            # It may have been committed, although no answer came.
            submissions = [each._replace(is_repeated=True) for each in submissions]
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)
        raise AssertionError("the last attempt returns or raises")

    async def _try(self, submissions: Sequence[Submission]) -> Appended:
        session = await self._open_session()
        if self.memory.position < 0:
            await self._reader.begin(session.driver, self.memory)
        if not self._expects_known_keys and all(submission.size for submission in submissions):
            try:
                return await self._append_on_memory(session, submissions)
            except (_Stale, asyncpg.UniqueViolationError):
                pass
        return await self._append_locked(session, submissions)

    async def _append_on_memory(
        self, session: Session, submissions: Sequence[Submission]
    ) -> Appended:
        """The fast path: one statement, if no one else wrote and no key is known."""
        if not await self._reader.recall(session.driver, self.memory, submissions):
            raise _Stale
        plan, appended = await self._plan_and_write(session, submissions, known=None)
        plan.commit()
        return appended

    async def _append_locked(self, session: Session, submissions: Sequence[Submission]) -> Appended:
        """Lock, read what others wrote, look up every key, then decide."""
        driver, reader = session.driver, self._reader
        async with transaction(driver):
            await reader.limit_waits(driver)
            head = await reader.head(driver, lock=True)
            if head.position < self.memory.position:
                raise self._went_back(head.position)
            await reader.follow(driver, self.memory, head)
            # Only if it is ahead: it was read before the wait for the lock, so it looks too old.
            if head.database_time - self.now() > CLOCK_TOLERANCE:
                self._follow_clock(head.database_time)
            known = await reader.known(driver, submissions)
            self._expects_known_keys = bool(known)
            is_current = await reader.recall(driver, self.memory, submissions)
            assert is_current, "the head moved although it is locked"
            plan, appended = await self._plan_and_write(session, submissions, known)
        plan.commit()
        return appended

    def _went_back(self, position: int) -> LedgerUnavailable:
        """Report that the database has lost committed events, and start again from its position."""
        remembered = self.memory.position
        log.error("ledger.database_went_back", remembered=remembered, found=position)
        self.forget()
        return LedgerUnavailable(
            f"the database had committed position {remembered} and now ends at {position}: it was "
            "restored, has failed over to a replica that lagged, or does not write to disk"
        )

    async def _plan_and_write(
        self,
        session: Session,
        submissions: Sequence[Submission],
        known: Mapping[tuple[str, str], Known] | None,
    ) -> tuple[Plan, Appended]:
        """Decide and call the statement. The memory adopts the plan only after the commit.

        `known` is None if no key has been looked up. The unique constraint then detects keys that
        are written again, but not keys of items that would be refused. If nothing is written, the
        statement cannot reveal that our clock is behind either; so if leads were woken and nothing
        was due, the head has to be read.

        On a busy machine, deciding a large batch may take longer than the tolerated clock
        difference. No clock is wrong in that case: the time is proposed again, for when the batch
        will be written.
        """
        recollection, takes = Recollection(), timedelta()
        for _ in range(CLOCK_TRIES_MAX):
            began = monotonic()
            plan, outcomes = await self._plan(
                session, submissions, known or {}, recollection, takes=takes
            )
            if known is None and (plan.asks_for_keys or _found_nothing_due(plan, submissions)):
                raise _Stale
            try:
                if not plan.is_empty:
                    await self._write_rows(session.driver, plan)
            except _ClockDiffers as differs:
                self._follow_clock(differs.database_time)
                took = timedelta(seconds=monotonic() - began)
                takes = took if took > CLOCK_TOLERANCE else timedelta()
            else:
                return plan, Appended(outcomes, plan.position, plan.failures, plan.set_aside)
        raise no_time_fits(self.memory.recorded_at, now=self.now(), tries=CLOCK_TRIES_MAX)

    async def _plan(
        self,
        session: Session,
        submissions: Sequence[Submission],
        known: Mapping[tuple[str, str], Known],
        recollection: Recollection,
        *,
        takes: timedelta,
    ) -> tuple[Plan, list[list[Outcome]]]:
        """Decide a batch. If an item needs past data, read it and begin again.

        `takes` is how long deciding is expected to take. Every round reads something that was
        missing, and no item needs more than a few things.
        """
        size = sum(submission.size for submission in submissions)
        late = reported_late(self.memory, submissions)
        needed = NotRecalled(
            histories=[id for id in late.leads if id not in recollection.histories],
            companies=[id for id in late.companies if id not in recollection.companies],
        )
        if (needed.histories or needed.companies) and not await self._reader.recollect(
            session.driver, self.memory, submissions, recollection, needed
        ):
            raise _Stale
        for _ in range(RECOLLECTIONS_MAX * max(1, size)):
            plan = Plan(self.memory, known, self._propose_time(takes), recollection)
            try:
                outcomes = plan.settle([plan.submit(submission) for submission in submissions])
            except NotRecalled as needed:
                if not await self._reader.recollect(
                    session.driver, self.memory, submissions, recollection, needed
                ):
                    raise _Stale from needed
            else:
                plan.draft.seal(self._seals)
                return plan, outcomes
        raise AssertionError("what is missing of the past never comes")

    async def _write_rows(self, driver: Driver, plan: Plan) -> None:
        """Write the plan in one statement.

        Raises _Stale if the head has moved, _ClockDiffers if the time differs from the database's.
        """
        append = self._sql["append"]
        arguments = append.arguments(
            statement_arguments.arguments(
                plan, self._seals, late_reports_wait=self._late_reports_wait
            )
        )
        row = await driver.fetchrow(append.driver_sql, *arguments)
        assert row is not None
        if row["outcome"] == "head-moved":
            raise _Stale
        if row["outcome"] == "clock-differs":
            raise _ClockDiffers(row["database_time"])

    def _follow_clock(self, database_time: datetime) -> None:
        """Use the database's clock if ours differs from it."""
        ahead = database_time - datetime.now(UTC)
        self._clock_ahead = ahead if abs(ahead) > CLOCK_TOLERANCE else timedelta()

    def _propose_time(self, takes: timedelta) -> datetime:
        """Return a time that no other transaction has, by which its records are told apart."""
        return max(self.now() + takes, self.memory.recorded_at + timedelta.resolution)

    async def _set_aside(self, leads: Mapping[str, Fault]) -> None:
        """Note leads that cannot be brought up to date. If that fails, the next wake notes them."""
        if not leads:
            return
        try:
            async with asyncio.timeout(APPEND_ANSWER_WAIT_S):
                session = await self._open_session()
                await self._setting_aside.note(session.driver, leads, self.memory.position)
        except Exception as error:  # noqa: BLE001 - a lost connection, or anything else
            log.warning("ledger.set_aside_not_noted", error=type(error).__name__)
            await self._drop_session()

    async def _halve(self, submissions: Sequence[Submission], error: Exception) -> Appended:
        """Split a batch that fails as a whole until the offending item is alone.

        Deciding isolates its own errors. This handles items that the database rejects, and errors
        while reading or writing for a whole batch.
        """
        if len(submissions) > 1:
            middle = len(submissions) // 2
            first = await self.append(submissions[:middle])
            second = await self.append(submissions[middle:])
            return Appended([*first.outcomes, *second.outcomes], second.position)
        submission = submissions[0]
        items, woken = submission.items, submission.woken
        if len(woken) > 1 or (woken and items):
            middle = (len(woken) + 1) // 2
            rest = submission._replace(woken=woken[middle:])
            halves = await self._halve([Submission((), woken=woken[:middle]), rest], error)
            return Appended([halves.outcomes[1]], halves.position)
        if len(items) > 1 and not submission.is_strict:
            middle = len(items) // 2
            parts = [submission._replace(items=half) for half in (items[:middle], items[middle:])]
            halves = await self._halve(parts, error)
            return Appended([[*halves.outcomes[0], *halves.outcomes[1]]], halves.position)
        fault = fault_of(error)
        await self._set_aside(dict.fromkeys(woken, fault))
        self._setting_aside.on_fault("appending")
        if isinstance(error, EVENT_REJECTED):
            log.error("ledger.event_rejected_by_database", **fault._asdict())
            refusal = not_storable()
        else:
            log.error("ledger.append_failed", **fault._asdict())
            refusal = internal_error()
        return await self._keep_refused([refuse(item, refusal) for item in items])

    async def _keep_refused(self, outcomes: Sequence[Refused]) -> Appended:
        """Record the refusals; if even these are rejected, only the sender gets them."""
        try:
            return await self._persist([Submission(tuple(outcomes))])
        except LedgerUnavailable:
            raise
        except EVENT_REJECTED as error:
            log.exception("ledger.refusal_rejected_by_database", error=type(error).__name__)
            return Appended([list(outcomes)], self.memory.position)
        except Exception as error:
            # Not even a refusal can be recorded, so no single event is at fault.
            self.forget()
            raise LedgerUnavailable("an internal error keeps the service from recording") from error

    async def _open_session(self) -> Session:
        if self._session is None:
            self._session = await open_session(self._engine)
        return self._session

    async def _drop_session(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.discard()


def _found_nothing_due(plan: Plan, submissions: Sequence[Submission]) -> bool:
    """Whether leads were found due, but nothing is due according to the writer's memory."""
    return plan.is_empty and any(submission.woken for submission in submissions)
