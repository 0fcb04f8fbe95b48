"""How a lead stood at a moment of which something has been taken back since.

The events of then show what was decided then. What counts of it is decided again, as it was when it
was taken back: from the reports, without those that were voided, with the others as corrected.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from domain.event import Event
from domain.lead.evolve import evolve
from domain.lead.state import INITIAL_LEAD, LeadState
from domain.lifecycle.compiled.table import Compiled
from events import records
from events.records import Record
from events.revision.affected import Neighbourhood, Taken
from events.revision.past import (
    HISTORY_EVENTS_MAX,
    HistoryTooLong,
    NotRecalled,
    Recollection,
    in_order,
)
from events.revision.reports import neighbourhood_then
from service.http.problem import Problem
from service.reading.log import Log

ROUNDS_MAX = 1_000
"""Leads that forward to each other, one read after the other."""


class Known(NamedTuple):
    """What had been recorded by then."""

    upto: int
    """A position."""
    at: datetime | None

    def includes(self, record: Record) -> bool:
        recorded_at = datetime.fromisoformat(record.envelope.recorded_time)
        return record.event.position <= self.upto and (self.at is None or recorded_at <= self.at)


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
    lifecycles: Mapping[int, Compiled],
) -> LeadState | None:
    """Return how the lead of a `lead.restated` stood; None if nothing counted of it yet.

    Raises Problem: history-too-long.
    """
    past, lead_id = ReadPast(), restated.subject.id
    taken = Taken(restated, {}, (lead_id,))
    try:
        for _ in range(ROUNDS_MAX):
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
