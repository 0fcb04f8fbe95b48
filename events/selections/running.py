"""Carry out a selection run: survey, record the evidence, qualify, close; resume after a crash.

The run and its ranking are recorded in one transaction. All remaining work follows from them, under
ids derived from the run and the lead. Repeating the work therefore does nothing twice, even at the
same time in another process.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import orjson
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.lifecycle.qualification import Mode, Qualification
from domain.rules.selection import digest_of
from domain.signal import Signal
from events.background.loops import endlessly
from events.background.strides import stride
from events.database.failures import AWAY
from events.database.sessions import borrowed
from events.database.statements import load
from events.faults import OnFault, uncounted
from events.lifecycles.known import Lifecycles
from events.limits import SELECTION_LOOK_S, STRIDE_LEADS
from events.outcomes import Duplicate, Outcome, Recorded
from events.records import OWN_SOURCE
from events.refusals import Refused
from events.selections.evidence import (
    COMPLETED,
    RANKED,
    RUN,
    Asked,
    Ranking,
    Run,
    content_of,
    ledger_signal,
    pages_of,
    qualifying_signal,
)
from events.selections.surveying import Found, Surveyor
from events.signals.context import Context
from events.signals.digests import Digests
from events.signals.sender import Sender
from events.submission import Item, Submission
from events.submission_queue import SubmissionQueue

log = structlog.get_logger()


class Trial(NamedTuple):
    """What a run would find and select."""

    data: Mapping[str, Any]
    ranking: Ranking


class NothingToSelect(Exception):
    """The lifecycle in force does not qualify by selection."""


class RunExists(Exception):
    """A run with this id was requested with other parameters."""


class Selector:
    """Runs selections. A class, because it tracks the runs that this process is working on."""

    def __init__(
        self,
        engine: AsyncEngine,
        schema: str,
        *,
        queue: SubmissionQueue,
        lifecycles: Lifecycles,
        now: Callable[[], datetime],
        digests: Digests,
        on_fault: OnFault = uncounted,
    ) -> None:
        self._engine = engine
        self._on_fault = on_fault
        self._digests = digests
        self._queue = queue
        self._lifecycles = lifecycles
        self._now = now
        self._busy: dict[str, asyncio.Task[None]] = {}
        self._surveyor = Surveyor(
            {
                **load("events.append", "ledger.sql", schema),
                **load("events.selections", "selections.sql", schema),
            },
            queue.turns,
        )

    async def try_out(self, asked: Asked) -> Trial:
        """Survey and rank without recording anything."""
        return await self._survey(asked, self._now())

    async def select(self, asked: Asked, *, key_id: str) -> Run:
        """Carry out a run; return it when it is closed.

        Raises:
            RunExists: its id belongs to another run.
            CapacityUnknown, TooManyCandidates, NothingToSelect: it cannot be carried out.
            LedgerUnavailable: it may have been recorded, and is then resumed automatically.
        """
        run = await self.find(asked.id)
        if run is None:
            at = self._now()
            trial = await self._survey(asked, at)
            run = await self._record(asked, at, trial, key_id=key_id)
        if not _is_same(asked, run):
            raise RunExists(f"the run {asked.id} exists with other parameters; choose another id")
        await self._finish(run)
        return run

    async def find(self, run_id: str) -> Run | None:
        """Find a run by its id."""
        async with borrowed(self._engine) as driver:
            return await self._surveyor.run(driver, run_id)

    async def run(self) -> None:
        """Resume unfinished runs until cancelled. If the database is unavailable, wait for it."""
        await endlessly("selections", self._step, pause_s=SELECTION_LOOK_S, on_fault=self._on_fault)

    async def close(self) -> None:
        """Stop work under way; the next start resumes it."""
        tasks = list(self._busy.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def resume(self) -> int:
        """Finish every run that is not closed, even if others fail.

        Returns how many there were.
        """
        async with borrowed(self._engine) as driver:
            unfinished = await self._surveyor.unfinished(driver)
        for run in unfinished:
            if run.id not in self._busy:
                log.info("selections.resumed", position=run.position)
            try:
                await self._finish(run)
            except AWAY:
                raise
            except Exception:
                self._on_fault("selections")
                log.exception("selections.run_failed", position=run.position)
        return len(unfinished)

    async def _step(self) -> None:
        await self.resume()
        await asyncio.sleep(SELECTION_LOOK_S)

    async def _survey(self, asked: Asked, at: datetime) -> Trial:
        qualification = self._qualification()
        async with borrowed(self._engine) as driver:
            found = await self._surveyor.survey(driver, asked, at)
        data = {**asked.period, "qualifies_by": qualification.qualifies_by, **data_of_run(found)}
        return Trial(data, found.ranking)

    async def _record(self, asked: Asked, at: datetime, trial: Trial, *, key_id: str) -> Run:
        """Record the run with its whole ranking; if another process was faster, return its run."""
        run = ledger_signal(self._lifecycles.event_type(RUN), asked.id, at=at, data=trial.data)
        ranked = self._lifecycles.event_type(RANKED)
        signals = [run._replace(key_id=key_id)]
        for number, page in enumerate(pages_of(trial.ranking)):
            part = (asked.id, "ranked", str(number))
            signals.append(ledger_signal(ranked, *part, at=at, data={"ranking": page}))
        await self._queue.submit(Submission(self._items(*signals), is_strict=True, is_own=True))
        found = await self.find(asked.id)
        assert found is not None, "this run, or another one with its id, is recorded"
        return found

    async def _finish(self, run: Run) -> None:
        """Finish a run, once per process, even if the caller is cancelled."""
        task = self._busy.get(run.id)
        if task is None:
            task = asyncio.create_task(self._qualify(run), name=f"selection-{run.id}")
            self._busy[run.id] = task
            task.add_done_callback(lambda ended: self._end(run.id, ended))
        await asyncio.shield(task)

    async def _qualify(self, run: Run) -> None:
        async with borrowed(self._engine) as driver:
            leads = await self._surveyor.selected(driver, run)
        qualified, skipped = 0, list[tuple[str, str]]()
        event_type = self._lifecycles.event_type(run.data["qualifies_by"])
        for start in range(0, len(leads), STRIDE_LEADS):
            batch = leads[start : start + STRIDE_LEADS]
            signals = [qualifying_signal(event_type, run, lead_id) for lead_id in batch]
            async with stride(self._queue.turns):
                outcomes = await self._queue.submit(Submission(self._items(*signals), is_own=True))
            for lead_id, outcome in zip(batch, outcomes, strict=True):
                if isinstance(outcome, (Recorded, Duplicate)):
                    qualified += 1
                else:
                    skipped.append((lead_id, _reason(outcome)))
        closing = ledger_signal(
            self._lifecycles.event_type(COMPLETED),
            *(run.id, "completed"),
            at=run.at,
            data={"qualified": qualified, "skipped": skipped},
        )
        await self._queue.submit(Submission(self._items(closing)))

    def _qualification(self) -> Qualification:
        qualification = self._lifecycles.in_force.lifecycle.qualification
        if qualification is None or qualification.mode is not Mode.SELECTION:
            raise NothingToSelect("the lifecycle in force does not qualify by selection")
        return qualification

    def _items(self, *signals: Signal) -> tuple[Item, ...]:
        """Turn the service's own reports into items for the queue, with fingerprints."""
        digests, compiled = self._digests, self._lifecycles.in_force
        sender = Sender("", (OWN_SOURCE,), None, frozenset())
        context = Context(compiled.lifecycle, digests, sender, self._now())
        items = []
        for signal in signals:
            content = content_of(signal)
            printed = signal._replace(fingerprint=digests.fingerprint(content))
            items.append(Item(printed, orjson.dumps(content), context))
        return tuple(items)

    def _end(self, run_id: str, ended: asyncio.Task[None]) -> None:
        self._busy.pop(run_id, None)
        if not ended.cancelled():
            # Marks the exception as retrieved if no caller is left; the run is resumed later.
            ended.exception()


def data_of_run(found: Found) -> dict[str, Any]:
    """Return what a survey found, as the data of `selection.run`."""
    survey, selected = found.survey, found.selected
    data: dict[str, Any] = {
        "read_at": str(found.read_at),
        "begins_at_position": str(survey.question.begins_at_position),
        "capacity": found.capacity,
        "backlog": len(survey.backlog),
        "requests": survey.requests,
        "selected_before": found.selected_before,
        "candidates": len(found.ranking),
        "selected": len(selected),
        "digest": digest_of(found.ranking),
    }
    if found.declared_at is not None:
        data["capacity_declared_at"] = str(found.declared_at)
    if selected:
        data["cut_line"] = selected[-1][1]
    return data


def _is_same(asked: Asked, run: Run) -> bool:
    """Whether a run matches the request."""
    given = run.data["capacity"] if "capacity_declared_at" not in run.data else None
    recorded = {name: run.data.get(name) for name in asked.period}
    return (recorded, run.data.get("market"), given) == (asked.period, asked.market, asked.capacity)


def _reason(outcome: Outcome) -> str:
    """Return why a selected lead was not qualified."""
    assert isinstance(outcome, Refused)
    refusal = outcome.refusal
    return str(refusal.members.get("obstacle", refusal.reason))
