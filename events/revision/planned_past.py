"""The past as a batch's plan sees it: what was read of the ledger, and what the batch adds."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.lead.state import AccountState, LeadState
from domain.signal import REFERENCES, Identifier
from events.batch.draft import Draft
from events.batch.upkeep import members_of
from events.records import Record
from events.revision.past import NotRecalled, Recollection


@dataclass(frozen=True, slots=True)
class PlannedPast:
    """A class, because every lookup needs both the draft and the recollection."""

    draft: Draft
    recollection: Recollection

    def record(self, position: int) -> Record | None:
        if position > self.draft.end:
            return None
        if position > self.draft.memory.position:
            return self._added(position - self.draft.memory.position - 1)
        return self.recollection.record(position)

    def references(self, position: int) -> tuple[Identifier, ...]:
        """Return the deals and orders that have pointed to a lead since the event at a position."""
        if position <= self.draft.memory.position:
            found = self.recollection.references.get(position, ())
        else:
            linked = (link.identifier for link in self.draft.links if link.position == position)
            found = tuple(identifier for identifier in linked if identifier.kind in REFERENCES)
        unknown = [key for key in found if key not in self.draft.memory.pointers]
        if unknown:
            raise NotRecalled(identifiers=unknown)
        return found

    def histories(self, subject_ids: Sequence[str]) -> list[Record]:
        added = map(self._added, self.draft.places_of(subject_ids))
        # A subject that begins in this batch has no earlier history; every plan gives it a new id.
        subjects = self.draft.memory.subjects
        known = [subject_id for subject_id in subject_ids if subjects.get(subject_id) is not None]
        return [*self.recollection.of(known), *added]

    def subject(self, subject_id: str) -> LeadState | AccountState | None:
        remembered = self.draft.subjects.get(subject_id)
        if remembered is None:
            if subject_id not in self.draft.memory.subjects:
                raise NotRecalled(subjects=[subject_id])
            remembered = self.draft.memory.subjects[subject_id]
        return remembered.state if remembered is not None else None

    def members(self, account_id: str) -> Sequence[str]:
        memory = self.draft.memory
        if memory.subjects.get(account_id) is not None:
            known = memory.members.get(account_id)
            if known is None:
                raise NotRecalled(companies=[account_id])
            missing = [lead_id for lead_id in known if lead_id not in memory.subjects]
            if missing:
                raise NotRecalled(subjects=missing)
        return members_of(self.draft, account_id)

    def _added(self, place: int) -> Record:
        entry = self.draft.entries[place]
        return Record(entry.event, entry.envelope)
