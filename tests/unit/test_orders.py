"""Orders name a lead, a company, a deal, or none; each is found again by its own id (rule 12)."""

from typing import Any

import pytest

from events.outcomes import Recorded
from tests.support.ledger_in_memory import LedgerInMemory


def send(ledger: LedgerInMemory, type: str, **attributes: Any) -> Recorded:
    outcome = ledger.send_one(type, **attributes)
    assert isinstance(outcome, Recorded), outcome
    return outcome


OWNERS = [
    {"lead": {"email": "hanako@acme.example"}},
    {"account": {"domain": "acme.example"}},
    {},
]


@pytest.mark.parametrize("owner", OWNERS, ids=["lead", "account", "nobody"])
@pytest.mark.parametrize("type", ["order.amended", "order.cancelled"])
@pytest.mark.parametrize("starts_again", [False, True])
def test_the_progress_of_an_order_is_reported_by_its_id_alone(
    owner: dict[str, Any], type: str, *, starts_again: bool
) -> None:
    ledger = LedgerInMemory()
    placed = send(ledger, "order.recorded", data={"order": "o-1", "value": "100"}, **owner)
    if starts_again:
        ledger.start_again()
    outcome = send(ledger, type, data={"order": "o-1"})
    assert outcome.subject == placed.subject
    subject_id = placed.subject.partition("/")[2]
    if subject_id:
        state: Any = ledger.subjects[subject_id].state
        expected = "cancelled" if type == "order.cancelled" else "valid"
        assert state.orders == {"test/o-1": expected}


def test_an_order_that_names_a_deal_is_its_leads() -> None:
    ledger = LedgerInMemory()
    deal = send(
        ledger,
        "opportunity.created",
        lead={"email": "hanako@acme.example"},
        data={"opportunity": "d-1"},
    )
    placed = send(ledger, "order.recorded", data={"order": "o-1", "opportunity": "d-1"})
    assert (placed.subject, placed.stage) == (deal.subject, "WON")
    assert send(ledger, "order.cancelled", data={"order": "o-1"}).subject == deal.subject
