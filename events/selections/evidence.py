"""A run's records in the ledger: the run, its ranking in pages of five hundred, and its end."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from domain.deciding.timers import own_signal
from domain.event import Event
from domain.lifecycle.definition import EventType
from domain.rules.candidacy import SELECTION
from domain.rules.selection import Question
from domain.signal import Signal
from events.limits import RANKED_PAGE
from events.records import OWN_SOURCE, selection_id

RUN, RANKED, COMPLETED = "selection.run", "selection.ranked", "selection.completed"

Ranking = Sequence[tuple[str, str]]
"""Lead ids with their scores, in the order of selection."""


class Asked(NamedTuple):
    """The request for a run."""

    id: str
    team: str
    market: str | None
    starts_on: str
    ends_on: str
    """The period's last day."""
    begins_at: datetime
    """When the period begins, by the lifecycle's clock."""
    capacity: int | None
    """None: the capacity that was declared for the team and the period."""

    @property
    def period(self) -> dict[str, str]:
        """The values shared by runs that compete for a capacity, and by its declaration."""
        values = {
            "team": self.team,
            "starts_on": self.starts_on,
            "ends_on": self.ends_on,
            "market": self.market,
        }
        return {name: value for name, value in values.items() if value is not None}


class Run(NamedTuple):
    """A run as described by `selection.run`."""

    id: str
    position: int
    at: datetime
    read_at: int
    """The position at which the leads were read."""
    data: Mapping[str, Any]

    @property
    def question(self) -> Question:
        data = self.data
        return Question(self.at, data.get("market"), int(data["begins_at_position"]))

    @property
    def selected(self) -> int:
        selected: int = self.data["selected"]
        return selected

    @property
    def taken(self) -> int:
        """How much of the capacity is already taken."""
        data = self.data
        return int(data["backlog"]) + int(data["requests"]) + int(data["selected_before"])


def run_of(event: Event) -> Run:
    """Decode a run from its event."""
    data = event.data
    return Run(data[SELECTION], event.position, event.occurred_at, int(data["read_at"]), data)


def ranked_in(event: Event) -> Ranking:
    """Decode a page of the ranking from its event."""
    return [(lead_id, score) for lead_id, score in event.data["ranking"]]


def pages_of(ranking: Ranking) -> Iterator[Ranking]:
    for start in range(0, len(ranking), RANKED_PAGE):
        yield ranking[start : start + RANKED_PAGE]


def ledger_signal(
    event_type: EventType,
    run_id: str,
    *part: str,
    at: datetime,
    data: Mapping[str, Any],
) -> Signal:
    """Make a run's report about the ledger."""
    return own_signal(
        event_type,
        lead_id=None,
        id=selection_id(run_id, *part),
        source=OWN_SOURCE,
        occurred_at=at,
        data={SELECTION: run_id, **data},
    )


def qualifying_signal(event_type: EventType, run: Run, lead_id: str) -> Signal:
    """Make a run's decision about one of its leads."""
    return own_signal(
        event_type,
        lead_id=lead_id,
        id=selection_id(run.id, lead_id),
        source=OWN_SOURCE,
        occurred_at=run.at,
        data={SELECTION: run.id},
        cause=run.position,
    )


def content_of(signal: Signal) -> dict[str, Any]:
    """Return the content by which a report is distinguished from another one with the same id.

    The first event that closes a run is authoritative, whatever another process saw later.
    """
    data = signal.data if signal.type.name != COMPLETED else {}
    return {"type": signal.type.name, "lead": signal.lead_id, "data": data}
