"""A lead's events one after another: what each reported, what it moved and why."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

import orjson

from domain.event import Event
from domain.lead.evolve import evolve
from domain.lead.state import INITIAL_LEAD, LATE, LeadState
from domain.lifecycle.definition import SubjectKind
from domain.lifecycle.service_events import CORRECTED, EVENT, UNLINKED, VOIDED
from domain.times import format_utc
from events import records
from events.batch.upkeep import is_later
from events.records import OWN_SOURCE, Record
from events.revision.affected import is_report, owners_in
from service.feed.log import Log, LogEntry, Personal
from service.ingest.labels import Wording
from service.reading.leads import KnownLead, moved_between, read_family
from service.shapes.leads import History, HistoryEvent, Who, Why


class FamilyStates:
    """The states of a lead and of those it absorbed, as their events are applied.

    A class, because it is updated event by event; `evolve` does the work.
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


async def family_of(log: Log, lead: KnownLead) -> list[str]:
    """Return the ids whose events make up a lead's history: its own and those it absorbed."""
    return list(await _states_of_family(log, lead))


async def _states_of_family(log: Log, lead: KnownLead) -> dict[str, LeadState]:
    absorbed = await read_family(log, lead.state.absorbs, lambda state: state.absorbs)
    return {lead.id: lead.state, **{id: other.state for id, other in absorbed.items()}}


async def history(
    log: Log,
    lead: KnownLead,
    *,
    after: int,
    limit: int,
    words: Wording | None,
    shows_personal: bool,
) -> History:
    """Describe a page of a lead's events, oldest first."""
    family = await _family_history(log, lead)
    page = await family.page(log, after=after, upto=lead.head, limit=limit)
    entries = await _entries(
        log, lead, family, page, after=after, words=words, shows_personal=shows_personal
    )
    return {
        "lead": lead.id,
        "events": entries,
        "next": entries[-1]["position"] if len(entries) == limit else None,
        "as_of_position": str(lead.head),
    }


class LatestEvents(NamedTuple):
    """The latest events before a position, oldest first."""

    events: list[HistoryEvent]
    earlier: int | None
    """Pass it as `before` for those before them; None if there are none."""


async def latest_history(
    log: Log, lead: KnownLead, *, before: int | None, limit: int, words: Wording
) -> LatestEvents:
    """Describe the latest events of a lead, without personal data."""
    family = await _family_history(log, lead)
    upto = lead.head if before is None else min(lead.head, before - 1)
    first = await log.history_start(
        list(family.states), before=upto + 1, limit=limit + 1, also=family.moved_here
    )
    if first is None:
        return LatestEvents([], None)
    page = await family.page(log, after=first - 1, upto=upto, limit=limit + 1)
    shown = page[-limit:]
    after = shown[0].position - 1
    entries = await _entries(
        log, lead, family, shown, after=after, words=words, shows_personal=False
    )
    return LatestEvents(entries, shown[0].position if len(page) > limit else None)


class _FamilyHistory(NamedTuple):
    """What makes up the history of a lead: its own events and those of leads that it absorbed."""

    states: Mapping[str, LeadState]
    later: "_Later"

    @property
    def moved_here(self) -> list[int]:
        """The events that were recorded for other leads and belong to this one."""
        return [position for position, owner in self.later.owners.items() if owner in self.states]

    async def page(self, log: Log, *, after: int, upto: int, limit: int) -> list[LogEntry]:
        return await log.history(
            list(self.states), after=after, upto=upto, limit=limit, also=self.moved_here
        )


async def _family_history(log: Log, lead: KnownLead) -> _FamilyHistory:
    states = await _states_of_family(log, lead)
    return _FamilyHistory(states, await _later_changes(log, states, upto=lead.head))


async def _entries(
    log: Log,
    lead: KnownLead,
    family: _FamilyHistory,
    page: Sequence[LogEntry],
    *,
    after: int,
    words: Wording | None,
    shows_personal: bool,
) -> list[HistoryEvent]:
    """Describe events, all of those after a position up to the last of them."""
    states, later = family.states, family.later
    so_far = FamilyStates()
    if after > 0:
        async for recorded in log.whole_history(list(states), upto=after):
            so_far.take(records.decode(recorded.record))
    decoded = [records.decode(recorded.record) for recorded in page]
    causes = await log.types(_foreign_causes(decoded))
    causes |= {record.event.position: record.event.type for record in decoded}
    personal = await log.personal([entry.position for entry in page]) if shows_personal else {}
    entries = []
    for record in decoded:
        if record.event.subject.id in states:
            before, after_it = so_far.take(record)
            entry = _entry(record, before.stage, after_it.stage, causes)
            if is_report(record) and is_later(before, record.event.occurred_at):
                entry.setdefault("why", {})["late"] = True
        else:
            # It moved another lead, before its real owner was known.
            entry = _entry(record, None, None, causes)
        if words is not None:
            _add_labels(entry, record, words)
        later.add_to(entry, record, lead.id, states)
        if record.event.position in personal:
            _add_personal(entry, personal[record.event.position])
        entries.append(entry)
    return entries


class _Later(NamedTuple):
    """What later events changed about events since they were recorded."""

    no_longer: set[int]
    corrected: Mapping[int, list[int]]
    owners: Mapping[int, str]
    """The current owners of reports that were taken away from a lead."""

    def add_to(
        self, entry: HistoryEvent, record: Record, lead_id: str, family: Collection[str]
    ) -> None:
        """Add what changed about one event in the history of a lead."""
        position, subject_id = record.event.position, record.event.subject.id
        owner = self.owners.get(position, subject_id)
        if subject_id not in family:
            entry["moved_from"] = f"lead/{subject_id}"
        elif subject_id != lead_id:
            entry["absorbed"] = True
        if owner not in family:
            entry["moved_to"] = f"lead/{owner}"
        if owner not in family or position in self.no_longer:
            entry["counts"] = False
        if position in self.corrected:
            entry["corrected_by"] = [str(by) for by in self.corrected[position]]


async def _later_changes(log: Log, states: Mapping[str, LeadState], *, upto: int) -> _Later:
    """Read later changes to the events of a lead's family, and of leads that share some."""
    voided: set[int] = set()
    awaiting: dict[str, list[str]] = {}
    corrected: dict[int, list[int]] = {}
    unlinkings: list[Event] = []
    parted = {other: None for state in states.values() for other in state.parted}
    for recorded in await log.taken_back(list({**parted, **dict.fromkeys(states)}), upto=upto):
        event = records.decode(recorded.record).event
        if event.type == VOIDED:
            voided.add(int(event.data[EVENT]))
        elif event.type == CORRECTED:
            corrected.setdefault(int(event.data[EVENT]), []).append(event.position)
        elif event.type == UNLINKED:
            unlinkings.append(event)
        else:
            awaiting[event.subject.id] = event.data["awaiting"]
    waiting = {int(position) for positions in awaiting.values() for position in positions}
    return _Later(voided | waiting, corrected, owners_in(unlinkings))


def _foreign_causes(decoded: Iterable[Record]) -> list[int]:
    return [record.event.cause for record in decoded if record.event.cause is not None]


def _entry(
    record: Record, stage_before: str | None, stage_after: str | None, causes: dict[int, str]
) -> HistoryEvent:
    event, envelope = record
    entry: HistoryEvent = {
        "position": str(event.position),
        "type": event.type,
        "subject": str(event.subject),
        "source": envelope.source,
        "id": envelope.id,
        "time": format_utc(event.occurred_at),
        "recorded_time": envelope.recorded_time,
        "who": _who(record),
        "stage_before": stage_before,
        "stage_after": stage_after,
        "lifecycle": envelope.lifecycle,
    }
    if envelope.claimed_at is not None:
        entry["claimed_time"] = format_utc(envelope.claimed_at)
    if event.effective_at is not None:
        entry["effective_time"] = format_utc(event.effective_at)
        entry["pass"] = event.pass_number
        entry["moved"] = moved_between(event)
    if event.forwarded_to is not None:
        entry["forwarded_to"] = f"lead/{event.forwarded_to}"
    why = _why(record, causes)
    if why:
        entry["why"] = why
    if event.data:
        entry["data"] = dict(event.data)
    return entry


def _add_personal(entry: HistoryEvent, personal: Personal) -> None:
    """Add what is stored apart from the record: the actor, and the person concerned."""
    if personal.actor is not None:
        entry["who"]["actor"] = personal.actor
    if personal.content:
        entry["personal"] = orjson.loads(personal.content)


def _add_labels(entry: HistoryEvent, record: Record, words: Wording) -> None:
    """Add the labels of an event and of the stages between which it moves, and if it is late."""
    event = record.event
    entry["type_label"] = words.event(event.type)
    if entry.get("why", {}).get("late"):
        entry["why"]["late_label"] = words.late(event.occurred_at)
    if event.effective_at is not None:
        entry["moved_labels"] = {
            "from": None if event.stage_from is None else words.stage(event.stage_from),
            "to": None if event.stage_to is None else words.stage(event.stage_to),
        }


def _who(record: Record) -> Who:
    envelope = record.envelope
    who: Who = {}
    if envelope.source == OWN_SOURCE:
        who["actor"] = OWN_SOURCE
    if envelope.key_id is not None:
        who["key"] = envelope.key_id
    if envelope.department is not None:
        who["department"] = envelope.department
    return who


def _why(record: Record, causes: dict[int, str]) -> Why:
    """Collect the reasons that the event itself carries."""
    event = record.event
    why: Why = {}
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
    if LATE in event.effects:
        why["late"] = True
    if event.effects.get("already"):
        why["already"] = True
    return why
