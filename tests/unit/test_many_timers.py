"""Timers of one lead: any number of due timers fire; only a circle without time is endless."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.deciding.timers import Passing, TimersEndless
from domain.lead.identity import Resolution
from domain.lifecycle.compiled.table import compile_lifecycle
from domain.lifecycle.text.load import load
from domain.limits import STANDSTILL_MAX
from events.append.resolve import Concerned, concerned_by, pointed_by
from events.batch import upkeep
from events.batch.draft import Draft
from events.limits import STRIDE_TIMERS
from events.outcomes import Recorded
from events.refusals import Refused
from events.submission import Item, Submission
from tests.support.flapping import FLAPS, flapping_text
from tests.support.ledger_in_memory import RECEIVED_AT, LedgerInMemory

NOON = datetime(2026, 1, 5, 3, tzinfo=UTC)
VISITOR: dict[str, Any] = {"lead": {"anonymous_id": "c"}}
LONG_AGO = RECEIVED_AT - timedelta(days=300)


def fire(*moments: datetime) -> None:
    passing = Passing()
    for moment in moments:
        passing.see(moment)


def test_timers_may_fire_for_years_as_long_as_time_passes() -> None:
    fire(*(NOON + timedelta(days=day) for day in range(5_000)))


def test_timers_that_arm_each_other_at_one_moment_are_endless() -> None:
    fire(*[NOON] * STANDSTILL_MAX)
    with pytest.raises(TimersEndless):
        fire(*[NOON] * (STANDSTILL_MAX + 1))


def test_timers_that_arm_each_other_backwards_are_endless() -> None:
    with pytest.raises(TimersEndless):
        fire(*(NOON - timedelta(days=day) for day in range(STANDSTILL_MAX + 1)))


def imported() -> tuple[LedgerInMemory, str]:
    """Import a visit of long ago under a lifecycle whose grade flaps each day since."""
    ledger = LedgerInMemory(compile_lifecycle(load(flapping_text())))
    visit = ledger.send_one("visit.recorded", time=LONG_AGO.isoformat(), **VISITOR)
    assert isinstance(visit, Recorded)
    assert visit.lead is not None
    return ledger, visit.lead


def flaps_of(ledger: LedgerInMemory) -> int:
    return sum(event.type == "grade.changed" for event, _ in ledger.records)


def test_looking_up_a_lead_fires_none_of_its_due_timers() -> None:
    ledger, lead = imported()
    item = ledger.read({"id": "again", "type": "visit.recorded", **VISITOR})
    assert isinstance(item, Item)
    draft = Draft(ledger.memory, RECEIVED_AT)
    pointed = pointed_by(draft, item.signal)
    assert list(pointed.leads) == [lead]
    concerned = concerned_by(draft, item.signal, pointed)
    assert isinstance(concerned, Concerned)
    assert concerned.party.lead == Resolution(lead, lead)
    assert (draft.entries, draft.subjects, draft.links) == ([], {}, [])


def test_an_event_about_a_lead_with_two_hundred_due_timers_is_recorded() -> None:
    ledger, _ = imported()
    before = flaps_of(ledger)
    assert isinstance(ledger.send_one("visit.recorded", **VISITOR), Recorded)
    assert flaps_of(ledger) - before >= FLAPS - 2


def test_what_such_a_lead_has_been_through_can_be_decided_again() -> None:
    ledger, _ = imported()
    second = ledger.send_one("visit.recorded", **VISITOR)
    assert isinstance(second, Recorded)
    voided = ledger.send_one("event.voided", data={"event": str(second.position)})
    assert isinstance(voided, Recorded), voided


def test_a_lead_without_reports_catches_up_to_the_present_in_strides() -> None:
    ledger, lead_id = imported()
    wakes = 0
    while (before := flaps_of(ledger)) < FLAPS - 2 or wakes == 0:
        ledger.submit(Submission((), woken=(lead_id,)))
        assert 0 < flaps_of(ledger) - before <= STRIDE_TIMERS
        wakes += 1
    assert wakes == FLAPS // STRIDE_TIMERS + 1


def test_an_event_does_not_wait_for_timers_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "WAITED_TIMERS_MAX", FLAPS // 2)
    ledger, lead_id = imported()
    ledger.expects_faults = True
    second: dict[str, Any] = {"id": "second", "type": "visit.recorded", **VISITOR}
    (refused,) = ledger.send(second)
    assert isinstance(refused, Refused)
    assert refused.refusal.reason == "internal-error"
    for _ in range(3):
        ledger.submit(Submission((), woken=(lead_id,)))
    (recorded,) = ledger.send(second)
    assert isinstance(recorded, Recorded)
