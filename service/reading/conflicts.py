"""What waits for a person to judge: identifiers that contradict each other, decisions taken back.

Each stands in an event, and waits as long as its lead's state says so.
"""

from typing import Any, NamedTuple

from domain import states
from domain.events import Event
from domain.lifecycle.definition import SubjectKind
from domain.lifecycle.service_events import ACCOUNT_CONFLICTED, CONFLICTED
from domain.state import AccountState, LeadState
from events import records
from service.reading.leads import lead_of
from service.reading.log import Judgement, Log


class Waiting(NamedTuple):
    conflicts: list[dict[str, Any]]
    next: str | None
    """Pass it as `after`; None: there are no later ones."""
    head: int


async def waiting(log: Log, *, after: int, limit: int) -> Waiting:
    """List what still waits among the next events that somebody may have to judge, oldest first."""
    head, found = await log.to_be_judged(after=after, limit=limit)
    shown = [one for judgement in found if (one := await _described(log, judgement)) is not None]
    is_more = len(found) == limit
    return Waiting(shown, str(found[-1].position) if is_more else None, head)


async def _described(log: Log, judgement: Judgement) -> dict[str, Any] | None:
    event = records.decode_event(judgement.record)
    if event.type == ACCOUNT_CONFLICTED:
        return _namesakes(event, judgement)
    lead_id = event.receiver.id
    state = states.decode(SubjectKind.LEAD, judgement.state)
    if lead_id != judgement.lead_id:
        state = (await lead_of(log, lead_id)).state
    assert isinstance(state, LeadState)
    described = {
        "position": str(event.position),
        "lead": lead_id,
        "time": records.rfc3339(event.occurred_at),
    }
    if event.type == CONFLICTED:
        others = [other for other in event.data["with"] if other in state.conflicts]
        if not others:
            return None
        shared = event.data.get("shared")
        if shared is None:
            return described | {"kind": "identifiers", "with": others}
        return described | {"kind": "shared_identifier", "with": others, "shared": shared}
    decisions = [one for one in event.data["awaiting"] if int(one) in state.awaiting]
    return described | {"kind": "decisions", "decisions": decisions} if decisions else None


def _namesakes(event: Event, judgement: Judgement) -> dict[str, Any] | None:
    state = states.decode(SubjectKind.ACCOUNT, judgement.state)
    assert isinstance(state, AccountState)
    others = [other for other in event.data["with"] if other in state.conflicts]
    if not others:
        return None
    return {
        "position": str(event.position),
        "account": event.subject.id,
        "time": records.rfc3339(event.occurred_at),
        "kind": "same_name",
        "with": others,
    }
