"""What happens to leads without a report: due timers, a new lifecycle version, reassessment.

Each of these is an event of its own, entered into the draft of the current batch, so that the next
decision about a lead starts from its current stage and uses the version in force.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from operator import attrgetter

from domain.deciding.decide import NotAllowed
from domain.deciding.reassess import has_consequences, reassess
from domain.deciding.redecide import state_then
from domain.deciding.timers import Passing, fire, first_due, is_due
from domain.event import Event
from domain.lead.state import AccountState, LeadState
from domain.lifecycle.change.succession import Occupied
from domain.lifecycle.compiled.table import CompiledLifecycle
from domain.lifecycle.definition import SubjectKind
from events.batch.draft import Draft
from events.batch.memory import standing_of
from events.limits import STRIDE_TIMERS, WAITED_TIMERS_MAX
from events.records import OWN_SOURCE, firing_id, reassessment_id

_OCCURRED_AT = attrgetter("occurred_at")


class TimersUnfinished(Exception):
    """More timers are due for a lead than an event about it waits for. They fire in strides."""


def wake(draft: Draft, lead_id: str) -> None:
    """Advance a lead by one stride towards the present; decide it again if that is pending.

    If this batch decides too many events again, the lead remains due, and is woken again.
    """
    lead = draft.lead(lead_id)
    if lead is not None and lead.pending is not None:
        if lead.pending.until > draft.recorded_at:
            return
        version = draft.newest(lead_id, SubjectKind.LEAD).version
        if lead_id in draft.prepared or draft.takes_on(version):
            draft.unsettle(lead_id, lead.pending.position)
        return
    _advance(draft, lead_id, draft.recorded_at, most=STRIDE_TIMERS)


def bring_up_to_date(draft: Draft, lead_id: str, *, upto: datetime) -> None:
    """Do what is due for a lead by the time of an event about it: timers, and new lifecycles.

    Raises:
        TimersUnfinished: The lead is further behind than one event waits for.
    """
    if not _advance(draft, lead_id, upto, most=WAITED_TIMERS_MAX):
        raise TimersUnfinished(f"more than {WAITED_TIMERS_MAX} timers are due for one lead")


def bring_all_up_to_date(draft: Draft, leads: Mapping[str, LeadState], *, upto: datetime) -> bool:
    """Bring leads up to date before a decision, so that none is in a stage it should have left.

    Returns whether any of them was behind.
    """
    behind = [
        lead_id
        for lead_id, state in leads.items()
        if state.lifecycle != draft.compiled.version or is_due(state, upto)
    ]
    for lead_id in behind:
        bring_up_to_date(draft, lead_id, upto=upto)
    return bool(behind)


def reassess_lead(
    draft: Draft, lead_id: str, compiled: CompiledLifecycle, *, cause: int, at: datetime
) -> None:
    """Judge a lead again. Nothing is recorded if nothing follows from it."""
    remembered = draft.newest(lead_id, SubjectKind.LEAD)
    assert isinstance(remembered.state, LeadState)
    id = reassessment_id(lead_id, remembered.version + 1)
    decided = reassess(
        compiled,
        state_then(draft.state(lead_id, remembered.state.account), compiled, at),
        lead_id=lead_id,
        id=id,
        source=OWN_SOURCE,
        cause=cause,
        occurred_at=at,
        position=draft.position + 1,
    )
    if has_consequences(decided):
        draft.enter_group(decided.events, id=id, lifecycle=compiled.version, states=decided.states)


def members_of(draft: Draft, account_id: str) -> tuple[str, ...]:
    """Return the ids of a company's leads, as the batch has left it so far."""
    known, joined = draft.memory.members.get(account_id, {}), draft.joined.get(account_id, {})
    named = dict.fromkeys((*known, *joined))
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


def _advance(draft: Draft, lead_id: str, upto: datetime, *, most: int) -> bool:
    """Fire due timers, and bring the lead under each version from when it came into force.

    A version that came into force after the lead's latest event applies from then on. False: `most`
    timers have fired, and more may be due.
    """
    lead = draft.lead(lead_id)
    while lead is not None and lead.lifecycle < draft.compiled.version:
        newer = draft.lifecycle(lead.lifecycle + 1)
        assert newer.in_force_since is not None
        if newer.in_force_since > upto:
            break
        if not _fire_due(draft, lead_id, newer.in_force_since, most=most):
            return False
        if lead_id in draft.unsettled:
            return True
        reassess_lead(draft, lead_id, newer, cause=newer.published_at, at=newer.in_force_since)
        lead = draft.lead(lead_id)
    return _fire_due(draft, lead_id, upto, most=most)


def _fire_due(draft: Draft, lead_id: str, upto: datetime, *, most: int) -> bool:
    """Fire a lead's due timers in due order, each as a report of its own.

    A timer that would have changed the lead's company before something that is known to have
    happened there is late, as a report would be: then the lead has to be decided again. False:
    `most` timers have fired, and more may be due.
    """
    passing = Passing()
    for _ in range(most):
        remembered = draft.subject(lead_id)
        lead = remembered.state if remembered is not None else None
        if remembered is None or not isinstance(lead, LeadState) or not lead.timers:
            return True
        if lead_id in draft.unsettled:
            return True
        compiled, timer = draft.lifecycle(lead.lifecycle), first_due(lead)
        id = firing_id(lead_id, remembered.version + 1)
        decided = fire(
            compiled,
            state_then(draft.state(lead_id, lead.account), compiled, timer.due_at, is_before=True),
            lead_id=lead_id,
            id=id,
            source=OWN_SOURCE,
            upto=upto,
            position=draft.position + 1,
        )
        if decided is None:
            return True
        assert not isinstance(decided, NotAllowed), decided.reason
        if is_too_late(draft, lead.account, decided.events):
            draft.unsettle(lead_id, timer.armed_by, upto=timer.due_at)
            return True
        passing.see(decided.events[0].occurred_at)
        draft.enter_group(decided.events, id=id, lifecycle=lead.lifecycle, states=decided.states)
    return False


def is_too_late(draft: Draft, account_id: str | None, decided: Sequence[Event]) -> bool:
    """Whether events change a company to which something has happened since."""
    if account_id is None or not is_later(draft.account(account_id), decided[0].occurred_at):
        return False
    return any(
        subject.kind is SubjectKind.ACCOUNT
        for event in decided
        for subject in event.changed_subjects
    )


def is_later(state: LeadState | AccountState | None, at: datetime) -> bool:
    """Whether something has happened to a lead or a company after a moment."""
    return state is not None and state.latest_at is not None and state.latest_at > at


def was_judged_since(account: AccountState | None, at: datetime) -> bool:
    """Whether a company was listed as a competitor, or no longer, after a moment.

    Its leads were judged again then, and so is anyone whose earlier report arrives later.
    """
    if account is None or not is_later(account, at):
        return False
    first = bisect_right(account.timeline, at, key=_OCCURRED_AT)
    # A company may have thousands of orders since: no call for each.
    return "competitor" in {
        effect for entry in account.timeline[first:] for effect in entry.effects
    }
