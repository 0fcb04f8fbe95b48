"""Companies that are listed as competitors: their leads are judged again, each by its own event."""

from typing import Any

import pytest

from domain.lead.state import LeadState
from events.outcomes import Recorded
from tests.support.ledger_in_memory import LedgerInMemory

RIVAL = {"domain": "rival.example"}


def lead(name: str, host: str = "rival.example") -> dict[str, str]:
    return {"email": f"{name}@{host}"}


def consequences(ledger: LedgerInMemory, since: int) -> list[tuple[str, str | None]]:
    return [(event.type, event.stage_to) for event, _ in ledger.records[since:]]


def send(ledger: LedgerInMemory, type: str, **attributes: Any) -> int:
    """Send an event that is recorded, and return where the ledger ended before it."""
    since = len(ledger.entries)
    outcome = ledger.send_one(type, **attributes)
    assert isinstance(outcome, Recorded), outcome
    return since


def states(ledger: LedgerInMemory) -> list[LeadState]:
    return [one.state for one in ledger.subjects.values() if isinstance(one.state, LeadState)]


@pytest.mark.parametrize("starts_again", [False, True])
def test_listing_a_company_excludes_its_leads_up_to_mql_and_flags_them_beyond(
    *, starts_again: bool
) -> None:
    ledger = LedgerInMemory()
    for name in ("early", "late"):
        send(ledger, "form.submitted", lead=lead(name))
    send(ledger, "lead.qualified", lead=lead("late"))
    send(ledger, "lead.sales_accepted", lead=lead("late"))
    send(ledger, "form.submitted", lead=lead("other", "friend.example"))
    if starts_again:
        ledger.start_again()
    since = send(ledger, "competitor.listed", account=RIVAL)
    assert sorted(consequences(ledger, since)) == [
        ("competitor.listed", None),
        ("lead.excluded", "DISQUALIFIED"),
        ("lead.reassessed", None),
        ("lead.reassessed", None),
    ]
    assert [(one.stage, dict(one.flags)) for one in states(ledger)] == [
        ("DISQUALIFIED", {}),
        ("SAL", {"competitor": "lead.reassessed"}),
        ("MAL", {}),
    ]
    causes = {event.cause for event, _ in ledger.records[since:] if event.type == "lead.reassessed"}
    assert causes == {since + 1}


def test_a_lead_from_a_listed_company_is_excluded_by_the_first_download() -> None:
    ledger = LedgerInMemory()
    send(ledger, "competitor.listed", account=RIVAL)
    send(ledger, "visit.recorded", lead={"anonymous_id": "c"})
    since = send(
        ledger,
        "content.downloaded",
        lead={"anonymous_id": "c", **lead("spy")},
        data={"content": "x"},
    )
    assert ("lead.excluded", "DISQUALIFIED") in consequences(ledger, since)


def test_taking_a_company_off_the_list_clears_flags_and_overrules_no_decision() -> None:
    ledger = LedgerInMemory()
    for name in ("early", "late"):
        send(ledger, "form.submitted", lead=lead(name))
    send(ledger, "lead.qualified", lead=lead("late"))
    send(ledger, "lead.sales_accepted", lead=lead("late"))
    send(ledger, "competitor.listed", account=RIVAL)
    since = send(ledger, "competitor.unlisted", account=RIVAL)
    assert consequences(ledger, since) == [("competitor.unlisted", None), ("lead.reassessed", None)]
    assert [(one.stage, dict(one.flags)) for one in states(ledger)] == [
        ("DISQUALIFIED", {}),
        ("SAL", {}),
    ]


def test_listing_a_listed_company_judges_no_lead_again() -> None:
    ledger = LedgerInMemory()
    send(ledger, "competitor.listed", account=RIVAL)
    send(ledger, "form.submitted", lead=lead("spy"))
    since = send(ledger, "competitor.listed", account=RIVAL)
    assert consequences(ledger, since) == [("competitor.listed", None)]


def test_a_lead_of_the_same_batch_is_judged_too() -> None:
    ledger = LedgerInMemory()
    ledger.send(
        {"id": "1", "type": "form.submitted", "lead": lead("spy")},
        {"id": "2", "type": "competitor.listed", "account": RIVAL},
    )
    assert [one.stage for one in states(ledger)] == ["DISQUALIFIED"]


def test_a_person_that_lets_an_excluded_lead_in_is_not_overruled_by_unrelated_news() -> None:
    ledger = LedgerInMemory()
    send(ledger, "competitor.listed", account=RIVAL)
    send(ledger, "form.submitted", lead=lead("friend"))
    send(ledger, "lead.requalified", lead=lead("friend"))
    send(ledger, "profile.updated", lead={**lead("friend"), "profile": {"industry": "steel"}})
    assert [one.stage for one in states(ledger)] == ["MAL"]
