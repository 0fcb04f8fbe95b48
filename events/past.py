"""What taking something back has to know of the past, beyond what a writer remembers.

Histories are long and rarely asked for, so nobody loads them beforehand: who needs one that is not
at hand is told so by NotRecalled, whoever started the work reads it and starts the work again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from domain.state import AccountState, LeadState
from events.memory import Remembered
from events.records import Record

HISTORY_EVENTS_MAX = 5_000
"""Events of one lead or account that are decided again under the lock: some tenths of a second.
A lead of ten years has hundreds."""


class NotRecalled(Exception):
    """Something of the past is not at hand; read it and start again."""

    def __init__(
        self,
        *,
        positions: Sequence[int] = (),
        histories: Sequence[str] = (),
        subjects: Sequence[str] = (),
    ) -> None:
        super().__init__(positions, histories, subjects)
        self.positions = positions
        self.histories = histories
        self.subjects = subjects


class HistoryTooLong(Exception):
    """A subject has more events than are decided again at once."""

    def __init__(self, subject_id: str) -> None:
        super().__init__(subject_id)
        self.subject_id = subject_id


class Past(Protocol):
    """The ledger before an event. A question raises NotRecalled where the answer is not at hand."""

    def record(self, position: int) -> Record | None:
        """Return what stands at a position; None beyond the end."""
        ...

    def histories(self, subject_ids: Sequence[str]) -> list[Record]:
        """Return every record about these subjects, in order. Raises HistoryTooLong."""
        ...

    def subject(self, subject_id: str) -> LeadState | AccountState | None:
        """Return the state of a lead or an account; None if there is none of this id."""
        ...


@dataclass(slots=True)
class Recollection:
    """What has been read of the past, as of one position. A class, because it is filled by need."""

    wanted: dict[str, None] = field(default_factory=dict)
    """Subjects that the writer has to remember for it, beside those that signals name."""
    records: dict[int, Record | None] = field(default_factory=dict)
    histories: dict[str, Sequence[Record]] = field(default_factory=dict)

    def record(self, position: int) -> Record | None:
        if position not in self.records:
            raise NotRecalled(positions=[position])
        return self.records[position]

    def of(self, subject_ids: Sequence[str]) -> list[Record]:
        """Return what was recorded about some subjects, in order."""
        missing = [one for one in subject_ids if one not in self.histories]
        if missing:
            raise NotRecalled(histories=missing)
        for one in subject_ids:
            if len(self.histories[one]) > HISTORY_EVENTS_MAX:
                raise HistoryTooLong(one)
        return in_order(record for one in subject_ids for record in self.histories[one])


@dataclass(frozen=True, slots=True)
class FoldedPast:
    """The past as somebody knows it who has folded the whole log: states, and what was read."""

    subjects: Mapping[str, Remembered]
    recollection: Recollection

    def record(self, position: int) -> Record | None:
        return self.recollection.record(position)

    def histories(self, subject_ids: Sequence[str]) -> list[Record]:
        return self.recollection.of(subject_ids)

    def subject(self, subject_id: str) -> LeadState | AccountState | None:
        remembered = self.subjects.get(subject_id)
        return remembered.state if remembered is not None else None


def in_order(records: Iterable[Record]) -> list[Record]:
    """Return records in the order of the ledger."""
    return sorted(records, key=lambda record: record.event.position)
