"""The plan of one batch: every item decided in order, using only the writer's memory.

Nothing here waits or writes. A plan describes what the batch would do if the head is where the
memory says; the ledger writes it, or discards it and plans again.

An unexpected error affects only the item, or the timers of the lead, that raised it. The draft is
rolled back to before that item or lead, and the others continue.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from domain.event import LEDGER, Event
from domain.lifecycle.service_events import ACCOUNT_RESTATED, RESTATED
from events import refusal_texts
from events.append.decide import decide_signal, postpone, settle_one
from events.batch.draft import Draft
from events.batch.entries import Known
from events.batch.intake import Became, Intake
from events.batch.memory import Memory
from events.batch.upkeep import wake
from events.faults import Fault, fault_of
from events.outcomes import Duplicate, Outcome, Recorded, hold_back, refuse
from events.records import OWN_SOURCE
from events.refusals import Refusal, Refused
from events.revision.past import NotRecalled, Recollection, all_of
from events.revision.planned_past import PlannedPast
from events.signals.digests import FingerprintUnknown, have_same_version
from events.strict_json import read_value
from events.submission import Item, Submission, key_of

_RESTATEMENTS = (RESTATED, ACCOUNT_RESTATED)


class Failure(NamedTuple):
    """An item that raised an unexpected error, in the form in which it is kept."""

    fault: Fault
    refused: Refused


@dataclass(slots=True)
class Plan:
    """A class, because items of one batch see the effects of the items before them."""

    memory: Memory
    known: Mapping[tuple[str, str], Known]
    """Keys of the batch that the ledger already has, if they were looked up."""
    recorded_at: datetime
    recollection: Recollection = field(default_factory=Recollection)
    """What has been read of the past, for items that take something back."""
    draft: Draft = field(init=False)
    refused: list[Refused] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    set_aside: dict[str, Fault] = field(default_factory=dict)
    """Leads that were woken but cannot be brought up to date."""
    intake: Intake = field(default_factory=Intake)
    """The items so far, by source and outcome."""
    own_keys: dict[tuple[str, str], Known] = field(default_factory=dict)
    asks_for_keys: bool = False
    """Whether something was refused. A refused item writes no event, so only a look-up can show
    that it was recorded before; then it is a duplicate, however the state, the lifecycle or the
    key have changed since."""

    def __post_init__(self) -> None:
        self.draft = Draft(self.memory, self.recorded_at)

    @property
    def position(self) -> int:
        """The end of the ledger, including what is planned so far."""
        return self.draft.position

    @property
    def is_empty(self) -> bool:
        return not self.draft.entries and not self.refused and not self.intake

    def submit(self, submission: Submission) -> list[Outcome]:
        """Decide every item. A strict submission is recorded entirely or not at all."""
        self.draft.prepared |= submission.prepared
        for lead_id in submission.woken:
            self._wake(lead_id)
        outcomes = self._take_all(submission)
        self._count(submission, outcomes)
        return outcomes

    def _take_all(self, submission: Submission) -> list[Outcome]:
        if not submission.is_strict:
            return [self._take(item) for item in submission.items]
        mark, refused, own_keys = self.draft.mark(), list(self.refused), dict(self.own_keys)
        outcomes = [self._take(item) for item in submission.items]
        if any(isinstance(outcome, Refused) for outcome in outcomes):
            self.draft.return_to(mark)
            self.refused, self.own_keys = refused, own_keys
            self.asks_for_keys = True
            outcomes = [
                self._hold_back(item, outcome)
                for item, outcome in zip(submission.items, outcomes, strict=True)
            ]
        return outcomes

    def _count(self, submission: Submission, outcomes: Sequence[Outcome]) -> None:
        """Count what became of the items of a submission, except the service's own.

        Whether an earlier attempt at the same items was committed, and counted, is not always
        known. So a repeated submission counts only what is recorded now: that was not before.
        """
        for item, outcome in zip(submission.items, outcomes, strict=True):
            source = item.signal.source if isinstance(item, Item) else item.counted_as
            if source == OWN_SOURCE:
                continue
            if isinstance(outcome, Recorded):
                self.intake[source, Became.RECORDED, ""] += 1
            elif submission.is_repeated:
                continue
            elif isinstance(outcome, Duplicate):
                self.intake[source, Became.DUPLICATE, ""] += 1
            else:
                became = Became.REFUSED if outcome.is_kept else Became.IGNORED
                self.intake[source, became, outcome.refusal.reason] += 1

    def settle(self, outcomes: Sequence[Sequence[Outcome]]) -> list[list[Outcome]]:
        """Decide again what late reports concern, and add the results to the outcomes."""
        past, missing = PlannedPast(self.draft, self.recollection), list[NotRecalled]()
        for subject_id in list(self.draft.unsettled):
            mark = self.draft.mark()
            try:
                self.draft.with_room_for_parts(partial(settle_one, self.draft, subject_id, past))
            except NotRecalled as needed:
                self.draft.return_to(mark)
                missing.append(needed)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is this lead's alone
                self.draft.return_to(mark)
                self.set_aside[subject_id] = fault_of(error)
                postpone(self.draft, subject_id)
        if missing:
            raise all_of(missing)
        if not any(_is_late(outcome) for answered in outcomes for outcome in answered):
            return [list(answered) for answered in outcomes]
        restated = defaultdict[str, list[Event]](list)
        for event in (entry.event for entry in self.draft.entries):
            if event.type in _RESTATEMENTS:
                restated[str(event.subject)].append(event)
        return [
            [self._restated(outcome, restated) for outcome in answered] for answered in outcomes
        ]

    def _restated(self, outcome: Outcome, restated: Mapping[str, Sequence[Event]]) -> Outcome:
        """Complete the outcome of a late report by what followed: effects, or a restatement."""
        if isinstance(outcome, (Recorded, Duplicate)) and outcome.position > self.memory.position:
            entry = self.draft.entry_at(outcome.position)
            outcome = outcome._replace(leaf=entry.leaf)
            if isinstance(outcome, Recorded) and "pending_until" in entry.event.effects:
                return outcome._replace(is_pending=True)
        if not isinstance(outcome, Recorded) or not outcome.is_late:
            return outcome
        subject = f"lead/{outcome.lead}" if outcome.lead is not None else outcome.subject
        for event in restated.get(subject, ()):
            if event.position > outcome.position:
                stage = event.effects["state"].get("stage")
                return outcome._replace(restated=event.position, stage=stage)
        return outcome

    def _hold_back(self, item: Item | Refused, outcome: Outcome) -> Outcome:
        """Return the answer for an item of a strict submission that is not recorded."""
        if isinstance(outcome, Refused):
            return self._refuse(outcome)
        if isinstance(outcome, Duplicate) and outcome.position <= self.memory.position:
            return outcome
        return hold_back(item)

    def _wake(self, lead_id: str) -> None:
        mark = self.draft.mark()
        try:
            self.draft.with_room_for_parts(lambda: wake(self.draft, lead_id))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is this lead's alone
            self.draft.return_to(mark)
            self.set_aside[lead_id] = fault_of(error)

    def _take(self, item: Item | Refused) -> Outcome:
        mark = self.draft.mark()
        try:
            return self.draft.with_room_for_parts(lambda: self._decide(item))
        except NotRecalled:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it is this item's alone
            self.draft.return_to(mark)
            self.asks_for_keys = True
            refused = refuse(item, refusal_texts.internal_error())
            self.failures.append(Failure(fault_of(error), refused))
            return self._refuse(refused)

    def _decide(self, item: Item | Refused) -> Outcome:
        if isinstance(item, Refused):
            return self._turn_down(item)
        signal = item.signal
        key = (signal.source, signal.id)
        known = self.known.get(key) or self.own_keys.get(key)
        if known is not None:
            return self._compare(known, item)
        mark, settlements = self.draft.mark(), self.draft.settlements.total()
        outcome = decide_signal(self.draft, signal, self.recollection)
        if isinstance(outcome, Refusal):
            if self.draft.settlements.total() > settlements:
                # Nothing in the log would show for what leads have been decided again.
                self.draft.return_to(mark)
            self.asks_for_keys = True
            return self._refuse(refuse(item, outcome))
        first = self.draft.entry_at(outcome.position)
        self.own_keys[key] = Known(outcome.position, first.leaf, signal.fingerprint)
        return outcome

    def _turn_down(self, item: Refused) -> Outcome:
        """Refuse an item that cannot be parsed, unless it was recorded when it still could be."""
        key = key_of(item)
        if key is None:
            return self._refuse(item)
        known = self.known.get(key) or self.own_keys.get(key)
        if known is not None and known.fingerprint in (None, item.fingerprint):
            return Duplicate(known.position, known.leaf)
        self.asks_for_keys = True
        return self._refuse(item)

    def _compare(self, known: Known, item: Item) -> Duplicate | Refused:
        """Return the answer for a key that is taken, by the same event or by another one."""
        try:
            is_the_same = is_same(known, item)
        except FingerprintUnknown:
            return self._refuse(refuse(item, refusal_texts.not_comparable(known.position)))
        if is_the_same:
            return Duplicate(known.position, known.leaf)
        return self._refuse(refuse(item, refusal_texts.reused(known.position)))

    def _refuse(self, item: Refused) -> Refused:
        if item.is_kept:
            self.refused.append(item)
        return item

    def record_first(self, type: str, data: Mapping[str, Any], *, id: str) -> None:
        """Enter one of the events with which a ledger begins, before any lifecycle can decide."""

        def enter() -> None:
            first = Event(self.draft.position + 1, type, LEDGER, self.recorded_at, data, {})
            self.draft.enter_group([first], id=id, lifecycle=1)

        self.draft.with_room_for_parts(enter)

    def commit(self) -> None:
        """Bring the memory to the new end of the ledger."""
        self.draft.commit()


def _is_late(outcome: Outcome) -> bool:
    return isinstance(outcome, Recorded) and outcome.is_late


def is_same(known: Known, item: Item) -> bool:
    """Compare content, using the version of the stored fingerprint.

    Once the person has been erased, nothing is left to compare, and the key alone decides.
    Raises FingerprintUnknown if a newer version of the service stored it.
    """
    stored, offered = known.fingerprint, item.signal.fingerprint
    if stored is None or stored == offered or have_same_version(stored, offered):
        return stored in (None, offered)
    # Stored before the set of omitted fields changed. This is rare, so the event is parsed again.
    reported = read_value(item.content)
    assert isinstance(reported, dict), "only an object becomes a signal"
    return item.context.digests.fingerprint_like(stored, reported) == stored
