"""What taking something back has to know of the past, beyond what a writer remembers.

Histories are long and rarely asked for, so nobody loads them beforehand: who needs one that is not
at hand is told so by NotRecalled, whoever started the work reads it and starts the work again.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from domain.lead.state import AccountState, LeadState
from domain.signal import Identifier
from events.batch.memory import Remembered
from events.limits import HISTORY_EVENTS_MAX, TOGETHER_EVENTS_MAX
from events.records import Record


class NotRecalled(Exception):
    """Something of the past is not at hand; read it and start again."""

    def __init__(
        self,
        *,
        positions: Sequence[int] = (),
        histories: Sequence[str] = (),
        subjects: Sequence[str] = (),
        companies: Sequence[str] = (),
        identifiers: Sequence[Identifier] = (),
        declared: Sequence[str] = (),
    ) -> None:
        super().__init__(positions, histories, subjects, companies, identifiers, declared)
        self.positions = positions
        self.histories = histories
        self.subjects = subjects
        self.companies = companies
        """Accounts of which it is not known who belongs to them."""
        self.identifiers = identifiers
        """Identifiers of which it is not known to whom they point."""
        self.declared = declared
        """Types of events about the ledger of which all is to be read."""


class HistoryTooLong(Exception):
    """A subject has more events than are decided again at once, or all who are together have."""

    def __init__(self, whose: str, most: int) -> None:
        super().__init__(
            f"{whose} more than {most} events, which is more than is decided again at once."
        )


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

    def members(self, account_id: str) -> Collection[str]:
        """Return the leads that belong to an account."""
        ...


@dataclass(slots=True)
class Recollection:
    """What has been read of the past, as of one position. A class, because it is filled by need."""

    wanted: dict[str, None] = field(default_factory=dict)
    """Subjects that the writer has to remember for it, beside those that signals name."""
    companies: dict[str, None] = field(default_factory=dict)
    """Accounts whose leads it has to remember."""
    identifiers: dict[Identifier, None] = field(default_factory=dict)
    """Identifiers of which it has to remember to whom they point."""
    records: dict[int, Record | None] = field(default_factory=dict)
    references: dict[int, tuple[Identifier, ...]] = field(default_factory=dict)
    """For each record that was read: the deals and orders that it was the first to tell of."""
    histories: dict[str, Sequence[Record]] = field(default_factory=dict)

    declared: dict[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    """Type of events about the ledger → what each of them told, in order."""

    def declared_by(self, type: str) -> Sequence[Mapping[str, Any]]:
        """Return what events of a type about the ledger have told."""
        if type not in self.declared:
            raise NotRecalled(declared=[type])
        return self.declared[type]

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
                raise HistoryTooLong(f"{one} has", HISTORY_EVENTS_MAX)
        if sum(len(self.histories[one]) for one in subject_ids) > TOGETHER_EVENTS_MAX:
            whose = f"{subject_ids[0]} and those who share its identity or its company have"
            raise HistoryTooLong(whose, TOGETHER_EVENTS_MAX)
        return in_order(record for one in subject_ids for record in self.histories[one])


@dataclass(frozen=True, slots=True)
class FoldedPast:
    """The past as somebody knows it who has folded the whole log: states, and what was read."""

    subjects: Mapping[str, Remembered]
    recollection: Recollection
    companies: Mapping[str, Collection[str]]
    """Account → the leads that belong to it."""

    def record(self, position: int) -> Record | None:
        return self.recollection.record(position)

    def histories(self, subject_ids: Sequence[str]) -> list[Record]:
        return self.recollection.of(subject_ids)

    def subject(self, subject_id: str) -> LeadState | AccountState | None:
        remembered = self.subjects.get(subject_id)
        return remembered.state if remembered is not None else None

    def members(self, account_id: str) -> Collection[str]:
        return self.companies.get(account_id, ())


def in_order(records: Iterable[Record]) -> list[Record]:
    """Return records in the order of the ledger."""
    return sorted(records, key=lambda record: record.event.position)
