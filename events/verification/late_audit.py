"""Late reports in an audit: what has to be decided again, and whether its outcome is recorded.

A writer decides again before its transaction ends. Records do not say where a transaction ends, but
all of its records have a recorded time of their own. Once a later time follows, nothing may be
left.
"""

from bisect import bisect_right
from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain

from domain.deciding.decide import RULES
from domain.deciding.timers import first_due
from domain.event import Event
from domain.lead.absorption import connected, follow_forwarding
from domain.lead.state import LATE, AccountState, LeadState, Pending
from domain.lifecycle.compiled.table import CompiledLifecycle
from domain.lifecycle.definition import SubjectKind
from domain.lifecycle.service_events import ABSORBED, OFFERED
from domain.times import format_utc
from events.batch.entries import Unsettled
from events.batch.memory import Remembered, absorbed_by
from events.batch.upkeep import is_later, was_judged_since
from events.limits import PENDING_OVERDUE_HOURS
from events.records import OWN_SOURCE, Record, is_of_selection
from events.revision.affected import linked
from events.revision.past import FoldedPast
from events.revision.redecide import reported_account
from events.revision.settle import Settled, settle
from events.verification.findings import Finding, expect

_HOUR = len("2026-11-22T03")
_CARRIES_LAST = (
    "late reports have effects of their own only if no restatement or later report follows"
)


@dataclass(slots=True)
class LateAudit:
    """A class, because it notes what is left to be decided again. The audit keeps the rest."""

    subjects: Mapping[str, Remembered]
    companies: Mapping[str, set[str]]
    lifecycles: Mapping[int, CompiledLifecycle]
    unsettled: dict[str, Unsettled] = field(default_factory=dict)
    """Leads and companies that have to be decided again before the transaction ends."""
    carrying: set[int] = field(default_factory=set)
    """Positions of late reports with effects of their own."""
    recorded_time: str = ""
    """Of the records before, from which the transaction is known."""
    hours: list[str] = field(default_factory=list)
    """Every hour in which something was recorded."""

    def left(self, recorded_time: str | None) -> list[str]:
        """Return what should have been decided again, if a record begins another transaction.

        None: no record follows.
        """
        return list(self.unsettled) if recorded_time != self.recorded_time else []

    def is_late(self, event: Event) -> bool:
        """Whether a report about a lead, judged on the state before it or after it, is late."""
        state, at = self._state(event.receiver.id), event.occurred_at
        if is_later(state, at):
            return True
        if event.subject.kind is not SubjectKind.LEAD:
            return False
        named = event.effects.get(
            "account", state.account if isinstance(state, LeadState) else None
        )
        if named is None:
            return False
        company = self._state(follow_forwarding(named, self._absorbed_by))
        return isinstance(company, AccountState) and was_judged_since(company, at)

    def waiting(self, group: Sequence[Record], *, is_decision: bool) -> list[str]:
        """Return the parties to a report that are decided again before it.

        Without a company that the report names and the lead does not belong to: whether the lead
        joins it depends on identifiers.
        """
        first = group[0].event
        ids = [first.receiver.id, *_absorbed(group)]
        lead = self._lead(first.receiver.id)
        if is_decision and lead is not None and lead.account is not None:
            own = follow_forwarding(lead.account, self._absorbed_by)
            ids += [own] if reported_account(first) in (None, own) else []
        return [subject_id for subject_id in ids if subject_id in self.unsettled]

    def check_settled(self, subject_id: str, past: FoldedPast) -> None:
        """Check that nothing is left of late reports before the next report about their subject."""
        unsettled = self.unsettled.get(subject_id)
        if unsettled is None or self._is_pending(subject_id):
            return
        settled = self._settle(subject_id, self.unsettled, past, position=0, may_carry=False)
        self._note_settled(subject_id, settled)
        last = max(unsettled.positions)
        what = "what counts since a late report is recorded before the next report"
        expect(last, what, [], settled.events)
        expect(last, _CARRIES_LAST, [], self._carried(unsettled))

    def check_unchanged(self, subject_id: str, past: FoldedPast) -> None:
        """Check that deciding a subject again changes only what late reports say themselves."""
        if subject_id not in self.unsettled or self._is_pending(subject_id):
            return
        positions = self.unsettled[subject_id].positions
        settled = self._settle(subject_id, self.unsettled, past, position=0)
        self._note_settled(subject_id, settled)
        if settled.events:
            raise Finding(
                max(positions),
                "what counts since a late report is recorded together with it",
                settled.events,
                "no restatement",
            )
        for position in positions:
            record = past.record(position)
            assert record is not None
            event = record.event
            unchanged = None if position in self.carrying else event
            self.carrying.discard(position)
            expected = settled.carried.get(position, unchanged)
            expect(position, "a late report has the effects of its time", expected, event)

    def judge(self, group: Sequence[Record], past: FoldedPast) -> None:
        """Judge what counts since late reports became known."""
        first, envelope = group[0]
        self.recorded_time = envelope.recorded_time
        recorded = [record.event for record in group]
        settled = None
        for subject_id, unsettled in self._candidates(first, past):
            waiting = ChainMap({subject_id: unsettled}, self.unsettled)
            settled = self._settle(
                subject_id, waiting, past, position=first.position, may_carry=False
            )
            if settled.events == recorded:
                self._check_carrying(subject_id, settled, past)
                self._note_settled(subject_id, settled)
                expect(first.position, _CARRIES_LAST, [], self._carried(unsettled))
                return
        raise Finding(
            first.position,
            "what counts is what follows from all reports in the order of their times",
            settled.events if settled is not None else "a late report",
            recorded,
        )

    def pending(self) -> Iterator[tuple[str, Pending, bool]]:
        """Yield each lead that waits to be decided again, why, and whether it is long overdue.

        Only hours with records count: in the others, the service may have been stopped.
        """
        for subject_id, remembered in self.subjects.items():
            lead = remembered.state
            if isinstance(lead, LeadState) and lead.pending is not None:
                due = format_utc(lead.pending.until)[:_HOUR]
                since = len(self.hours) - bisect_right(self.hours, due)
                yield subject_id, lead.pending, since > PENDING_OVERDUE_HOURS

    def _check_carrying(self, subject_id: str, settled: Settled, past: FoldedPast) -> None:
        """Check others that a restatement decides again, if their late reports carry effects.

        They were decided before it, and then nothing else changed for them.
        """
        for other in settled.subjects:
            unsettled = self.unsettled.get(other)
            if other != subject_id and unsettled is not None and self._carried(unsettled):
                self.check_unchanged(other, past)

    def note(self, group: Sequence[Record], changed: Iterable[str]) -> None:
        """Note what a report leaves to be decided again; `changed` are companies that it changes.

        What older code decided is not decided again, here as elsewhere.
        """
        first, envelope = group[0]
        self.recorded_time = envelope.recorded_time
        hour = self.recorded_time[:_HOUR]
        if hour not in self.hours[-1:]:
            self.hours.append(hour)
        is_own = envelope.source == OWN_SOURCE and not is_of_selection(group[0])
        if is_own or first.type in OFFERED or envelope.rules != RULES:
            return
        if LATE not in first.effects and self.is_late(first):
            self.carrying.add(first.position)
            self._unsettle(first.receiver.id, first.position)
        elif LATE in first.effects and "pending_until" not in first.effects:
            for subject_id in (first.receiver.id, *_absorbed(group)):
                self._unsettle(subject_id, first.position)
        for company in changed:
            for lead_id in self.companies[company]:
                remembered = self.subjects.get(lead_id)
                if remembered is not None and is_later(remembered.state, first.occurred_at):
                    self._unsettle(lead_id, first.position)

    def _settle(
        self,
        subject_id: str,
        unsettled: Mapping[str, Unsettled],
        past: FoldedPast,
        *,
        position: int,
        may_carry: bool = True,
    ) -> Settled:
        return settle(
            subject_id,
            unsettled,
            past,
            self.lifecycles,
            position=position,
            recorded_at=datetime.fromisoformat(self.recorded_time),
            may_carry=may_carry,
        )

    def _carried(self, unsettled: Unsettled) -> list[int]:
        """Return the late reports that have effects of their own."""
        return [position for position in unsettled.positions if position in self.carrying]

    def _is_pending(self, subject_id: str) -> bool:
        """Whether a lead is decided again later in any case, with all that is known then."""
        lead = self._lead(subject_id)
        return lead is not None and lead.pending is not None

    def _absorbed_by(self, subject_id: str) -> str | None:
        return absorbed_by(self.subjects.get(subject_id))

    def _note_settled(self, subject_id: str, settled: Settled) -> None:
        for found in (subject_id, *settled.subjects):
            self.unsettled.pop(found, None)

    def _unsettle(self, subject_id: str, position: int) -> None:
        known = self.unsettled.get(subject_id, Unsettled(()))
        self.unsettled[subject_id] = known._replace(positions=(*known.positions, position))

    def _candidates(self, first: Event, past: FoldedPast) -> Iterator[tuple[str, Unsettled]]:
        """Yield the subjects that may have been decided again because of the cause of an event."""
        for subject_id, unsettled in list(self.unsettled.items()):
            if max(unsettled.positions) == first.cause:
                yield subject_id, unsettled
                timer = self._late_timer(subject_id)
                if timer is not None:
                    yield subject_id, unsettled._replace(upto=timer.upto)
        # Nearly always a subject of the cause; only what was merged since is found among all.
        for subject_id in chain(self._concerned_by(first.cause, past), list(self.subjects)):
            lead = self._lead(subject_id)
            pending = lead.pending if lead is not None else None
            if pending is not None and pending.position == first.cause:
                yield subject_id, Unsettled((pending.position,))
            timer = self._late_timer(subject_id)
            if timer is not None and timer.positions == (first.cause,):
                yield subject_id, timer

    def _concerned_by(self, cause: int | None, past: FoldedPast) -> Sequence[str]:
        """Return the leads that the event at a position is about, directly or by their company."""
        record = past.record(cause) if cause is not None else None
        if record is None:
            return ()
        subject = record.event.subject
        if subject.kind is SubjectKind.ACCOUNT:
            return sorted(self.companies.get(subject.id, ()))
        return connected([subject.id], self._linked)

    def _linked(self, subject_id: str) -> Iterable[str]:
        lead = self._lead(subject_id)
        return linked(lead) if lead is not None else ()

    def _late_timer(self, subject_id: str) -> Unsettled | None:
        """Return why a lead is decided again if its first timer is late for its company."""
        lead = self._lead(subject_id)
        if lead is None or not lead.timers or lead.account is None:
            return None
        timer, company = first_due(lead), self.subjects.get(lead.account)
        if company is None or not is_later(company.state, timer.due_at):
            return None
        return Unsettled((timer.armed_by,), timer.due_at)

    def _lead(self, subject_id: str) -> LeadState | None:
        state = self._state(subject_id)
        return state if isinstance(state, LeadState) else None

    def _state(self, subject_id: str) -> LeadState | AccountState | None:
        remembered = self.subjects.get(subject_id)
        return remembered.state if remembered is not None else None


def _absorbed(group: Sequence[Record]) -> list[str]:
    """Return the visitors that a report identified."""
    return [event.subject.id for event, _ in group if event.type == ABSORBED]
