"""A lead's events one after the other: what each told, what it moved and why."""

from collections.abc import Iterable
from typing import Any

import orjson

from domain.evolve import evolve
from domain.lifecycle.definition import SubjectKind
from domain.lifecycle.service_events import CORRECTED, EVENT, VOIDED
from domain.state import INITIAL_LEAD, LeadState
from events import records
from events.parties import ACTOR
from events.records import OWN_SOURCE, Record
from service.problems import Problem
from service.reading.leads import Lead, lead_of
from service.reading.log import Log
from service.wording import Wording

FAMILY_MAX = 1_000
"""Leads absorbed by one lead, directly or by way of others."""


class Standing:
    """The states of a lead and those that it absorbed, while their events go by.

    A class, because it is folded event by event; `evolve` does the folding.
    """

    def __init__(self) -> None:
        self._states: dict[str, LeadState] = {}

    def of(self, lead_id: str) -> LeadState:
        return self._states.get(lead_id, INITIAL_LEAD)

    def take(self, record: Record) -> tuple[LeadState, LeadState]:
        """Apply an event to the lead that received it; return the states before and after."""
        event = record.event
        assert event.subject.kind is SubjectKind.LEAD
        receiver = event.receiver.id
        before = self.of(receiver)
        after = self._states[receiver] = evolve(before, event)
        return before, after


async def family_of(log: Log, lead: Lead) -> list[str]:
    """Return the ids whose events make up a lead's history: its own and those it absorbed."""
    family = [lead.id]
    for one in family:
        state = lead.state if one == lead.id else (await lead_of(log, one)).state
        family += [absorbed for absorbed in state.absorbs if absorbed not in family]
        if len(family) > FAMILY_MAX:
            raise Problem(
                "request-invalid", f"This lead has absorbed more than {FAMILY_MAX} others."
            )
    return family


async def history(
    log: Log,
    lead: Lead,
    *,
    after: int,
    limit: int,
    words: Wording | None,
    shows_personal: bool,
) -> list[dict[str, Any]]:
    """Describe a page of a lead's events, oldest first."""
    family = await family_of(log, lead)
    standing = Standing()
    if after > 0:
        async for recorded in log.whole_history(family, upto=after):
            standing.take(records.decode(recorded.record))
    page = await log.history(family, after=after, upto=lead.head, limit=limit)
    decoded = [records.decode(recorded.record) for recorded in page]
    causes = await log.types(_foreign_causes(decoded))
    causes |= {record.event.position: record.event.type for record in decoded}
    personal = await log.personal([one.position for one in page]) if shows_personal else {}
    no_longer, corrected = await _taken_back(log, family, upto=lead.head)
    entries = []
    for record in decoded:
        before, after_it = standing.take(record)
        entry = _entry(record, before, after_it, causes)
        if words is not None:
            entry |= _labels(record, words)
        if record.event.subject.id != lead.id:
            entry["absorbed"] = True
        if record.event.position in no_longer:
            entry["counts"] = False
        if record.event.position in corrected:
            entry["corrected_by"] = [str(one) for one in corrected[record.event.position]]
        if record.event.position in personal:
            _tell_personal(entry, orjson.loads(personal[record.event.position]))
        entries.append(entry)
    return entries


async def _taken_back(
    log: Log, family: list[str], *, upto: int
) -> tuple[set[int], dict[int, list[int]]]:
    """Positions of what counts no longer, and of what was corrected with what corrected it."""
    voided: set[int] = set()
    awaiting: dict[str, list[str]] = {}
    corrected: dict[int, list[int]] = {}
    for recorded in await log.taken_back(family, upto=upto):
        event = records.decode(recorded.record).event
        if event.type == VOIDED:
            voided.add(int(event.data[EVENT]))
        elif event.type == CORRECTED:
            corrected.setdefault(int(event.data[EVENT]), []).append(event.position)
        else:
            awaiting[event.subject.id] = event.data["awaiting"]
    waiting = {int(position) for positions in awaiting.values() for position in positions}
    return voided | waiting, corrected


def _foreign_causes(decoded: Iterable[Record]) -> list[int]:
    return [record.event.cause for record in decoded if record.event.cause is not None]


def _entry(
    record: Record, before: LeadState, after: LeadState, causes: dict[int, str]
) -> dict[str, Any]:
    event, envelope = record
    entry: dict[str, Any] = {
        "position": str(event.position),
        "type": event.type,
        "subject": str(event.subject),
        "source": envelope.source,
        "id": envelope.id,
        "time": records.rfc3339(event.occurred_at),
        "recorded_time": envelope.recorded_time,
        "who": _who(record),
        "stage_before": before.stage,
        "stage_after": after.stage,
    }
    if envelope.claimed_at is not None:
        entry["claimed_time"] = records.rfc3339(envelope.claimed_at)
    if event.effective_at is not None:
        entry["effective_time"] = records.rfc3339(event.effective_at)
        entry["pass"] = event.pass_number
        entry["moved"] = {"from": event.stage_from, "to": event.stage_to}
    if event.forwarded_to is not None:
        entry["forwarded_to"] = f"lead/{event.forwarded_to}"
    why = _why(record, causes)
    if why:
        entry["why"] = why
    if event.data:
        entry["data"] = event.data
    entry["lifecycle"] = envelope.lifecycle
    return entry


def _tell_personal(entry: dict[str, Any], personal: dict[str, Any]) -> None:
    """Add what is stored apart from the record: who did it, and whom it tells of."""
    if ACTOR in personal:
        entry["who"][ACTOR] = personal.pop(ACTOR)
    if personal:
        entry["personal"] = personal


def _labels(record: Record, words: Wording) -> dict[str, Any]:
    """Say what people call an event and the stages between which it moves."""
    event = record.event
    labels: dict[str, Any] = {"type_label": words.event(event.type)}
    if event.effective_at is not None:
        labels["moved_labels"] = {
            name: None if stage is None else words.stage(stage)
            for name, stage in (("from", event.stage_from), ("to", event.stage_to))
        }
    return labels


def _who(record: Record) -> dict[str, Any]:
    envelope = record.envelope
    who: dict[str, Any] = {}
    if envelope.source == OWN_SOURCE:
        who[ACTOR] = OWN_SOURCE
    if envelope.key_id is not None:
        who["key"] = envelope.key_id
    if envelope.department is not None:
        who["department"] = envelope.department
    return who


def _why(record: Record, causes: dict[int, str]) -> dict[str, Any]:
    """Gather the reasons that the event itself carries."""
    event = record.event
    why: dict[str, Any] = {}
    if event.cause is not None:
        why["cause"] = {"position": str(event.cause), "type": causes.get(event.cause)}
    elif record.envelope.source == OWN_SOURCE:
        why["cause"] = None
    how = event.effects.get("move")
    if how:
        why["kind"] = how.get("kind")
        if how.get("passed_over"):
            why["passed_over"] = how["passed_over"]
    if "reason" in event.data:
        why["reason"] = event.data["reason"]
    if "fact" in event.data:
        why["fact"] = {"position": event.data["fact"], "type": event.data.get("type")}
    if "restates" in event.effects:
        why["restates"] = str(event.effects["restates"])
    if event.effects.get("already"):
        why["already"] = True
    return why
