"""The audit of a log, record by record. Each is judged on the state left by the records before it.

It reads no database, so any log can be passed to it. Errors are noted, and the audit continues.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from domain.deciding.decide import RULES, NotAllowed
from domain.deciding.redecide import version_then
from domain.event import Event
from domain.lead.state import LATE, AccountState, LeadState
from domain.lifecycle.change.succession import Occupied
from domain.lifecycle.compiled.table import CompiledLifecycle
from domain.lifecycle.definition import EventKind, SubjectKind
from domain.lifecycle.service_events import (
    FOUNDED,
    KINDS,
    LINKED,
    OFFERED,
    PUBLISHED,
    READS_SEALED,
    UNLINKED,
)
from domain.lifecycle.text.complaints import LifecycleInvalid
from domain.signal import REFERENCES
from events.batch.memory import LEDGER_SUBJECT_ID, Remembered, newborn, seen_by, standing_of
from events.lifecycles.publish import compiled_from, objection
from events.parts import type_of_parts
from events.personal import StoredLink
from events.records import (
    OWN_SOURCE,
    Record,
    begins_group,
    firing_id,
    is_firing,
    is_of_selection,
    is_part,
    is_reassessment,
    is_restatement,
    part_id,
    reassessment_id,
    restatement_id,
)
from events.refusals import Refusal
from events.revision.decisions import Circumstances, carry_out_again
from events.revision.past import FoldedPast, Recollection
from events.revision.redecide import (
    DecidesAgain,
    Subjects,
    decide_again,
    fire_again,
    reassess_again,
    record_late_again,
    reported_late,
)
from events.revision.settle import objection_to
from events.selections.auditing import SelectionAudit
from events.verification.findings import Check, Finding, Report, expect
from events.verification.key_audit import KEY_EVENTS, KeyAudit
from events.verification.late_audit import LateAudit
from events.verification.reads_audit import ReadsAudit

UNREADABLE = (AssertionError, AttributeError, LookupError, TypeError, ValueError)
"""Errors raised by code that trusts its own records when it reads one that it did not write."""

_LINKING = (LINKED, UNLINKED)


@dataclass(slots=True)
class Audit:
    """A class, because each record is judged on the state left by the records before it."""

    report: Report
    subjects: dict[str, Remembered] = field(default_factory=dict)
    companies: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Account → the leads that belong to it."""
    lifecycles: dict[int, CompiledLifecycle] = field(default_factory=dict)
    group: list[Record] = field(default_factory=list)
    selections: SelectionAudit = field(default_factory=lambda: SelectionAudit({}))
    parts: list[Record] = field(default_factory=list)
    """Parts that precede the next group."""
    keys: KeyAudit = field(default_factory=KeyAudit)
    reads: ReadsAudit = field(default_factory=ReadsAudit)
    links: dict[int, list[StoredLink]] = field(default_factory=dict)
    """Stored identifiers, by the position of the event that linked them, until it is judged."""
    listings: dict[int, str] = field(default_factory=dict)
    """Position → the company that became a competitor, or ceased to be one."""
    changed: set[str] = field(default_factory=set)
    """Companies whose course the group changes."""
    position: int = 0
    is_broken: bool = False
    """Whether the group cannot be judged as a whole; its errors have been noted."""
    late: LateAudit = field(init=False)

    def __post_init__(self) -> None:
        self.late = LateAudit(self.subjects, self.companies, self.lifecycles)

    def add(self, record: Record) -> None:
        """Add a record to the group that it belongs to."""
        self.position = record.event.position
        if begins_group(record):
            assert not self.group, "the group before has been judged"
        else:
            self._attempt(Check.DECISIONS, self._check_follows, record)
        self.group.append(record)

    def lose(self) -> None:
        """Continue without a record that cannot be read."""
        self.is_broken = True

    def _check_follows(self, record: Record) -> None:
        event, envelope = record
        first = self.group[0].event.position if self.group else None
        self.is_broken |= first is None or first != event.cause
        if self.is_broken:
            raise Finding(event.position, "a derived event follows its cause", first, event.cause)
        expected = (OWN_SOURCE, f"{event.cause}.{len(self.group)}")
        found = (envelope.source, envelope.id)
        expect(event.position, "the id of a derived event follows from its cause", expected, found)

    def _attempt(self, check: Check, step: Callable[..., None], *args: object) -> None:
        """Run a step of the audit, and note what it finds or cannot read."""
        try:
            step(*args)
        except Finding as finding:
            self.report.section(check).note(finding)
        except UNREADABLE as error:
            what = "the content of the record can be read"
            unread = Finding(self.position, what, "what this code writes", repr(error))
            self.report.section(check).note(unread)

    def close_group(self, recollection: Recollection) -> None:
        """Judge a reported event and its derived events, then apply them to their subjects.

        Raises NotRecalled, with nothing changed, if the event takes something back and more past
        data is needed to judge it.
        """
        group = self.group
        if not group:
            self.is_broken = False
            return
        if not self.is_broken:
            self._check_nothing_left(group[0].envelope.recorded_time, recollection)
            self._attempt(Check.DECISIONS, self._judge, group, recollection)
        self.group, self.is_broken = [], False
        if is_part(group[0]):
            self.parts += group
        else:
            self._attempt(Check.RECORDS, self._check_parts, group)
        first = group[0]
        for record in group:
            if record.event.type == PUBLISHED:
                self._attempt(Check.DECISIONS, self._learn_lifecycle, record)
        if "competitor" in first.event.effects:
            self.listings[first.event.position] = first.event.subject.id
        self.changed.clear()
        for record in group:
            self._attempt(Check.STATES, self._see, record)
        self.late.note(group, self.changed)
        self._attempt(Check.IDENTIFIERS, self._check_links, group)
        self._attempt(Check.DECISIONS, self._survey_for_selections, group[-1].event.position)

    def end(self, recollection: Recollection) -> None:
        """Check that nothing is missing after the last group. Raises NotRecalled."""
        if not self.is_broken:
            self._check_nothing_left(None, recollection)
        self._attempt(Check.RECORDS, self._check_parts, [])

    def _check_parts(self, group: Sequence[Record]) -> None:
        """Check that the parts before a group are exactly those that its records name."""
        named = [
            (position, part_id(event.position, number), type_of_parts(event))
            for event, envelope in group
            if envelope.parts is not None
            for number, position in enumerate(envelope.parts.positions)
        ]
        found = [(event.position, envelope.id, event.type) for event, envelope in self.parts]
        self.parts = []
        expect(self.position, "the parts before a group are those of its events", named, found)

    def _judge(self, group: Sequence[Record], recollection: Recollection) -> None:
        """Judge a group by its first event, which was reported or made by the service itself."""
        first = group[0]
        if first.event.type in OFFERED and first.envelope.source != OWN_SOURCE:
            self._decide_again(group, self._carries_out_again(recollection))
        elif first.envelope.source != OWN_SOURCE:
            self._judge_report(group, recollection)
        elif is_restatement(first):
            self._judge_restatement(group, recollection)
        elif is_firing(first):
            self._check_name(first, firing_id)
            self._decide_again(group, fire_again)
        elif is_of_selection(first):
            self._judge_selection(group, recollection)
        elif is_reassessment(first):
            self._check_name(first, reassessment_id)
            self._check_succession(first)
            self._decide_again(group, reassess_again)
        elif first.event.type in (*KEY_EVENTS, READS_SEALED):
            self._judge_ledger(group)
        elif first.event.type == FOUNDED:
            expect(first.event.position, "a ledger is founded once", 1, first.event.position)
        elif first.event.type != PUBLISHED and not is_part(first):
            raise Finding(
                first.event.position, "an event of the service has a cause", "a cause", "none"
            )

    def _judge_report(self, group: Sequence[Record], recollection: Recollection) -> None:
        """Judge a report: in order, or as recorded late."""
        first = group[0].event
        is_late = LATE in first.effects or self.late.is_late(first)
        self._check_version(group[0])
        is_decision = self._is_decision(first.type)
        if "pending_until" not in first.effects and (is_decision or not is_late):
            for subject_id in self.late.waiting(group, is_decision=is_decision):
                past = self._past(recollection)
                self._attempt(Check.DECISIONS, self.late.check_settled, subject_id, past)
        if not is_late:
            self._decide_again(group, decide_again)
            return
        # First, because it may need more of the past, and then everything is judged again.
        self._check_legal_then(group, recollection)
        self._decide_again(group, record_late_again)

    def _is_decision(self, type: str) -> bool:
        declared = self.lifecycles[len(self.lifecycles)].lifecycle.events.get(type)
        return declared is not None and declared.kind is EventKind.DECISION

    def _check_version(self, record: Record) -> None:
        """Check that a report is decided by the version that its lead was under at its time."""
        event, envelope = record
        lead = self._before(event.receiver.id, SubjectKind.LEAD).state
        in_force = len(self.lifecycles)
        if event.subject.kind is not SubjectKind.LEAD or envelope.lifecycle not in self.lifecycles:
            return  # an unknown version is found when the event is decided again
        assert isinstance(lead, LeadState)
        expected = in_force
        if event.receiver.id in self.subjects and not lead.void:
            at = event.occurred_at
            expected = version_then(self.lifecycles, lead, at, event.type).version
        expect(
            event.position,
            "it is decided by the version that its lead was under then",
            expected,
            envelope.lifecycle,
        )

    def _check_legal_then(self, group: Sequence[Record], recollection: Recollection) -> None:
        """Check that a decision that was reported late was legal at its time."""
        first, envelope = group[0]
        compiled = self.lifecycles[envelope.lifecycle]
        event_type = compiled.lifecycle.events[first.type]
        if event_type.kind is not EventKind.DECISION or envelope.rules != RULES:
            return
        if "pending_until" in first.effects:
            return  # judged by the course last recorded
        signal, party = reported_late(group, event_type, self.subjects)
        past, position = self._past(recollection), first.position
        company = party.account if party.account in self.subjects else None
        refused = objection_to(
            signal, party, past, self.lifecycles, compiled, position=position, company=company
        )
        expect(position, "a decision was legal at its time", None, refused)

    def _judge_restatement(self, group: Sequence[Record], recollection: Recollection) -> None:
        """Judge what counts since late reports became known."""
        if group[0].envelope.rules != RULES:
            self._skip(group)
            return
        self._check_name(group[0], restatement_id)
        self.late.judge(group, self._past(recollection))
        self.report.section(Check.DECISIONS).checked += len(group)

    def _check_nothing_left(self, recorded_time: str | None, recollection: Recollection) -> None:
        """Check that a transaction has decided everything again that late reports concern."""
        for subject_id in self.late.left(recorded_time):
            self._check_settled(subject_id, recollection)

    def _check_settled(self, subject_id: str, recollection: Recollection) -> None:
        past = self._past(recollection)
        self._attempt(Check.DECISIONS, self.late.check_unchanged, subject_id, past)

    def _past(self, recollection: Recollection) -> FoldedPast:
        return FoldedPast(self.subjects, recollection, self.companies)

    def _carries_out_again(self, recollection: Recollection) -> DecidesAgain:
        def again(
            compiled: CompiledLifecycle, subjects: Subjects, group: Sequence[Record]
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

    def _judge_selection(self, group: Sequence[Record], recollection: Recollection) -> None:
        """Judge an event that a selection run wrote: its evidence, or the decision about a lead."""
        first, envelope = group[0]
        if envelope.rules != RULES:
            self._skip(group)
            return
        try:
            for what, expected, found in self.selections.doubts(group[0]):
                expect(first.position, what, expected, found)
        except UNREADABLE as error:
            raise Finding(
                first.position, "the evidence of a selection can be read", "a run", repr(error)
            ) from error
        if first.subject.kind is SubjectKind.LEAD:
            self._judge_report(group, recollection)
        else:
            self.report.section(Check.DECISIONS).checked += len(group)

    def _judge_ledger(self, group: Sequence[Record]) -> None:
        """Judge an event about the ledger. It decides nothing, but has to fit the earlier ones."""
        first = group[0].event
        of_a_key = first.type in KEY_EVENTS
        doubts = self.keys.doubts(group) if of_a_key else self.reads.learn(group[0])
        try:
            for what, expected, found in doubts:
                expect(first.position, what, expected, found)
        except UNREADABLE as error:
            raise Finding(first.position, "the event can be read", first.type, error) from error
        self.report.section(Check.DECISIONS).checked += len(group)

    def _learn_lifecycle(self, record: Record) -> None:
        event = record.event
        version = len(self.lifecycles) + 1
        expect(event.position, "versions have no gaps", version, event.data.get("version"))
        try:
            # A calendar change publishes the text in force again, so its stages remain.
            if self.lifecycles and begins_group(record):
                refusal = objection(event.data, self.lifecycles, self._occupied())
                expect(
                    event.position,
                    "a lifecycle leaves no lead or account without a stage",
                    None,
                    refusal,
                )
            self.lifecycles[version] = compiled_from(event)
        except (LifecycleInvalid, *UNREADABLE) as error:
            raise Finding(
                event.position, "the lifecycle can be read", "a lifecycle", error
            ) from error

    def _occupied(self) -> Occupied:
        in_force = len(self.lifecycles)
        occupied = (standing_of(subject, in_force) for subject in self.subjects.values())
        return Counter(stage for stage in occupied if stage is not None)

    def _check_name(self, record: Record, name: Callable[[str, int], str]) -> None:
        """Check that the id of the service's own event names its lead and the lead's version."""
        event, envelope = record
        expected = name(event.subject.id, envelope.subject_version)
        expect(event.position, "its id follows from its lead", expected, envelope.id)

    def _check_succession(self, record: Record) -> None:
        """Check that a lead moves through the versions in turn, or is judged again by its own."""
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
        expect(event.position, "a lead moves to the next version", expected, found)

    def _decide_again(self, group: Sequence[Record], again: DecidesAgain) -> None:
        first, envelope = group[0]
        if envelope.rules != RULES:
            self._skip(group)
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
        self.report.section(Check.DECISIONS).checked += len(group)

    def _skip(self, group: Sequence[Record]) -> None:
        """Count what older code decided as not checked, never as verified."""
        self.report.section(Check.DECISIONS).skip(
            f"decided by a rules version other than {RULES}, which this code does not contain",
            len(group),
        )

    def _see(self, record: Record) -> None:
        event = record.event
        subject_id = event.subject.id or LEDGER_SUBJECT_ID
        try:
            seen = dict(seen_by(event, self._before))
        except UNREADABLE as error:
            raise Finding(
                event.position, "the outcome can be applied", "an outcome", repr(error)
            ) from error
        for seen_id, after in seen.items():
            self._note_company(seen_id, after.state)
            self._note_course(seen_id, after.state)
        self.subjects.update(seen)
        found = record.envelope.subject_version
        expected = seen[subject_id].version
        expect(event.position, "versions of a subject have no gaps", expected, found)

    def _note_company(self, lead_id: str, state: LeadState | AccountState | None) -> None:
        """Note which company a lead belongs to from now on."""
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

    def _note_course(self, account_id: str, state: LeadState | AccountState | None) -> None:
        """Note whether the course of a company changes."""
        before = self._before(account_id, SubjectKind.ACCOUNT).state
        if not isinstance(state, AccountState) or not isinstance(before, AccountState):
            return
        if state.timeline != before.timeline:
            self.changed.add(account_id)

    def _before(self, subject_id: str, kind: SubjectKind) -> Remembered:
        return self.subjects.get(subject_id) or newborn(kind)

    def _check_links(self, group: Sequence[Record]) -> None:
        """Check that exactly the identifiers that events linked are stored."""
        if not any(event.type in _LINKING or event.position in self.links for event, _ in group):
            return
        first = group[0].event
        stored = {event.position: self.links.pop(event.position, []) for event, _ in group}
        found = Counter((link.kind, link.subject_id) for link in stored.pop(first.position))
        linked = Counter(
            (kind, event.subject.id)
            for event, _ in group
            if event.type == LINKED or (event.type == UNLINKED and event.cause is not None)
            for kind in event.data.get(KINDS, ())
        )
        may_be = Counter(linked)
        if first.subject.kind is not SubjectKind.LEDGER:
            may_be.update((kind, first.subject.id) for kind in REFERENCES if kind in first.data)
        self.report.section(Check.IDENTIFIERS).checked += found.total()
        if any(stored.values()) or found - may_be or linked - found:
            also = [link[0] for links in stored.values() for link in links]
            raise Finding(
                first.position,
                "identifiers match the links in events",
                sorted(may_be.elements()),
                [*sorted(found.elements()), *also],
            )
