"""A lead's state after each of its events, as of any moment or position.

Where something has been taken back since that moment, the events show what was decided then. What
counts of it is decided again, as it was when it was taken back: from the reports, without those
that were voided, with the others as corrected.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from domain.event import Event
from domain.lead.evolve import evolve
from domain.lead.state import INITIAL_LEAD, LeadState
from domain.lifecycle.compiled.table import CompiledLifecycle
from domain.lifecycle.definition import Lifecycle
from domain.lifecycle.service_events import RESTATED
from domain.times import format_utc
from events import records
from events.limits import HISTORY_EVENTS_MAX, INTEGER_MAX
from events.records import Record
from events.revision.affected import Neighbourhood, Taken
from events.revision.past import HistoryTooLong, NotRecalled, Recollection, in_order
from events.revision.reports import neighbourhood_then
from service.feed.log import Log
from service.http.problem import Problem
from service.limits import REPLAY_ROUNDS_MAX
from service.reading.histories import FamilyStates, family_of
from service.reading.leads import KnownLead, describe_state


class Known(NamedTuple):
    """What had been recorded by then."""

    upto: int
    """A position."""
    at: datetime | None

    def includes(self, record: Record) -> bool:
        recorded_at = datetime.fromisoformat(record.envelope.recorded_time)
        return record.event.position <= self.upto and (self.at is None or recorded_at <= self.at)


class AsOf(NamedTuple):
    """Up to where a replay goes: what was true by a time, what was known by a time or position."""

    as_of: datetime | None = None
    known_at: datetime | None = None
    position: int = INTEGER_MAX

    @property
    def known(self) -> Known:
        return Known(self.position, self.known_at)

    def includes(self, record: Record) -> bool:
        """Whether an event is one of then. A move is from its effective time, all else its own."""
        event = record.event
        if self.as_of is not None and (event.effective_at or event.occurred_at) > self.as_of:
            return False
        return self.known.includes(record)


class ReplayStep(NamedTuple):
    """An event and the state of the lead after it."""

    record: Record
    state: LeadState


async def replay(
    log: Log, lead: KnownLead, moment: AsOf, *, after: int, limit: int
) -> list[ReplayStep]:
    """Fold a lead's events up to a moment; return the steps after a position."""
    family = await family_of(log, lead)
    standing, steps = FamilyStates(), []
    async for recorded in log.whole_history(family, upto=min(moment.position, lead.head)):
        record = records.decode(recorded.record)
        if not moment.includes(record):
            continue
        standing.take(record)
        if recorded.position > after and record.event.receiver.id == lead.id:
            steps.append(ReplayStep(record, standing.of(lead.id)))
            if len(steps) == limit:
                break
    return steps


async def state_at(
    log: Log, lead: KnownLead, moment: AsOf, lifecycles: Mapping[int, CompiledLifecycle]
) -> ReplayStep | None:
    """Fold a lead's events up to a moment; None if it had none by then.

    Where something of then has been taken back later, what counts of then is decided again.
    """
    family = await family_of(log, lead)
    standing = FamilyStates()
    last: Record | None = None
    restated: Record | None = None
    async for recorded in log.whole_history(family, upto=min(moment.position, lead.head)):
        record = records.decode(recorded.record)
        if record.event.receiver.id == lead.id and moment.includes(record):
            last = record
        if moment.includes(record):
            standing.take(record)
        elif record.event.type == RESTATED and moment.known.includes(record):
            restated = record if record.event.subject.id == lead.id else restated
    if restated is None or moment.as_of is None:
        return ReplayStep(last, standing.of(lead.id)) if last is not None else None
    state = await state_by_what_counts(
        log, restated.event, moment=moment.as_of, known=moment.known, lifecycles=lifecycles
    )
    # Whoever was taken for somebody else then had no event of their own by that time.
    return ReplayStep(last or restated, state) if state is not None else None


def describe_step(
    step: ReplayStep, lifecycle: Lifecycle, *, language: str | None
) -> dict[str, Any]:
    """Write an event's name and the state after it."""
    event, envelope = step.record
    content: dict[str, Any] = {
        "position": str(event.position),
        "type": event.type,
        "time": format_utc(event.occurred_at),
        "recorded_time": envelope.recorded_time,
    }
    if event.effective_at is not None:
        content["effective_time"] = format_utc(event.effective_at)
        content["moved"] = {"from": event.stage_from, "to": event.stage_to}
    content["state"] = describe_state(step.state, lifecycle, language=language)
    return content


@dataclass(slots=True)
class ReadPast:
    """What has been read of leads and their companies. A class, because it is filled by need."""

    recollection: Recollection = field(default_factory=Recollection)
    companies: dict[str, Sequence[str]] = field(default_factory=dict)
    """Account → the leads that belong to it, now and so perhaps not yet then."""

    def record(self, position: int) -> Record | None:
        return self.recollection.record(position)

    def histories(self, subject_ids: Sequence[str]) -> list[Record]:
        return self.recollection.of(subject_ids)

    def subject(self, subject_id: str) -> LeadState:
        """Return a lead as far as it can be told from who has been read."""
        if subject_id not in self.recollection.histories:
            raise NotRecalled(histories=[subject_id])
        read = self.recollection.histories.values()
        state = INITIAL_LEAD
        for event, _ in in_order(record for history in read for record in history):
            if event.receiver.id == subject_id:
                state = evolve(state, event)
        return state

    def members(self, account_id: str) -> Sequence[str]:
        if account_id not in self.companies:
            raise NotRecalled(companies=[account_id])
        return self.companies[account_id]


async def state_by_what_counts(
    log: Log,
    restated: Event,
    *,
    moment: datetime,
    known: Known,
    lifecycles: Mapping[int, CompiledLifecycle],
) -> LeadState | None:
    """Return how the lead of a `lead.restated` stood; None if nothing counted of it yet.

    Raises Problem: history-too-long.
    """
    past, lead_id = ReadPast(), restated.subject.id
    taken = Taken(restated, {}, (lead_id,))
    try:
        for _ in range(REPLAY_ROUNDS_MAX):
            try:
                around = Neighbourhood(past, taken, lifecycles)
            except NotRecalled as needed:
                for one in needed.histories:
                    past.recollection.histories[one] = await _history(log, one, known)
                for one in needed.companies:
                    past.companies[one] = await log.members(one)
                for recorded in await log.records(needed.positions):
                    record = records.decode(recorded.record)
                    past.recollection.records[recorded.position] = record
            else:
                return neighbourhood_then(around, moment=moment).get(lead_id)
    except HistoryTooLong as error:
        raise Problem(
            "history-too-long",
            f"{error} Ask without `as_of`, or for a moment after the last of them.",
        ) from error
    raise AssertionError("leads forward to each other without end")


async def _history(log: Log, subject_id: str, known: Known) -> list[Record]:
    """Read what was recorded about one subject; of too long a history, enough to tell."""
    history: list[Record] = []
    async for recorded in log.whole_history([subject_id], upto=known.upto):
        record = records.decode(recorded.record)
        if known.includes(record):
            history.append(record)
        if len(history) > HISTORY_EVENTS_MAX:
            break
    return history
