"""A lead's state after each of its events, as of any moment or position.

If something has been taken back since that moment, the events show what was decided then. The state
that counts is decided again, as it was when something was taken back: from the reports, without
those that were voided, and with the others as corrected.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from domain.event import Event
from domain.lead import state_json
from domain.lead.evolve import evolve
from domain.lead.state import INITIAL_LEAD, AccountState, LeadState
from domain.lifecycle.compiled.table import CompiledLifecycle
from domain.lifecycle.definition import Lifecycle, SubjectKind
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
from service.reading.leads import KnownLead, describe_state, moved_between
from service.shapes.leads import Step


class Known(NamedTuple):
    """What had been recorded by then."""

    upto: int
    """A position."""
    at: datetime | None

    def includes(self, record: Record) -> bool:
        recorded_at = datetime.fromisoformat(record.envelope.recorded_time)
        return record.event.position <= self.upto and (self.at is None or recorded_at <= self.at)


class AsOf(NamedTuple):
    """The end of a replay: true by a time, known by a time or a position."""

    as_of: datetime | None = None
    known_at: datetime | None = None
    position: int = INTEGER_MAX

    @property
    def known(self) -> Known:
        return Known(self.position, self.known_at)

    def includes(self, record: Record) -> bool:
        """Whether an event is included: a move by its effective time, others by their own."""
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
    """Apply a lead's events up to a moment; return the steps after a position."""
    family = await family_of(log, lead)
    states, steps = FamilyStates(), []
    async for recorded in log.whole_history(family, upto=min(moment.position, lead.head)):
        record = records.decode(recorded.record)
        if not moment.includes(record):
            continue
        states.take(record)
        if recorded.position > after and record.event.receiver.id == lead.id:
            steps.append(ReplayStep(record, states.of(lead.id)))
            if len(steps) == limit:
                break
    return steps


async def state_at(
    log: Log, lead: KnownLead, moment: AsOf, lifecycles: Mapping[int, CompiledLifecycle]
) -> ReplayStep | None:
    """Apply a lead's events up to a moment; None if it had none by then.

    If something from before that moment was taken back later, the state that counts is decided
    again.
    """
    family = await family_of(log, lead)
    states = FamilyStates()
    last: Record | None = None
    restated: Record | None = None
    async for recorded in log.whole_history(family, upto=min(moment.position, lead.head)):
        record = records.decode(recorded.record)
        if record.event.receiver.id == lead.id and moment.includes(record):
            last = record
        if moment.includes(record):
            states.take(record)
        elif record.event.type == RESTATED and moment.known.includes(record):
            restated = record if record.event.subject.id == lead.id else restated
    if restated is None or moment.as_of is None:
        return ReplayStep(last, states.of(lead.id)) if last is not None else None
    state = await state_by_what_counts(
        log, restated.event, moment=moment.as_of, known=moment.known, lifecycles=lifecycles
    )
    # A visitor who was taken for another person had no events of their own by that time.
    return ReplayStep(last or restated, state) if state is not None else None


def describe_step(step: ReplayStep, lifecycle: Lifecycle, *, language: str | None) -> Step:
    """Describe an event's name and the state after it."""
    event, envelope = step.record
    content: Step = {
        "position": str(event.position),
        "type": event.type,
        "time": format_utc(event.occurred_at),
        "recorded_time": envelope.recorded_time,
        "state": describe_state(step.state, lifecycle, language=language),
    }
    if event.effective_at is not None:
        content["effective_time"] = format_utc(event.effective_at)
        content["moved"] = moved_between(event)
    return content


@dataclass(slots=True)
class ReadPast:
    """What was read about leads and companies so far. A class, because it is filled on demand."""

    recollection: Recollection = field(default_factory=Recollection)
    accounts: dict[str, AccountState] = field(default_factory=dict)
    """Companies with the part of their timeline that was known then."""

    def record(self, position: int) -> Record | None:
        return self.recollection.record(position)

    def histories(self, subject_ids: Sequence[str]) -> list[Record]:
        return self.recollection.of(subject_ids)

    def subject(self, subject_id: str) -> LeadState | AccountState:
        """Return a state, for a lead as far as it follows from the histories that were read."""
        if subject_id in self.accounts:
            return self.accounts[subject_id]
        if subject_id not in self.recollection.histories:
            raise NotRecalled(subjects=[subject_id])
        read = self.recollection.histories.values()
        state = INITIAL_LEAD
        for event, _ in in_order(record for history in read for record in history):
            if event.receiver.id == subject_id:
                state = evolve(state, event)
        return state

    def members(self, account_id: str) -> Sequence[str]:
        raise AssertionError(f"only a restatement looks at the other leads of {account_id}")


async def state_by_what_counts(
    log: Log,
    restated: Event,
    *,
    moment: datetime,
    known: Known,
    lifecycles: Mapping[int, CompiledLifecycle],
) -> LeadState | None:
    """Return the state of the lead of a `lead.restated`; None if nothing about it counted yet.

    Raises Problem: history-too-long.
    """
    past, lead_id = ReadPast(), restated.subject.id
    taken = Taken(restated, {}, (lead_id,))
    try:
        for _ in range(REPLAY_ROUNDS_MAX):
            try:
                around = Neighbourhood(past, taken, lifecycles)
            except NotRecalled as needed:
                for subject_id in needed.histories:
                    past.recollection.histories[subject_id] = await _history(log, subject_id, known)
                for subject_id in needed.subjects:
                    await _read_subject(log, past, subject_id, known)
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
    raise AssertionError("leads forward to each other endlessly")


async def _read_subject(log: Log, past: ReadPast, subject_id: str, known: Known) -> None:
    row = await log.subject(UUID(subject_id))
    state = state_json.decode(SubjectKind(str(row.kind)), str(row.state))
    if isinstance(state, AccountState):
        timeline = tuple(entry for entry in state.timeline if entry.position <= known.upto)
        past.accounts[subject_id] = state._replace(timeline=timeline)
    else:
        past.recollection.histories[subject_id] = await _history(log, subject_id, known)


async def _history(log: Log, subject_id: str, known: Known) -> list[Record]:
    """Read the history of one subject; if it is too long, just enough of it to show that."""
    history: list[Record] = []
    async for recorded in log.whole_history([subject_id], upto=known.upto):
        record = records.decode(recorded.record)
        if known.includes(record):
            history.append(record)
        if len(history) > HISTORY_EVENTS_MAX:
            break
    return history
