"""Compare reports with those recorded under their ids.

This is the first step in revising a table: changed data or times are corrected, and a report about
the wrong person is voided and made again. Personal data is compared here but never returned, so
comparing needs no right to read it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from domain.lifecycle.service_events import EVENT, FIELDS, TIME, VOIDED
from domain.signal import Signal
from domain.times import format_utc
from events import records
from events.limits import INTEGER_MAX
from events.records import Record
from events.refusals import Refused
from events.submission import Item
from service.feed.log import Log, Personal, Reported
from service.http.problem import of_refusal
from service.ingest.revisions import is_revision
from service.shapes import reports as shapes


@dataclass(slots=True)
class ComparedReport:
    """A recorded report in its sender's latest version. A class, because decisions change it."""

    record: Record
    personal: Personal
    data: dict[str, Any]
    time: datetime
    corrections: int = 0
    is_voided: bool = False
    is_voided_by_revision: bool = False
    people: list[str] = field(default_factory=list)

    @property
    def position(self) -> str:
        return str(self.record.event.position)

    @property
    def is_erased(self) -> bool:
        return self.record.envelope.personal_digest is not None and self.personal.content is None

    @property
    def is_actor_erased(self) -> bool:
        return self.record.envelope.actor_digest is not None and self.personal.actor is None

    def take(self, decision: Record) -> None:
        """Apply an event that voids or corrects it."""
        event, envelope = decision
        of = self.record.envelope
        is_own = envelope.source == of.source and is_revision(event.type, envelope.id, of.id)
        if event.type == VOIDED:
            self.is_voided, self.is_voided_by_revision = True, is_own
        elif is_own:
            fields = dict(event.data[FIELDS])
            time = fields.pop(TIME, None)
            self.time = self.time if time is None else datetime.fromisoformat(time)
            corrected = {**self.data, **fields}
            self.data = {name: value for name, value in corrected.items() if value is not None}
            self.corrections += 1


async def compare(log: Log, items: Sequence[Item | Refused]) -> shapes.Compared:
    """Describe each event's difference from what is recorded, in order."""
    signals = [item.signal for item in items if isinstance(item, Item)]
    known = await _recorded(log, list({(signal.source, signal.id): None for signal in signals}))
    return {
        "items": [
            shapes.ComparedRefusal(status="refused", problem=of_refusal(item.refusal))
            if isinstance(item, Refused)
            else _compared(item.signal, known.get((item.signal.source, item.signal.id)))
            for item in items
        ]
    }


async def _recorded(
    log: Log, keys: Sequence[tuple[str, str]]
) -> Mapping[tuple[str, str], ComparedReport]:
    """Read reports, with later voids and corrections by their senders and others."""
    found = {key: _as_reported(report) for key, report in (await log.by_keys(keys)).items()}
    by_position = {report.record.event.position: report for report in found.values()}
    subjects = {report.record.event.subject.id: None for report in found.values()}
    decisions = await log.taken_back([id for id in subjects if id], upto=INTEGER_MAX)
    for entry in decisions:
        decision = records.decode(entry.record)
        report = by_position.get(int(decision.event.data.get(EVENT, 0)))
        if report is not None:
            report.take(decision)
    return found


def _as_reported(reported: Reported) -> ComparedReport:
    record = records.decode(reported.record)
    time = record.envelope.claimed_at or record.event.occurred_at
    return ComparedReport(record, reported.personal, dict(record.event.data), time)


def _compared(signal: Signal, report: ComparedReport | None) -> shapes.ComparedEvent:
    if report is None:
        return shapes.Unknown(status="unknown")
    if report.is_voided:
        return shapes.Voided(
            status="voided",
            position=report.position,
            by_revision=report.is_voided_by_revision,
        )
    if report.is_erased:
        return shapes.Erased(status="erased", position=report.position)
    fields = _fields_to_correct(signal, report)
    differs = [name if name == TIME else f"data/{name}" for name in fields]
    if signal.type.name != report.record.event.type:
        differs.append("type")
    if not _is_about_the_same(signal, report):
        differs.append("person")
    return shapes.ComparedRecord(
        status="recorded",
        position=report.position,
        corrections=report.corrections,
        differs=differs,
        fields=fields,
    )


def _fields_to_correct(signal: Signal, report: ComparedReport) -> dict[str, Any]:
    """Return the fields that a correction must set: null removes a field."""
    fields = {
        name: signal.data.get(name)
        for name in sorted({*signal.data, *report.data})
        if signal.data.get(name) != report.data.get(name)
    }
    time = signal.claimed_at or signal.occurred_at
    return fields if time == report.time else {**fields, TIME: format_utc(time)}


def _is_about_the_same(signal: Signal, report: ComparedReport) -> bool:
    """Compare the subject of a report, who made it, and its personal data."""
    reported, stored = signal.personal or b"", report.personal.content or b""
    is_same_content = reported == stored or _parsed(reported) == _parsed(stored)
    is_same_actor = report.is_actor_erased or signal.actor == report.personal.actor
    named = {signal.lead_id, signal.account_id} - {None}
    event = report.record.event
    return is_same_content and is_same_actor and named <= {event.subject.id, event.receiver.id}


def _parsed(content: bytes) -> Any:
    return orjson.loads(content) if content else None
