"""The past as the plan of a batch sees it: what was read of the ledger, and what the batch adds."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.lead.state import AccountState, LeadState
from domain.signal import REFERENCES, Identifier
from events.batch.draft import Draft
from events.batch.memory import NOBODY
from events.batch.upkeep import members_of
from events.records import Record
from events.revision.past import NotRecalled, Recollection


@dataclass(frozen=True, slots=True)
class PlannedPast:
    """A class, because every question goes to both."""

    draft: Draft
    recollection: Recollection

    def record(self, position: int) -> Record | None:
        if position > self.draft.position:
            return None
        if position > self.draft.memory.position:
            return self._added(position - self.draft.memory.position - 1)
        return self.recollection.record(position)

    def references(self, position: int) -> tuple[Identifier, ...]:
        """Return the deals and orders that lead to a lead since the event at a position."""
        if position <= self.draft.memory.position:
            found = self.recollection.references.get(position, ())
        else:
            linked = (one for one in self.draft.links if one.position == position)
            found = tuple(one.identifier for one in linked if one.identifier.kind in REFERENCES)
        unknown = [one for one in found if one not in self.draft.memory.pointers]
        if unknown:
            raise NotRecalled(identifiers=unknown)
        return found

    def histories(self, subject_ids: Sequence[str]) -> list[Record]:
        added = [
            self._added(place)
            for place, entry in enumerate(self.draft.entries)
            if entry.subject_id in subject_ids
        ]
        # Who begins in this batch has no other history; an id of theirs is new with every plan.
        known = [one for one in subject_ids if self.draft.memory.subjects.get(one) is not None]
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
            known = memory.members.get(account_id, NOBODY)
            if known.position != memory.position:
                raise NotRecalled(companies=[account_id])
            missing = [one for one in known.lead_ids if one not in memory.subjects]
            if missing:
                raise NotRecalled(subjects=missing)
        return members_of(self.draft, account_id)

    def _added(self, place: int) -> Record:
        entry = self.draft.entries[place]
        return Record(entry.event, entry.envelope)
