"""What happens to leads without a report: due timers, a new lifecycle version, reassessment.

Each of these is an event of its own, entered into the draft of the current batch, so that the next
decision about a lead starts from its current stage and uses the version in force.
"""

from collections import Counter
from collections.abc import Mapping

from domain.deciding.decide import NotAllowed
from domain.deciding.reassess import reassess
from domain.deciding.timers import Passing, fire
from domain.lead.state import LeadState
from domain.lifecycle.change.succession import Occupied
from domain.lifecycle.compiled.table import CompiledLifecycle
from domain.lifecycle.definition import SubjectKind
from events.batch.draft import Draft
from events.batch.memory import NOBODY, standing_of
from events.limits import STRIDE_TIMERS, WAITED_TIMERS_MAX
from events.records import OWN_SOURCE, firing_id, reassessment_id


class TimersUnfinished(Exception):
    """More timers are due for a lead than an event about it waits for. They fire in strides."""


def wake(draft: Draft, lead_id: str) -> None:
    """Advance a lead by one stride towards the present."""
    if _fire_due(draft, lead_id, most=STRIDE_TIMERS):
        _bring_over(draft, lead_id)


def bring_up_to_date(draft: Draft, lead_id: str) -> None:
    """Fire due timers under the lead's own lifecycle, then move it to the one in force.

    Raises:
        TimersUnfinished: The lead is further behind than one event waits for.
    """
    if not _fire_due(draft, lead_id, most=WAITED_TIMERS_MAX):
        raise TimersUnfinished(f"more than {WAITED_TIMERS_MAX} timers are due for one lead")
    _bring_over(draft, lead_id)


def bring_all_up_to_date(draft: Draft, leads: Mapping[str, LeadState]) -> None:
    """Bring leads up to date before a decision, so that none is in a stage it should have left."""
    for lead_id, state in leads.items():
        if state.timers or state.lifecycle != draft.compiled.version:
            bring_up_to_date(draft, lead_id)


def reassess_lead(draft: Draft, lead_id: str, compiled: CompiledLifecycle, *, cause: int) -> None:
    """Judge a lead again. Nothing is recorded if nothing follows from it."""
    remembered = draft.newest(lead_id, SubjectKind.LEAD)
    assert isinstance(remembered.state, LeadState)
    id = reassessment_id(lead_id, remembered.version + 1)
    decided = reassess(
        compiled,
        draft.state(lead_id, remembered.state.account),
        lead_id=lead_id,
        id=id,
        source=OWN_SOURCE,
        cause=cause,
        occurred_at=draft.recorded_at,
        position=draft.position + 1,
    )
    if len(decided) > 1 or decided[0].effects:
        draft.enter_group(decided, id=id, lifecycle=compiled.version)


def members_of(draft: Draft, account_id: str) -> tuple[str, ...]:
    """Return the ids of a company's leads, as the batch has left it so far."""
    known = draft.memory.members.get(account_id, NOBODY).lead_ids
    named = dict.fromkeys((*known, *draft.subjects))
    return tuple(
        lead_id
        for lead_id in named
        if (lead := draft.lead(lead_id)) is not None and lead.account == account_id
    )


def occupied_by(draft: Draft) -> Occupied:
    """Count leads and accounts per stage; what this batch has moved counts in both stages."""
    occupancy, in_force = draft.memory.occupancy, draft.compiled.version
    assert occupancy is not None
    assert occupancy.position == draft.memory.position, "occupancy counted at another position"
    moved = (standing_of(remembered, in_force) for remembered in draft.subjects.values())
    return Counter(occupancy.occupied) + Counter(stage for stage in moved if stage is not None)


def _fire_due(draft: Draft, lead_id: str, *, most: int) -> bool:
    """Fire a lead's due timers in due order, each as a report of its own.

    False: `most` timers have fired, and more may be due.
    """
    passing = Passing()
    for _ in range(most):
        remembered = draft.subject(lead_id)
        lead = remembered.state if remembered is not None else None
        if remembered is None or not isinstance(lead, LeadState) or not lead.timers:
            return True
        id = firing_id(lead_id, remembered.version + 1)
        decided = fire(
            draft.lifecycle(lead.lifecycle),
            draft.state(lead_id, lead.account),
            lead_id=lead_id,
            id=id,
            source=OWN_SOURCE,
            upto=draft.recorded_at,
            position=draft.position + 1,
        )
        if decided is None:
            return True
        assert not isinstance(decided, NotAllowed), decided.reason
        passing.see(decided[0].occurred_at)
        draft.enter_group(decided, id=id, lifecycle=lead.lifecycle)
    return False


def _bring_over(draft: Draft, lead_id: str) -> None:
    """Bring a lead under the version in force, through each version that it has missed, in turn."""
    lead = draft.lead(lead_id)
    if lead is None:
        return
    for version in range(lead.lifecycle + 1, draft.compiled.version + 1):
        compiled = draft.lifecycle(version)
        reassess_lead(draft, lead_id, compiled, cause=compiled.published_at)
