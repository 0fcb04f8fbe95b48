"""Decisions about the ledger itself: screening capacity, targets, costs."""

from typing import Any

import pytest

from domain.lifecycle.definition import Right, SubjectKind
from domain.lifecycle.text.load import inspect
from events.lifecycles.shipped import shipped_text
from events.outcomes import Recorded
from events.refusals import Refused
from tests.support.ledger_in_memory import RECEIVED_AT, SENDER, LedgerInMemory

PERIOD = {"starts_on": "2026-11-02", "ends_on": "2026-11-06"}
COMPLETE: dict[str, dict[str, Any]] = {
    "capacity.declared": {**PERIOD, "team": "inside-1", "capacity": 40},
    "target.set": {**PERIOD, "for_department": "marketing", "figure": "MQL", "plan": "120"},
    "campaign.cost_recorded": {
        **PERIOD,
        "campaign": "spring-expo",
        "cost": "450000",
        "currency": "JPY",
    },
}


@pytest.mark.parametrize("type", COMPLETE)
def test_each_is_recorded_about_the_ledger_with_all_its_data(type: str) -> None:
    ledger = LedgerInMemory()
    assert isinstance(ledger.send_one(type, data=COMPLETE[type]), Recorded)
    (record,) = ledger.records
    assert (record.event.subject.kind, record.event.data) == (SubjectKind.LEDGER, COMPLETE[type])
    assert record.event.stage_to is None


@pytest.mark.parametrize(
    ("type", "missing"),
    [(type, name) for type, complete_data in COMPLETE.items() for name in complete_data],
)
def test_none_can_be_reported_in_part(type: str, missing: str) -> None:
    complete_data = {name: value for name, value in COMPLETE[type].items() if name != missing}
    outcome = LedgerInMemory().send_one(type, data=complete_data)
    assert isinstance(outcome, Refused)
    assert outcome.refusal.pointer == f"/data/{missing}"


def complete_data(type: str, **data: str) -> dict[str, Any]:
    """Return the data of each type, with these fields replaced; an empty one is left out."""
    return {name: value for name, value in {**COMPLETE[type], **data}.items() if value}


COST, TARGET, CLOSED = "campaign.cost_recorded", "target.set", "period.closed"


@pytest.mark.parametrize(
    ("type", "data"),
    [
        (COST, {"cost": "500000"}),
        (COST, {"starts_on": "2026-11-07", "ends_on": "2026-11-07"}),
        (COST, {"starts_on": "2026-11-01", "ends_on": "2026-11-01"}),
        (COST, {"ends_on": "2026-11-30", "campaign": "autumn-expo"}),
        (COST, {"ends_on": "2026-11-30", "channel": "paid"}),
        (COST, {"ends_on": "2026-11-30", "currency": "USD"}),
        (TARGET, {"plan": "150"}),
        (TARGET, {"ends_on": "2026-11-30", "figure": "acquired_targets"}),
        (TARGET, {"ends_on": "2026-11-30", "for_department": "sales"}),
        *[(TARGET, {"ends_on": "2026-11-30", one: "x"}) for one in ("market", "campaign")],
        *[(TARGET, {"ends_on": "2026-11-30", one: "x"}) for one in ("owner", "reseller")],
    ],
)
def test_a_repeated_report_or_one_about_something_else_is_recorded(
    type: str, data: dict[str, str]
) -> None:
    ledger = LedgerInMemory()
    assert isinstance(ledger.send_one(type, data=COMPLETE[type]), Recorded)
    assert isinstance(ledger.send_one(type, data=complete_data(type, **data)), Recorded)


@pytest.mark.parametrize("type", [COST, TARGET])
@pytest.mark.parametrize(
    "period", [("2026-11-06", "2026-11-30"), ("2026-10-01", "2026-11-02"), ("2026-11-03",) * 2]
)
def test_a_period_that_overlaps_another_is_refused_with_that_one(
    type: str, period: tuple[str, str]
) -> None:
    """No day may count twice for a cost or a target."""
    ledger = LedgerInMemory()
    later = complete_data(type, starts_on=period[0], ends_on=period[1])
    first = {"id": "1", "type": type, "data": COMPLETE[type]}
    _, outcome = ledger.send(first, {"id": "2", "type": type, "data": later})
    again = ledger.send_one(type, data=later)
    assert isinstance(outcome, Refused)
    assert isinstance(again, Refused)
    assert (outcome.refusal.reason, outcome.refusal.pointer) == ("event-invalid", "/data/starts_on")
    assert outcome.refusal.members == {"expected": PERIOD}
    assert again.refusal == outcome.refusal


@pytest.mark.parametrize(
    ("figure", "nearest"),
    [("mqll", ["MQL"]), ("粗利益", ["gross_profit"]), ("order_values", ["order_value"])],
)
def test_a_target_is_of_a_figure_that_is_known(figure: str, nearest: list[str]) -> None:
    outcome = LedgerInMemory().send_one(TARGET, data=complete_data(TARGET, figure=figure))
    assert isinstance(outcome, Refused)
    assert outcome.refusal.pointer == "/data/figure"
    assert outcome.refusal.members["nearest"][:1] == nearest


def test_a_figure_is_called_by_any_of_its_names() -> None:
    ledger = LedgerInMemory()
    ledger.send_one(TARGET, data=complete_data(TARGET, figure="受注件数"))
    assert ledger.records[0].event.data["figure"] == "orders"


@pytest.mark.parametrize(
    ("figure", "currency", "pointer"),
    [
        ("order_value", "JPY", None),
        ("order_value", "", "/data/currency"),
        ("orders", "JPY", "/data/currency"),
    ],
)
def test_money_has_a_currency_and_a_number_has_none(
    figure: str, currency: str, pointer: str | None
) -> None:
    data = complete_data(TARGET, figure=figure, currency=currency)
    outcome = LedgerInMemory().send_one(TARGET, data=data)
    assert (outcome.refusal.pointer if isinstance(outcome, Refused) else None) == pointer


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("includes: [inside_sales, ", "includes: [sales, ", "that include no others"),
        ("includes: [inside_sales, ", "includes: [kitchen, ", "'kitchen' is not a department"),
        ("    departments: [field_sales]\n", "    departments: [x]\n", "'x' is not a department"),
        ("plan, starts_on, ends_on]", "plan, starts_on]", "needs `required: [ends_on]`"),
        (
            "label: {ja: 目標設定, en: target set}\n      subject: ledger",
            "label: {ja: 目標設定, en: target set}\n      subject: account",
            "expected an event about the ledger",
        ),
    ],
)
def test_impossible_targets_are_refused_with_the_reason(old: str, new: str, complaint: str) -> None:
    text = shipped_text("demand_funnel")
    assert old in text
    complaints = [str(one) for one in inspect(text.replace(old, new, 1)).complaints]
    assert any(complaint in one for one in complaints), complaints


OCTOBER = {"starts_on": "2026-10-01", "ends_on": "2026-10-31"}


def test_a_period_that_is_over_is_closed_and_closed_again() -> None:
    ledger = LedgerInMemory()
    for data in (OCTOBER, {**OCTOBER, "read_at": "1"}, {**OCTOBER, "figure": "orders"}):
        assert isinstance(ledger.send_one(CLOSED, data=data), Recorded)
    assert ledger.records[0].event.data == OCTOBER


@pytest.mark.parametrize(
    ("changed", "pointer", "detail"),
    [
        ({"ends_on": "2026-09-30"}, "/data/ends_on", "before it begins on 2026-10-01"),
        ({"ends_on": "2099-12-31"}, "/data/ends_on", "is not over on 2026-11-22"),
        ({"read_at": "99"}, "/data/read_at", "The log ends at 1"),
        ({"read_at": "0"}, "/data/read_at", "position"),
        ({"ends_on": "2026-10-30"}, "/data/starts_on", "overlaps 2026-10-01 to 2026-10-31"),
        ({"figure": "orderz"}, "/data/figure", "orders"),
    ],
)
def test_a_closing_that_cannot_be_is_refused_with_the_reason(
    changed: dict[str, str], pointer: str, detail: str
) -> None:
    ledger = LedgerInMemory()
    ledger.send_one(CLOSED, data=OCTOBER)
    outcome = ledger.send_one(CLOSED, data={**OCTOBER, **changed})
    assert isinstance(outcome, Refused)
    assert (outcome.refusal.reason, outcome.refusal.pointer) == ("event-invalid", pointer)
    assert detail in outcome.refusal.detail


def test_today_is_not_over() -> None:
    ledger = LedgerInMemory()
    today = ledger.compiled.clock.day(RECEIVED_AT).isoformat()
    outcome = ledger.send_one(CLOSED, data={**OCTOBER, "ends_on": today})
    assert isinstance(outcome, Refused)


def test_the_number_of_periods_compared_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("events.append.decide.DECLARED_MAX", 1)
    ledger = LedgerInMemory()
    ledger.send_one(COST, data=COMPLETE[COST])
    outcome = ledger.send_one(COST, data=complete_data(COST, campaign="autumn-expo"))
    assert isinstance(outcome, Refused)
    assert outcome.refusal.reason == "history-too-long"


def test_a_department_is_called_by_any_of_its_names_and_by_no_other() -> None:
    ledger = LedgerInMemory()
    ledger.send_one("target.set", data={**COMPLETE["target.set"], "for_department": "マーケ"})
    assert ledger.records[0].event.data["for_department"] == "marketing"
    outcome = ledger.send_one(
        "target.set", data={**COMPLETE["target.set"], "for_department": "kitchen"}
    )
    assert isinstance(outcome, Refused)


@pytest.mark.parametrize(
    ("type", "department", "reason"),
    [
        ("campaign.cost_recorded", "field_sales", "department-not-allowed"),
        ("campaign.cost_recorded", "public_relations", None),
        ("target.set", "field_sales", None),
    ],
)
def test_a_campaign_cost_is_reported_by_the_department_that_spends_it(
    type: str, department: str, reason: str | None
) -> None:
    sender = SENDER._replace(department=department, scopes=frozenset({Right.DECISIONS}))
    outcome = LedgerInMemory().send_one(type, data=COMPLETE[type], sender=sender)
    assert (outcome.refusal.reason if isinstance(outcome, Refused) else None) == reason
