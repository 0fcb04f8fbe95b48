"""Past data needed to take something back, in addition to what a writer remembers.

Histories are long and rarely needed, so they are not loaded in advance. Code that needs one that is
not loaded raises NotRecalled; the caller that started the work reads it and starts the work again.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from domain.lead.absorption import follow_forwarding
from domain.lead.state import AccountState, LeadState
from domain.signal import Identifier
from events.batch.memory import Remembered
from events.limits import HISTORY_EVENTS_MAX, TOGETHER_EVENTS_MAX
from events.records import Record


class NotRecalled(Exception):
    """Past data is not loaded; read it and start again."""

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
        """Accounts whose leads are not known."""
        self.identifiers = identifiers
        """Identifiers whose targets are not known."""
        self.declared = declared
        """Types of events about the ledger that must be read completely."""


def all_of(missing: Iterable[NotRecalled]) -> NotRecalled:
    """Join several requests, so that everything is read at once."""
    requests = list(missing)
    return NotRecalled(
        positions=[position for request in requests for position in request.positions],
        histories=[subject_id for request in requests for subject_id in request.histories],
        subjects=[subject_id for request in requests for subject_id in request.subjects],
        companies=[account_id for request in requests for account_id in request.companies],
        identifiers=[identifier for request in requests for identifier in request.identifiers],
        declared=[type for request in requests for type in request.declared],
    )


class HistoryTooLong(Exception):
    """A subject, or the leads that are decided together, have too many events to decide again."""

    def __init__(self, whose: str, most: int) -> None:
        super().__init__(
            f"{whose} more than {most} events, the most that can be decided again at once."
        )


class Past(Protocol):
    """The ledger before an event. Methods raise NotRecalled if the data is not loaded."""

    def record(self, position: int) -> Record | None:
        """Return the record at a position; None beyond the end."""
        ...

    def histories(self, subject_ids: Sequence[str]) -> list[Record]:
        """Return every record about these subjects, in order. Raises HistoryTooLong."""
        ...

    def subject(self, subject_id: str) -> LeadState | AccountState | None:
        """Return the state of a lead or an account; None if the id is unknown."""
        ...

    def members(self, account_id: str) -> Collection[str]:
        """Return the leads that belong to an account."""
        ...


def receiver_in(past: Past, subject_id: str) -> tuple[str, LeadState | AccountState | None]:
    """Return the subject that receives what is reported of this one, with its state."""

    def absorbed_by(subject_id: str) -> str | None:
        state = past.subject(subject_id)
        return state.absorbed_by if state is not None else None

    standing = follow_forwarding(subject_id, absorbed_by)
    return standing, past.subject(standing)


@dataclass(slots=True)
class Recollection:
    """Past data that has been read, as of one position. A class, because it is filled on demand."""

    wanted: dict[str, None] = field(default_factory=dict)
    """Subjects that the writer has to remember, in addition to those that signals name."""
    companies: dict[str, None] = field(default_factory=dict)
    """Accounts whose leads the writer has to remember."""
    identifiers: dict[Identifier, None] = field(default_factory=dict)
    """Identifiers whose targets the writer has to remember."""
    records: dict[int, Record | None] = field(default_factory=dict)
    references: dict[int, tuple[Identifier, ...]] = field(default_factory=dict)
    """Position of each record read → the deals and orders that it was the first to mention."""
    histories: dict[str, Sequence[Record]] = field(default_factory=dict)

    declared: dict[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    """Type of events about the ledger → the data of each of them, in order."""

    def declared_by(self, type: str) -> Sequence[Mapping[str, Any]]:
        """Return the data of the events of a type about the ledger."""
        if type not in self.declared:
            raise NotRecalled(declared=[type])
        return self.declared[type]

    def record(self, position: int) -> Record | None:
        if position not in self.records:
            raise NotRecalled(positions=[position])
        return self.records[position]

    def of(self, subject_ids: Sequence[str]) -> list[Record]:
        """Return what was recorded about some subjects, in order."""
        missing = [subject_id for subject_id in subject_ids if subject_id not in self.histories]
        if missing:
            raise NotRecalled(histories=missing)
        histories = [self.histories[subject_id] for subject_id in subject_ids]
        for subject_id, history in zip(subject_ids, histories, strict=True):
            if len(history) > HISTORY_EVENTS_MAX:
                raise HistoryTooLong(f"{subject_id} has", HISTORY_EVENTS_MAX)
        if sum(map(len, histories)) > TOGETHER_EVENTS_MAX:
            whose = f"{subject_ids[0]} and the leads that share its identity or company have"
            raise HistoryTooLong(whose, TOGETHER_EVENTS_MAX)
        return in_order(record for history in histories for record in history)


@dataclass(frozen=True, slots=True)
class FoldedPast:
    """The past after folding the whole log: states, and what was read."""

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
