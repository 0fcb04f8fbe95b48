"""The fold of deadlines: from events to one row for each deadline ever started.

`domain.lead.deadlines` derives the deadlines of one lead from its events. A row holds one of them,
and since when it has been known: a restatement closes the rows of its lead and adds those that
count from there on, so that what was known before can still be queried.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from domain.event import Event
from domain.lead.deadlines import DeadlineEntry, deadlines_after
from domain.lifecycle.definition import SubjectKind

Key: TypeAlias = tuple[int, int]
"""Since when a row is known, and its number among those known from the same event on."""


class DeadlineRow(NamedTuple):
    """One deadline of one lead. Contains no personal data."""

    lead_id: str
    known_from: int
    number: int
    entry: DeadlineEntry
    known_to: int | None = None
    """The restatement from which it no longer counts."""

    @property
    def key(self) -> Key:
        return self.known_from, self.number


COLUMNS = ("lead_id", "known_from", "number", *DeadlineEntry._fields, "known_to")


@dataclass(slots=True)
class Deadlines:
    """The memory of a generation. A class, because it is filled event by event."""

    leads: dict[str, list[DeadlineRow]] = field(default_factory=dict)
    """Lead → its rows that count. A lead in this mapping has all of them here."""
    touched: dict[Key, DeadlineRow] = field(default_factory=dict)


def fold(deadlines: Deadlines, event: Event) -> None:
    """Apply one event to the deadlines of its lead."""
    receiver = event.receiver
    if receiver.kind is not SubjectKind.LEAD:
        return
    rows = deadlines.leads.get(receiver.id, [])
    after = deadlines_after(tuple(row.entry for row in rows), event)
    if "stays" in event.effects:
        _touch(deadlines, [row._replace(known_to=event.position) for row in rows])
        rows = []
    kept = [row._replace(entry=entry) for row, entry in zip(rows, after, strict=False)]
    added = [
        DeadlineRow(receiver.id, event.position, number, entry)
        for number, entry in enumerate(after[len(rows) :])
    ]
    deadlines.leads[receiver.id] = [*kept, *added]
    _touch(deadlines, [row for row, before in zip(kept, rows, strict=True) if row != before])
    _touch(deadlines, added)


def _touch(deadlines: Deadlines, rows: Iterable[DeadlineRow]) -> None:
    deadlines.touched.update((row.key, row) for row in rows)
