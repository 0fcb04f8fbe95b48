"""The audit of a single row of the log: its position, leaf, seal, columns and personal data."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import asyncpg

from domain.times import format_utc
from events import records
from events.batch.memory import LEDGER_SUBJECT_ID
from events.records import Record
from events.seals import SealedLink, Seals
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

    def take(self, row: Row, links: Sequence[SealedLink]) -> Record | None:
        """Judge a row with the identifiers that it linked; None if its record cannot be read."""
        self.position += 1
        self.report.attempt(Check.ORDER, self._check_position, row)
        self.report.attempt(Check.LEAVES, self._check_leaf, row)
        if self.seals is not None:
            self.report.attempt(Check.SEALS, self._check_seal, row, links)
        try:
            record = self._decode(row["position"], row["record"])
        except records.RecordUnreadable as error:
            finding = Finding(self.position, "the record can be read", "a record", error)
            self.report.section(Check.RECORDS).note(finding)
            return None
        self.report.attempt(Check.RECORDS, _compare_columns, row, record)
        self.report.attempt(Check.ORDER, self._check_time, record)
        self.report.attempt(Check.PERSONAL, self._check_personal, row, record)
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

    def _check_seal(self, row: Row, links: Sequence[SealedLink]) -> None:
        assert self.seals is not None
        expected = self.seals.of_event(self.position, row["leaf"], row["fingerprint"], links)
        what = "the seal matches leaf, fingerprint and linked identifiers"
        expect(self.position, what, expected, row["seal"])

    def _check_time(self, record: Record) -> None:
        found, before = record.envelope.recorded_time, self.recorded_time
        self.recorded_time = found
        if found < before:
            what = "recorded time does not run backwards"
            raise Finding(self.position, what, f"{before} or later", found)

    def _check_personal(self, row: Row, record: Record) -> None:
        expected, found = record.envelope.personal_digest, None
        if row["salt"] is not None:
            found = records.personal_digest(row["salt"], row["content"])
            self.report.section(Check.PERSONAL).checked += 1
        expect(self.position, "personal data matches the digest in the record", expected, found)


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
