"""A business card names a company and no domain: the company is found again by its name."""

from typing import Any

import pytest

from domain.lead.state import AccountState, LeadState
from events.outcomes import Recorded
from events.refusals import Refused
from tests.support.ledger_in_memory import LedgerInMemory

REIJI = {"name": "株式会社例示製作所"}
BY_DOMAIN = {"domain": "reiji.example", "name": "例示製作所（株）"}


def card(ledger: LedgerInMemory, email: str, account: dict[str, Any] | None = None) -> str:
    """Report a business card; return the account of its lead."""
    names = {"account": account} if account is not None else {}
    outcome = ledger.send_one("card.captured", lead={"email": email}, **names)
    assert isinstance(outcome, Recorded), outcome
    state = ledger.subjects[outcome.lead or ""].state
    assert isinstance(state, LeadState)
    return state.account or ""


def account(ledger: LedgerInMemory, account_id: str) -> AccountState:
    state = ledger.subjects[account_id].state
    assert isinstance(state, AccountState)
    return state


def proposals(ledger: LedgerInMemory) -> list[tuple[str, list[str]]]:
    return [
        (one.event.subject.id, one.event.data["with"])
        for one in ledger.records
        if one.event.type == "account.conflicted"
    ]


def decide(ledger: LedgerInMemory, type: str, one: str, other: str) -> Any:
    return ledger.send_one(type, account={"id": one}, data={"other": other})


@pytest.mark.parametrize("written", ["㈱例示製作所", "例示製作所（株）", "例示製作所 御中"])
def test_a_company_is_found_again_by_its_name_however_it_is_written(written: str) -> None:
    ledger = LedgerInMemory()
    first = card(ledger, "hanako@gmail.com", REIJI)
    assert first
    assert card(ledger, "taro@gmail.com", {"name": written}) == first
    assert account(ledger, first).stage == "PROSPECT"
    assert proposals(ledger) == []


def test_an_address_goes_on_telling_the_company_where_there_is_a_name_too() -> None:
    ledger = LedgerInMemory()
    first = card(ledger, "hanako@reiji.example", REIJI)
    assert card(ledger, "taro@reiji.example") == first
    assert proposals(ledger) == []


@pytest.mark.parametrize("by_name_first", [True, False])
def test_a_company_known_by_domain_under_the_same_name_is_proposed_and_not_merged(
    *, by_name_first: bool
) -> None:
    ledger = LedgerInMemory()
    if by_name_first:
        by_name = card(ledger, "hanako@gmail.com", REIJI)
        by_domain = card(ledger, "taro@reiji.example", BY_DOMAIN)
        expected = (by_domain, [by_name])
    else:
        by_domain = card(ledger, "taro@reiji.example", BY_DOMAIN)
        by_name = card(ledger, "hanako@gmail.com", REIJI)
        expected = (by_name, [by_domain])
    assert by_name != by_domain
    assert proposals(ledger) == [expected]
    assert account(ledger, expected[0]).conflicts == tuple(expected[1])
    card(ledger, "jiro@gmail.com", REIJI)
    card(ledger, "saburo@reiji.example", BY_DOMAIN)
    assert proposals(ledger) == [expected], "it is proposed once"


def test_the_name_of_a_known_lead_that_comes_later_counts_too() -> None:
    ledger = LedgerInMemory()
    by_domain = card(ledger, "taro@reiji.example")
    card(ledger, "taro@reiji.example", REIJI)
    by_name = card(ledger, "hanako@gmail.com", REIJI)
    assert proposals(ledger) == [(by_name, [by_domain])]


def test_two_domains_under_one_name_are_proposed() -> None:
    ledger = LedgerInMemory()
    one = card(ledger, "taro@reiji.example", REIJI)
    other = card(ledger, "hanako@reiji.test", REIJI)
    assert proposals(ledger) == [(other, [one])]


def test_merged_the_name_finds_the_survivor_and_the_proposal_is_settled() -> None:
    ledger = LedgerInMemory()
    by_name = card(ledger, "hanako@gmail.com", REIJI)
    by_domain = card(ledger, "taro@reiji.example", BY_DOMAIN)
    assert isinstance(decide(ledger, "account.merged", by_domain, by_name), Recorded)
    assert account(ledger, by_domain).conflicts == ()
    assert card(ledger, "jiro@gmail.com", REIJI) == by_domain
    assert len(proposals(ledger)) == 1


def test_kept_apart_they_are_never_proposed_again_and_cannot_be_merged() -> None:
    ledger = LedgerInMemory()
    by_name = card(ledger, "hanako@gmail.com", REIJI)
    by_domain = card(ledger, "taro@reiji.example", BY_DOMAIN)
    assert isinstance(decide(ledger, "account.kept_apart", by_name, by_domain), Recorded)
    assert account(ledger, by_domain).conflicts == ()
    assert card(ledger, "jiro@gmail.com", REIJI) == by_name
    assert card(ledger, "saburo@reiji.example", BY_DOMAIN) == by_domain
    assert len(proposals(ledger)) == 1
    assert decide(ledger, "account.kept_apart", by_domain, by_name).is_already
    refused = decide(ledger, "account.merged", by_domain, by_name)
    assert isinstance(refused, Refused)
    assert refused.refusal.reason == "merge-not-possible"


def test_companies_that_are_one_cannot_be_kept_apart() -> None:
    ledger = LedgerInMemory()
    by_name = card(ledger, "hanako@gmail.com", REIJI)
    by_domain = card(ledger, "taro@reiji.example", BY_DOMAIN)
    decide(ledger, "account.merged", by_domain, by_name)
    refused = decide(ledger, "account.kept_apart", by_domain, by_name)
    assert isinstance(refused, Refused)
    assert refused.refusal.reason == "merge-not-possible"


def test_a_name_never_takes_a_lead_from_its_company() -> None:
    ledger = LedgerInMemory()
    first = card(ledger, "hanako@gmail.com", {"domain": "reiji.example"})
    assert card(ledger, "hanako@gmail.com", {"name": "別会社"}) == first


def test_a_decision_that_links_a_lead_to_a_company_may_name_the_company() -> None:
    ledger = LedgerInMemory()
    first = card(ledger, "hanako@reiji.example")
    outcome = ledger.send_one(
        "account.linked", lead={"email": "hanako@reiji.example"}, account={"name": "別会社"}
    )
    assert isinstance(outcome, Recorded)
    state = ledger.subjects[outcome.lead or ""].state
    assert isinstance(state, LeadState)
    assert state.account not in (None, first)


def test_what_was_bought_stays_business_of_the_company_of_its_time() -> None:
    ledger, hanako = LedgerInMemory(), {"email": "hanako@reiji.example"}
    first = card(ledger, "hanako@reiji.example")
    ledger.send_one("order.recorded", lead=hanako, data={"order": "1"})
    moved = ledger.send_one("account.linked", lead=hanako, account={"domain": "new.example"})
    assert isinstance(moved, Recorded)
    assert ledger.subjects[moved.lead or ""].state is not None
    second = getattr(ledger.subjects[moved.lead or ""].state, "account", "")
    assert (account(ledger, first).stage, account(ledger, second).stage) == ("C", "PROSPECT")
    assert (dict(account(ledger, first).orders), dict(account(ledger, second).orders)) == (
        {"test/1": "valid"},
        {},
    )
    ledger.send_one("order.recorded", lead=hanako, data={"order": "2"})
    assert (account(ledger, second).stage, dict(account(ledger, second).orders)) == (
        "C",
        {"test/2": "valid"},
    )


def test_the_owner_of_a_lead_does_not_own_its_company() -> None:
    ledger = LedgerInMemory()
    company = card(ledger, "hanako@reiji.example")
    data = {"opportunity": "deal", "owner": "one"}
    opened = ledger.send_one(
        "opportunity.created", lead={"email": "hanako@reiji.example"}, data=data
    )
    assert isinstance(opened, Recorded)
    assert getattr(ledger.subjects[opened.lead or ""].state, "owner", None) == "one"
    assert dict(account(ledger, company).opportunities) == {"test/deal": "open"}
    assert account(ledger, company).owner is None


def test_a_name_that_is_not_a_company_creates_none() -> None:
    ledger = LedgerInMemory()
    assert card(ledger, "hanako@gmail.com", {"name": "個人事業主"}) == ""


def test_what_is_taken_back_of_a_lead_leaves_what_its_company_is_called() -> None:
    ledger = LedgerInMemory()
    by_domain = card(ledger, "taro@reiji.example", BY_DOMAIN)
    by_name = card(ledger, "hanako@gmail.com", REIJI)
    position = next(
        one.event.position for one in ledger.records if one.event.effects.get("account") == by_name
    )
    outcome = ledger.send_one("event.voided", data={"event": str(position)})
    assert isinstance(outcome, Recorded), outcome
    assert account(ledger, by_name).conflicts == (by_domain,)
    assert card(ledger, "jiro@gmail.com", REIJI) == by_name
