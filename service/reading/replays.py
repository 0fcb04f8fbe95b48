"""A lead's state after each of its events, as of any moment or position."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from domain.lead.state import LeadState
from domain.lifecycle.compiled.table import Compiled
from domain.lifecycle.definition import Lifecycle
from domain.lifecycle.service_events import RESTATED
from events import records
from events.limits import INTEGER_MAX
from events.records import Record
from service.reading.histories import Standing, family_of
from service.reading.leads import Lead, describe_state
from service.reading.log import Log
from service.reading.recounting import Known, state_by_what_counts


class Moment(NamedTuple):
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


class Step(NamedTuple):
    """An event and the state of the lead after it."""

    record: Record
    state: LeadState


async def replay(log: Log, lead: Lead, moment: Moment, *, after: int, limit: int) -> list[Step]:
    """Fold a lead's events up to a moment; return the steps after a position."""
    family = await family_of(log, lead)
    standing, steps = Standing(), []
    async for recorded in log.whole_history(family, upto=min(moment.position, lead.head)):
        record = records.decode(recorded.record)
        if not moment.includes(record):
            continue
        standing.take(record)
        if recorded.position > after and record.event.receiver.id == lead.id:
            steps.append(Step(record, standing.of(lead.id)))
            if len(steps) == limit:
                break
    return steps


async def state_at(
    log: Log, lead: Lead, moment: Moment, lifecycles: Mapping[int, Compiled]
) -> Step | None:
    """Fold a lead's events up to a moment; None if it had none by then.

    Where something of then has been taken back later, what counts of then is decided again.
    """
    family = await family_of(log, lead)
    standing = Standing()
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
        return Step(last, standing.of(lead.id)) if last is not None else None
    state = await state_by_what_counts(
        log, restated.event, moment=moment.as_of, known=moment.known, lifecycles=lifecycles
    )
    # Whoever was taken for somebody else then had no event of their own by that time.
    return Step(last or restated, state) if state is not None else None


def describe_step(step: Step, lifecycle: Lifecycle, *, language: str | None) -> dict[str, Any]:
    """Write an event's name and the state after it."""
    event, envelope = step.record
    content: dict[str, Any] = {
        "position": str(event.position),
        "type": event.type,
        "time": records.rfc3339(event.occurred_at),
        "recorded_time": envelope.recorded_time,
    }
    if event.effective_at is not None:
        content["effective_time"] = records.rfc3339(event.effective_at)
        content["moved"] = {"from": event.stage_from, "to": event.stage_to}
    content["state"] = describe_state(step.state, lifecycle, language=language)
    return content
