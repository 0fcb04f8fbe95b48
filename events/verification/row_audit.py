"""The audit of a single row of the log: its position, leaf, seal, columns and personal data."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import asyncpg

from domain.times import format_utc
from events import records
from events.batch.memory import LEDGER_SUBJECT_ID
from events.personal import (
    ActorRow,
    ReportRow,
    StoredLink,
    digest_of_actor,
    digest_of_report,
)
from events.records import Record
from events.seals import Seals
from events.verification.findings import Check, Finding, Report, expect

Row = asyncpg.Record


@dataclass(slots=True)
class RowAudit:
    """A class, because positions and times are compared with those of the row before."""

    report: Report
    seals: Seals | None
    position: int = 0
    recorded_time: str = ""
    _parts: dict[int, str] = field(default_factory=dict)
    """Position → the record of a part, until the event that it belongs to has been read."""

    def take(self, row: Row, links: Sequence[StoredLink]) -> Record | None:
        """Judge a row with the identifiers that it linked; None if its record cannot be read."""
        self.position += 1
        self.report.attempt(Check.ORDER, self._check_position, row)
        self.report.attempt(Check.LEAVES, self._check_leaf, row)
        if self.seals is not None:
            self.report.attempt(Check.SEALS, self._check_seal, row)
        try:
            record = self._decode(row["position"], row["record"])
        except records.RecordUnreadable as error:
            finding = Finding(self.position, "the record can be read", "a record", error)
            self.report.section(Check.RECORDS).note(finding)
            return None
        self.report.attempt(Check.RECORDS, _compare_columns, row, record)
        self.report.attempt(Check.ORDER, self._check_time, record)
        self.report.attempt(Check.PERSONAL, self._check_report, row, record, links)
        self.report.attempt(Check.PERSONAL, self._check_actor, row, record)
        return record

    def _decode(self, position: int, record: str) -> Record:
        """Decode a record with its parts, which the pass over the log has already seen."""
        parts = records.parts_of(record)
        if parts is not None:
            known = (self._parts.pop(at, "") for at in parts.positions)
            return records.decode(records.whole(record, known))
        decoded = records.decode(record)
        if records.is_part(decoded):
            self._parts[position] = record
        return decoded

    def count(self) -> None:
        """Report how many rows were checked."""
        for check in (Check.ORDER, Check.RECORDS, Check.LEAVES):
            self.report.section(check).checked = self.position
        if self.seals is not None:
            self.report.section(Check.SEALS).checked = self.position

    def _check_position(self, row: Row) -> None:
        expected, self.position = self.position, row["position"]
        if expected != row["position"]:
            raise Finding(expected, "positions have no gaps", expected, row["position"])

    def _check_leaf(self, row: Row) -> None:
        expected = records.leaf_of(row["record"].encode())
        expect(self.position, "the leaf matches the record", expected, row["leaf"])

    def _check_seal(self, row: Row) -> None:
        assert self.seals is not None
        expected = self.seals.of_event(self.position, row["leaf"])
        expect(self.position, "the seal matches position and leaf", expected, row["seal"])

    def _check_time(self, record: Record) -> None:
        found, before = record.envelope.recorded_time, self.recorded_time
        self.recorded_time = found
        if found < before:
            what = "recorded time does not run backwards"
            raise Finding(self.position, what, f"{before} or later", found)

    def _check_report(self, row: Row, record: Record, links: Sequence[StoredLink]) -> None:
        expected, found = record.envelope.personal_digest, None
        if row["salt"] is not None:
            stored = ReportRow(row["salt"], row["content"], row["fingerprint"])
            found = digest_of_report(stored, links)
            self.report.section(Check.PERSONAL).checked += 1
        what = "personal data, fingerprint and identifiers match the digest in the record"
        expect(self.position, what, expected, found)

    def _check_actor(self, row: Row, record: Record) -> None:
        expected, found = record.envelope.actor_digest, None
        if row["actor_salt"] is not None:
            found = digest_of_actor(ActorRow(row["actor_salt"], row["actor"]))
        expect(self.position, "the actor matches the digest in the record", expected, found)


def _compare_columns(row: Row, record: Record) -> None:
    """Compare the lookup columns of a record with the record."""
    event, envelope = record
    position = row["position"]
    for column, value in (
        ("position", event.position),
        ("source", envelope.source),
        ("id", envelope.id),
        ("subject_version", envelope.subject_version),
        ("type", event.type),
        ("occurred_at", event.occurred_at),
        ("first_part", envelope.parts.first if envelope.parts is not None else None),
        ("last_part", envelope.parts.last if envelope.parts is not None else None),
    ):
        expect(position, f"the column {column} matches the record", value, row[column])
    subject_id = event.subject.id or LEDGER_SUBJECT_ID
    expect(position, "the column subject_id matches the record", subject_id, str(row["subject_id"]))
    expect(
        position,
        "the column recorded_at matches the record",
        envelope.recorded_time,
        format_utc(row["recorded_at"]),
    )
