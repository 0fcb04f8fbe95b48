"""Closed and working days that the lifecycle's text does not contain."""

from datetime import date
from typing import Any

import pytest

from domain.event import LEDGER
from events.lifecycles.shipped import read_lifecycle_text
from events.outcomes import Outcome, Recorded
from events.refusals import Refused
from tests.support.ledger_in_memory import LedgerInMemory

FUNNEL = read_lifecycle_text("demand_funnel")
MONDAY, SATURDAY, HOLIDAY = date(2026, 12, 7), date(2026, 12, 5), date(2026, 11, 23)


@pytest.fixture
def ledger() -> LedgerInMemory:
    ledger = LedgerInMemory()
    ledger.publish(f"{FUNNEL}\n# ours\n")
    return ledger


def change(
    ledger: LedgerInMemory, first: date, last: date | None = None, *, closed: bool, **other: Any
) -> Outcome:
    fields = {"calendar": "office", "starts_on": str(first), "ends_on": str(last or first)}
    return ledger.send_one("calendar.changed", data={**fields, "closed": closed, **other})


def works(ledger: LedgerInMemory, day: date) -> bool:
    return ledger.in_force.calendars["office"].is_business_day(day)


def test_a_closure_puts_the_same_text_in_force_with_another_calendar(
    ledger: LedgerInMemory,
) -> None:
    before, text = ledger.in_force.version, ledger.in_force.lifecycle.text
    assert works(ledger, MONDAY)
    assert isinstance(change(ledger, MONDAY, closed=True), Recorded)
    changed, published = (record.event for record in ledger.records[-2:])
    assert (changed.type, changed.subject) == ("calendar.changed", LEDGER)
    assert (published.type, published.cause) == ("lifecycle.published", changed.position)
    assert (published.data["version"], published.data["text"]) == (before + 1, text)
    assert not works(ledger, MONDAY)
    ledger.start_again()
    assert not works(ledger, MONDAY)


def test_a_holiday_can_be_worked_in_the_hours_of_its_weekday(ledger: LedgerInMemory) -> None:
    assert not works(ledger, HOLIDAY)
    change(ledger, HOLIDAY, closed=False)
    assert works(ledger, HOLIDAY)


def test_a_saturday_is_worked_in_the_hours_that_are_given(ledger: LedgerInMemory) -> None:
    refused = change(ledger, SATURDAY, closed=False)
    assert isinstance(refused, Refused)
    assert refused.refusal.pointer == "/data/hours"
    assert isinstance(change(ledger, SATURDAY, closed=False, hours="10:00-16:00"), Recorded)
    ledger.start_again()
    office = ledger.in_force.calendars["office"]
    assert [hours.text for hours in office.hours_on(SATURDAY)] == ["10:00-16:00"]
    ledger.publish(f"{FUNNEL}\n# ours, newer\n")
    assert works(ledger, SATURDAY)


def test_days_that_include_a_weekday_are_opened_without_hours(ledger: LedgerInMemory) -> None:
    sunday = date(2026, 5, 3)
    assert isinstance(change(ledger, sunday, date(2026, 5, 6), closed=False), Recorded)
    assert not works(ledger, sunday)
    assert works(ledger, date(2026, 5, 4))


def test_of_two_changes_of_one_day_the_later_counts(ledger: LedgerInMemory) -> None:
    change(ledger, date(2026, 12, 7), date(2026, 12, 11), closed=True)
    change(ledger, date(2026, 12, 9), closed=False)
    days = [works(ledger, date(2026, 12, day)) for day in range(7, 12)]
    assert days == [False, False, True, False, False]


def test_what_is_said_twice_changes_nothing(ledger: LedgerInMemory) -> None:
    change(ledger, MONDAY, closed=True)
    version = ledger.in_force.version
    assert isinstance(change(ledger, MONDAY, closed=True), Recorded)
    assert ledger.records[-1].event.effects == {"already": True}
    assert ledger.in_force.version == version


def test_a_text_that_is_published_later_keeps_what_was_decided(ledger: LedgerInMemory) -> None:
    change(ledger, MONDAY, closed=True)
    ledger.publish(f"{FUNNEL}\n# ours, newer\n")
    assert not works(ledger, MONDAY)
    ledger.publish(
        FUNNEL.replace("calendar: office", "calendar: desk").replace("  office:", "  desk:")
    )
    assert "office" not in ledger.records[-1].event.data["calendars"].get("changes", {})


def test_a_lead_is_brought_over_by_an_event(ledger: LedgerInMemory) -> None:
    ledger.send_one("form.submitted", lead={"email": "hanako@acme.example"}, data={"form": "f"})
    change(ledger, MONDAY, closed=True)
    ledger.send_one("form.submitted", lead={"email": "hanako@acme.example"}, data={"form": "g"})
    types = [record.event.type for record in ledger.records[-3:]]
    assert types == ["lifecycle.published", "lead.reassessed", "form.submitted"]


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"calendar": "factory"}, "/data/calendar"),
        ({"ends_on": "2026-12-01"}, "/data/ends_on"),
        ({"ends_on": "2028-12-31"}, "/data/ends_on"),
        ({"closed": "yes"}, "/data/closed"),
        ({"hours": "10:00-16:00"}, "/data/hours"),
        ({"closed": False, "hours": "16:00-10:00"}, "/data/hours"),
        ({"closed": False, "hours": "all day"}, "/data/hours"),
    ],
)
def test_what_cannot_be_is_refused(
    ledger: LedgerInMemory, fields: dict[str, Any], pointer: str
) -> None:
    count = len(ledger.records)
    data = {"calendar": "office", "starts_on": "2026-12-07", "ends_on": "2026-12-07"}
    outcome = ledger.send_one("calendar.changed", data={**data, "closed": True, **fields})
    assert isinstance(outcome, Refused)
    assert outcome.refusal.pointer == pointer
    assert len(ledger.records) == count
