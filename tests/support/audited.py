"""Audit a ledger in memory: `verify` without a database."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any

from domain.lead.state import LeadState
from events.batch.entries import Entry
from events.batch.memory import Remembered
from events.personal import ReportRow
from events.records import Record, begins_group
from events.revision.past import NotRecalled, Recollection
from events.selections.auditing import SelectionAudit
from events.verification.audit import Audit
from events.verification.findings import Check, Report
from events.verification.row_audit import RowAudit
from tests.support.ledger_in_memory import LedgerInMemory


def audit_of(ledger: LedgerInMemory, selections: SelectionAudit | None = None) -> Audit:
    """Judge every record as `verify` does. Raises Finding at the first error."""
    report = Report()
    audit, row_audit = Audit(report, lifecycles={1: ledger.compiled}), RowAudit(report, None)
    if selections is not None:
        audit.selections = selections
    so_far = Recollection()
    for entry in ledger.entries:
        record = row_audit.take(_row_of(entry), ledger.stored_links[entry.event.position])
        assert record is not None
        if begins_group(record):
            _close_group(audit, so_far)
        audit.add(record)
    _close_group(audit, so_far)
    _recalling(audit.end, so_far)
    for section in report:
        # The links of events are in a table that a ledger in memory does not have.
        if section.check is not Check.IDENTIFIERS and section.first:
            raise section.first[0]
    return audit


def companies_of(subjects: Mapping[str, Remembered]) -> Mapping[str, Collection[str]]:
    """Map each account to its leads."""
    companies: dict[str, set[str]] = defaultdict(set)
    for subject_id, remembered in subjects.items():
        if isinstance(remembered.state, LeadState) and remembered.state.account is not None:
            companies[remembered.state.account].add(subject_id)
    return companies


def _row_of(entry: Entry) -> Any:
    event, envelope = entry.event, entry.envelope
    return {
        "position": event.position,
        "source": envelope.source,
        "id": envelope.id,
        "subject_id": entry.subject_id,
        "subject_version": envelope.subject_version,
        "type": event.type,
        "occurred_at": event.occurred_at,
        "recorded_at": datetime.fromisoformat(envelope.recorded_time),
        "record": entry.record,
        "first_part": envelope.parts.first if envelope.parts is not None else None,
        "last_part": envelope.parts.last if envelope.parts is not None else None,
        "leaf": entry.leaf,
        **dict.fromkeys(ReportRow._fields),
        **(entry.report._asdict() if entry.report is not None else {}),
        "actor_salt": entry.actor.salt if entry.actor is not None else None,
        "actor": entry.actor.actor if entry.actor is not None else None,
    }


def _close_group(audit: Audit, so_far: Recollection) -> None:
    group: list[Record] = audit.group
    _recalling(audit.close_group, so_far)
    for record in group:
        so_far.records[record.event.position] = record
        history = so_far.histories.setdefault(record.event.subject.id, [])
        assert isinstance(history, list)
        history.append(record)


def _recalling(step: Callable[[Recollection], None], so_far: Recollection) -> None:
    while True:
        try:
            return step(so_far)
        except NotRecalled as needed:
            # They have no state yet, and no events.
            so_far.records |= dict.fromkeys(needed.positions)
            so_far.histories |= {one: [] for one in needed.histories}
