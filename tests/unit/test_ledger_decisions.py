"""Decisions about the ledger itself: what can be screened, what is planned, what was spent."""

from typing import Any

import pytest

from domain.lifecycle.definition import Right, SubjectKind
from events.outcomes import Recorded
from events.refusals import Refused
from tests.ledger_in_memory import SENDER, LedgerInMemory

PERIOD = {"starts_on": "2026-11-02", "ends_on": "2026-11-06"}
TOLD: dict[str, dict[str, Any]] = {
    "capacity.declared": {**PERIOD, "team": "inside-1", "capacity": 40},
    "target.set": {**PERIOD, "for_department": "marketing", "figure": "MQL", "plan": "120"},
    "campaign.cost_recorded": {
        **PERIOD,
        "campaign": "spring-expo",
        "cost": "450000",
        "currency": "JPY",
    },
}


@pytest.mark.parametrize("type", TOLD)
def test_each_is_recorded_about_the_ledger_with_all_that_it_tells(type: str) -> None:
    ledger = LedgerInMemory()
    assert isinstance(ledger.send_one(type, data=TOLD[type]), Recorded)
    (record,) = ledger.records
    assert (record.event.subject.kind, record.event.data) == (SubjectKind.LEDGER, TOLD[type])
    assert record.event.stage_to is None


@pytest.mark.parametrize(
    ("type", "missing"), [(type, name) for type, told in TOLD.items() for name in told]
)
def test_none_can_be_told_by_halves(type: str, missing: str) -> None:
    told = {name: value for name, value in TOLD[type].items() if name != missing}
    outcome = LedgerInMemory().send_one(type, data=told)
    assert isinstance(outcome, Refused)
    assert outcome.refusal.pointer == f"/data/{missing}"


def test_a_department_is_called_by_any_of_its_names_and_by_no_other() -> None:
    ledger = LedgerInMemory()
    ledger.send_one("target.set", data={**TOLD["target.set"], "for_department": "マーケ"})
    assert ledger.records[0].event.data["for_department"] == "marketing"
    outcome = ledger.send_one(
        "target.set", data={**TOLD["target.set"], "for_department": "kitchen"}
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
def test_what_a_campaign_cost_is_told_by_who_spends_it(
    type: str, department: str, reason: str | None
) -> None:
    sender = SENDER._replace(department=department, scopes=frozenset({Right.DECISIONS}))
    outcome = LedgerInMemory().send_one(type, data=TOLD[type], sender=sender)
    assert (outcome.refusal.reason if isinstance(outcome, Refused) else None) == reason
