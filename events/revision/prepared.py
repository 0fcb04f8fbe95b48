"""Long histories: what counts is decided before the batch that records it.

Deciding tens of thousands of events again takes seconds, for which no other event can wait. So it
is done on a snapshot of the ledger, by the background. The batch that records the result only
checks that nothing has happened to anyone whose state was read.
"""

from domain.lead.state import LeadState
from events.batch.draft import Draft
from events.batch.entries import Prepared, Unsettled
from events.batch.memory import LEDGER_SUBJECT_ID
from events.revision.past import NotRecalled, Recollection
from events.revision.planned_past import PlannedPast
from events.revision.settle import Settled, settle


def prepare(lead_id: str, draft: Draft, recollection: Recollection) -> Prepared | None:
    """Decide a pending lead again; None if it is not pending. Raises NotRecalled."""
    past = PlannedPast(draft, recollection)
    lead = past.subject(lead_id)
    if not isinstance(lead, LeadState) or lead.pending is None:
        return None
    unsettled = Unsettled((lead.pending.position,))
    settled = settle(
        lead_id,
        {lead_id: unsettled},
        past,
        draft.lifecycles,
        position=1,
        recorded_at=draft.recorded_at,
    )
    memory = draft.memory
    return Prepared(
        unsettled,
        settled.events,
        frozenset(settled.subjects),
        {
            id: one.position
            for id, one in memory.subjects.items()
            if one is not None and id != LEDGER_SUBJECT_ID
        },
        {company: frozenset(past.members(company)) for company in memory.members},
        len(draft.lifecycles),
    )


def prepared_for(subject_id: str, past: PlannedPast) -> Settled | None:
    """Return what was prepared for a lead, at its positions; None if it has to be decided now.

    If it no longer holds, nothing counts yet, and the lead waits for the next try.
    """
    draft = past.draft
    prepared = draft.prepared.get(subject_id)
    if prepared is None:
        return None
    if not _holds(prepared, draft.unsettled[subject_id], past):
        return None if prepared.is_last_try else Settled([], (), {})
    first = draft.position + 1
    events = [
        event._replace(
            position=first + number,
            cause=first if number else event.cause,
            occurred_at=draft.recorded_at,
        )
        for number, event in enumerate(prepared.events)
    ]
    return Settled(events, prepared.subjects, {})


def _holds(prepared: Prepared, unsettled: Unsettled, past: PlannedPast) -> bool:
    draft = past.draft
    if prepared.unsettled != unsettled or prepared.versions != len(draft.lifecycles):
        return False
    missing = [id for id in prepared.basis if id not in draft.memory.subjects]
    if missing:
        raise NotRecalled(subjects=missing)
    for subject_id, position in prepared.basis.items():
        remembered = draft.subject(subject_id)
        if remembered is None or remembered.position != position:
            return False
    return all(
        frozenset(past.members(company)) == members for company, members in prepared.members.items()
    )
