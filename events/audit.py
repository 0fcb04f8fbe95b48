"""The audit of a log, record by record: each is judged on what the records before it left.

Pure but for what it is given: it reads no database, and so can be given any log.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

import asyncpg

from domain.decide import RULES, NotAllowed
from domain.events import Event
from domain.lifecycle.compiled import Compiled
from domain.lifecycle.complaints import LifecycleInvalid
from domain.lifecycle.definition import SubjectKind
from domain.lifecycle.service_events import OFFERED
from domain.lifecycle.succession import Occupied
from domain.state import AccountState, LeadState
from events import records
from events.memory import LEDGER_SUBJECT_ID, Remembered, newborn, seen_by, standing_of
from events.past import FoldedPast, Recollection
from events.publishing import PUBLISHED, compiled_from, objection
from events.records import (
    OWN_SOURCE,
    Record,
    begins_group,
    firing_id,
    is_firing,
    is_of_selection,
    is_reassessment,
    reassessment_id,
)
from events.redeciding import DecidesAgain, Subjects, decide_again, fire_again, reassess_again
from events.refusals import Refusal
from events.selections.auditing import SelectionAudit
from events.taking_back import Circumstances, carry_out_again

REFERENCES = frozenset({"opportunity", "order"})
"""Kinds that lead to a lead without naming a person: no event of their own tells of them."""

UNREADABLE = (AssertionError, AttributeError, LookupError, TypeError, ValueError)
"""What code that trusts its own records raises on one that it has not written."""

Row = asyncpg.Record
Links: TypeAlias = tuple[tuple[str, str], ...]
"""Kind of identifier and the subject that it points to, as often as one event says so."""


class Finding(Exception):
    """The first thing that is wrong."""

    def __init__(self, position: int | None, what: str, expected: object, found: object) -> None:
        where = f"position {position}: " if position is not None else ""
        super().__init__(f"{where}{what}: expected {expected}, found {found}")
        self.position = position
        self.what = what


@dataclass(slots=True)
class Audit:
    """A class, because each record is judged on what the records before it left."""

    subjects: dict[str, Remembered] = field(default_factory=dict)
    companies: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Account → the leads that belong to it."""
    lifecycles: dict[int, Compiled] = field(default_factory=dict)
    position: int = 0
    recorded_time: str = ""
    decided_again: int = 0
    not_decided_again: int = 0
    erased: int = 0
    group: list[Record] = field(default_factory=list)
    selections: SelectionAudit = field(default_factory=lambda: SelectionAudit({}))
    links: dict[int, Links] = field(default_factory=dict)
    listings: dict[int, str] = field(default_factory=dict)
    """Positions at which companies became competitors, or ceased to be."""

    def take(self, row: Row) -> Record:
        """Judge one row of the log by itself, and read its record."""
        self.position += 1
        expect(self.position, "positions have no gaps", self.position, row["position"])
        raw = row["record"].encode()
        expect(self.position, "the leaf is that of the record", records.leaf_of(raw), row["leaf"])
        record = self._decode(row["record"])
        _compare_columns(self.position, row, record)
        self._check_time(record)
        self._check_personal(row, record)
        return record

    def add(self, record: Record) -> None:
        """Add a record to the group that it belongs to."""
        if begins_group(record):
            assert not self.group, "the group before has been judged"
        elif not self.group or self.group[0].event.position != record.event.cause:
            first = self.group[0].event.position if self.group else None
            raise Finding(
                self.position, "a derived event follows its cause", first, record.event.cause
            )
        else:
            expected = (OWN_SOURCE, f"{record.event.cause}.{len(self.group)}")
            found = (record.envelope.source, record.envelope.id)
            expect(self.position, "a derived event is named by its cause", expected, found)
        self.group.append(record)

    def _decode(self, record: str) -> Record:
        try:
            return records.decode(record)
        except (records.RecordUnreadable, ValueError) as error:
            raise Finding(self.position, "the record can be read", "a record", error) from error

    def _check_time(self, record: Record) -> None:
        recorded_time = record.envelope.recorded_time
        if recorded_time < self.recorded_time:
            raise Finding(
                self.position,
                "recorded time does not run backwards",
                f"{self.recorded_time} or later",
                recorded_time,
            )
        self.recorded_time = recorded_time

    def _check_personal(self, row: Row, record: Record) -> None:
        expected = record.envelope.personal_digest
        if row["salt"] is None:
            self.erased += expected is not None
            return
        found = records.personal_digest(row["salt"], row["content"])
        expect(self.position, "personal data is what the record has a digest of", expected, found)

    def close_group(self, recollection: Recollection) -> None:
        """Judge a reported event with what followed from it, then let its subjects see it all.

        Raises NotRecalled, with nothing changed, where it takes something back and more of the past
        is needed to say whether it did so rightly.
        """
        group = self.group
        if not group:
            return
        self._judge(group, recollection)
        first = group[0]
        for record in group:
            if record.event.type == PUBLISHED:
                self._learn_lifecycle(record)
        if "competitor" in first.event.effects:
            self.listings[first.event.position] = first.event.subject.id
        for record in group:
            self._see(record)
        self._note_links(group)
        self.group = []
        self._survey_for_selections(group[-1].event.position)

    def _judge(self, group: Sequence[Record], recollection: Recollection) -> None:
        """Judge a group by what stands first in it: reported, or made by the service itself."""
        first = group[0]
        if first.event.type in OFFERED and first.envelope.source != OWN_SOURCE:
            self._decide_again(group, self._carries_out_again(recollection))
        elif first.envelope.source != OWN_SOURCE:
            self._decide_again(group, decide_again)
        elif is_firing(first):
            self._check_name(first, firing_id)
            self._decide_again(group, fire_again)
        elif is_of_selection(first):
            self._judge_selection(group)
        elif is_reassessment(first):
            self._check_name(first, reassessment_id)
            self._check_succession(first)
            self._decide_again(group, reassess_again)
        elif first.event.type != PUBLISHED:
            raise Finding(
                first.event.position, "an event of the service has a cause", "a cause", "none"
            )

    def _carries_out_again(self, recollection: Recollection) -> DecidesAgain:
        def again(
            compiled: Compiled, subjects: Subjects, group: Sequence[Record]
        ) -> Sequence[Event] | NotAllowed | Refusal | None:
            recorded_at = datetime.fromisoformat(group[0].envelope.recorded_time)
            position = group[0].event.position
            by = Circumstances(self.lifecycles, compiled, position, recorded_at)
            past = FoldedPast(subjects, recollection, self.companies)
            return carry_out_again(group, past, by)

        return again

    def _survey_for_selections(self, position: int) -> None:
        try:
            self.selections.reach(position, self.subjects, self.lifecycles)
        except UNREADABLE as error:
            raise Finding(
                position, "leads can be surveyed as a selection did", "a survey", repr(error)
            ) from error

    def _judge_selection(self, group: Sequence[Record]) -> None:
        """Judge what a selection run wrote: its evidence, or the decision about a lead."""
        first, envelope = group[0]
        if envelope.rules != RULES:
            self.not_decided_again += len(group)
            return
        try:
            for what, expected, found in self.selections.doubts(group[0]):
                expect(first.position, what, expected, found)
        except UNREADABLE as error:
            raise Finding(
                first.position, "the evidence of a selection can be read", "a run", repr(error)
            ) from error
        if first.subject.kind is SubjectKind.LEAD:
            self._decide_again(group, decide_again)
        else:
            self.decided_again += len(group)

    def _learn_lifecycle(self, record: Record) -> None:
        event = record.event
        version = len(self.lifecycles) + 1
        expect(event.position, "versions have no gaps", version, event.data.get("version"))
        try:
            # With another calendar the text in force is published again: its stages remain.
            if self.lifecycles and begins_group(record):
                refusal = objection(event.data, self.lifecycles, self._occupied())
                expect(event.position, "a lifecycle leaves nobody without a stage", None, refusal)
            self.lifecycles[version] = compiled_from(event)
        except (LifecycleInvalid, *UNREADABLE) as error:
            raise Finding(
                event.position, "the lifecycle can be read", "a lifecycle", error
            ) from error

    def _occupied(self) -> Occupied:
        standing = (standing_of(one, len(self.lifecycles)) for one in self.subjects.values())
        return Counter(one for one in standing if one is not None)

    def _check_name(self, record: Record, name: Callable[[str, int], str]) -> None:
        """What the service does by itself is named by its lead and the version it gives to it."""
        event, envelope = record
        expected = name(event.subject.id, envelope.subject_version)
        expect(event.position, "it is named by its lead", expected, envelope.id)

    def _check_succession(self, record: Record) -> None:
        """A lead comes under each version in turn, and is judged by no other."""
        event, envelope = record
        state = self._before(event.subject.id, SubjectKind.LEAD).state
        before = state.lifecycle if isinstance(state, LeadState) else 0
        compiled = self.lifecycles.get(envelope.lifecycle)
        if compiled is None:
            return
        if before == compiled.version:
            cause = self.listings.get(event.cause or 0)
            found_account = state.account if isinstance(state, LeadState) else None
            expect(event.position, "its company is the cause", found_account, cause)
            return
        found = (envelope.lifecycle, event.cause)
        expected = (before + 1, compiled.published_at)
        expect(event.position, "a lead comes under the next version", expected, found)

    def _decide_again(self, group: Sequence[Record], again: DecidesAgain) -> None:
        first, envelope = group[0]
        if envelope.rules != RULES:
            self.not_decided_again += len(group)
            return
        compiled = self.lifecycles.get(envelope.lifecycle)
        if compiled is None:
            known = sorted(self.lifecycles)
            raise Finding(first.position, "its lifecycle was published", known, envelope.lifecycle)
        try:
            decided = again(compiled, self.subjects, group)
        except UNREADABLE as error:
            raise Finding(
                first.position, "the outcome can be decided again", "an outcome", repr(error)
            ) from error
        recorded = [record.event for record in group]
        if decided != recorded:
            raise Finding(
                first.position, "the outcome is what its lifecycle decides", decided, recorded
            )
        self.decided_again += len(group)

    def _see(self, record: Record) -> None:
        event = record.event
        subject_id = event.subject.id or LEDGER_SUBJECT_ID
        try:
            seen = dict(seen_by(event, self._before))
        except UNREADABLE as error:
            raise Finding(
                event.position, "the outcome can be applied", "an outcome", repr(error)
            ) from error
        expect(
            event.position,
            "versions of a subject have no gaps",
            seen[subject_id].version,
            record.envelope.subject_version,
        )
        for one, after in seen.items():
            self._note_company(one, after.state)
        self.subjects.update(seen)

    def _note_company(self, lead_id: str, state: LeadState | AccountState | None) -> None:
        """Note to whom a lead belongs from now on."""
        remembered = self.subjects.get(lead_id)
        before = remembered.state if remembered is not None else None
        left = before.account if isinstance(before, LeadState) else None
        joined = state.account if isinstance(state, LeadState) else None
        if left == joined:
            return
        if left is not None:
            self.companies[left].discard(lead_id)
        if joined is not None:
            self.companies[joined].add(lead_id)

    def _before(self, subject_id: str, kind: SubjectKind) -> Remembered:
        return self.subjects.get(subject_id) or newborn(kind)

    def _note_links(self, group: Sequence[Record]) -> None:
        """Note which identifiers these events may have pointed, and to whom."""
        first = group[0].event
        links = [
            (kind, event.subject.id)
            for event, _ in group
            if event.type == "identity.linked"
            for kind in event.data["kinds"]
        ]
        if first.subject.kind is not SubjectKind.LEDGER:
            links += [(kind, first.subject.id) for kind in REFERENCES if kind in first.data]
        if links:
            self.links[first.position] = tuple(links)


def expect(position: int | None, what: str, expected: object, found: object) -> None:
    if expected != found:
        raise Finding(position, what, _shown(expected), _shown(found))


def _shown(value: object) -> object:
    return value.hex() if isinstance(value, bytes) else value


def _compare_columns(position: int, row: Row, record: Record) -> None:
    """Say whether the columns that find a record say the same as the record."""
    event, envelope = record
    for column, value in (
        ("position", event.position),
        ("source", envelope.source),
        ("id", envelope.id),
        ("subject_version", envelope.subject_version),
        ("type", event.type),
        ("occurred_at", event.occurred_at),
    ):
        expect(position, f"the column {column} is as in the record", value, row[column])
    subject_id = event.subject.id or LEDGER_SUBJECT_ID
    expect(
        position, "the column subject_id is as in the record", subject_id, str(row["subject_id"])
    )
    expect(
        position,
        "the column recorded_at is as in the record",
        envelope.recorded_time,
        records.rfc3339(row["recorded_at"]),
    )
