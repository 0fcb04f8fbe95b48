"""What waits for a person: contradictory identifiers, decisions without a basis, faults.

Each of the first two is in an event, and waits for as long as its lead's state says so. A lead that
a fault of ours prevents from being brought up to date waits until the service is repaired.
"""

from operator import attrgetter

from domain.event import Event
from domain.lead import state_json
from domain.lead.state import AccountState, LeadState
from domain.lifecycle.definition import SubjectKind
from domain.lifecycle.service_events import ACCOUNT_CONFLICTED, CONFLICTED
from domain.times import format_utc
from events import records
from events.limits import INTEGER_MAX
from service.feed.log import Judgement, Log, SetAside
from service.reading.leads import lead_of
from service.shapes.leads import Conflict, Conflicts


async def waiting(log: Log, *, after: int, limit: int) -> Conflicts:
    """List what is still waiting in the next stretch of the log, oldest first."""
    head, judged = await log.to_be_judged(after=after, limit=limit)
    upto = judged[-1].position if len(judged) == limit else INTEGER_MAX
    aside = await log.set_aside(after=after, upto=upto, limit=limit)
    found: list[Judgement | SetAside] = sorted([*judged, *aside], key=attrgetter("position"))
    is_more = len(found) >= limit
    # Several leads may have been set aside at one position; the next page starts after it.
    last = found[limit - 1].position if is_more else upto
    shown = [
        described
        for pending in found
        if pending.position <= last and (described := await _described(log, pending)) is not None
    ]
    return {
        "conflicts": shown,
        "next": str(last) if is_more else None,
        "as_of_position": str(head),
    }


async def _described(log: Log, pending: Judgement | SetAside) -> Conflict | None:
    return _set_aside(pending) if isinstance(pending, SetAside) else await _judged(log, pending)


def _set_aside(lead: SetAside) -> Conflict:
    return {
        "position": str(lead.position),
        "lead": lead.lead_id,
        "time": format_utc(lead.since),
        "kind": "lead-set-aside",
        "error": lead.error,
        "place": lead.place,
        "tries": lead.tries,
        "retry_time": format_utc(lead.retry_at),
    }


async def _judged(log: Log, judgement: Judgement) -> Conflict | None:
    event = records.decode_event(judgement.record)
    if event.type == ACCOUNT_CONFLICTED:
        return _namesakes(event, judgement)
    lead_id = event.receiver.id
    state = state_json.decode(SubjectKind.LEAD, judgement.state)
    if lead_id != judgement.lead_id:
        state = (await lead_of(log, lead_id)).state
    assert isinstance(state, LeadState)
    described: Conflict = {
        "position": str(event.position),
        "lead": lead_id,
        "time": format_utc(event.occurred_at),
        "kind": "decisions",
    }
    if event.type != CONFLICTED:
        awaited = event.data["awaiting"]
        described["decisions"] = [text for text in awaited if int(text) in state.awaiting]
        return described if described["decisions"] else None
    described["kind"] = "identifiers"
    described["with"] = [other for other in event.data["with"] if other in state.conflicts]
    if event.data.get("shared") is not None:
        described["kind"] = "shared_identifier"
        described["shared"] = event.data["shared"]
    return described if described["with"] else None


def _namesakes(event: Event, judgement: Judgement) -> Conflict | None:
    state = state_json.decode(SubjectKind.ACCOUNT, judgement.state)
    assert isinstance(state, AccountState)
    others = [other for other in event.data["with"] if other in state.conflicts]
    if not others:
        return None
    return {
        "position": str(event.position),
        "account": event.subject.id,
        "time": format_utc(event.occurred_at),
        "kind": "same_name",
        "with": others,
    }
