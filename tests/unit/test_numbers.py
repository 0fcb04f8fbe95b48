"""Numbers of deals and orders belong to their source, unless the lifecycle declares shared ones."""

from typing import Any

import pytest

from domain.lead.numbers import key_of
from domain.lead.state import AccountState, LeadState
from domain.lifecycle.compiled.table import CompiledLifecycle
from domain.lifecycle.text.complaints import LifecycleInvalid
from events.outcomes import Recorded
from tests.support.ledger_in_memory import SENDER, LedgerInMemory
from tests.support.stories import demand_funnel

HANAKO, TARO = {"email": "hanako@acme.example"}, {"email": "taro@other.example"}
EVERYBODY = SENDER._replace(sources=("*",))
SHIPPED = "  opportunity: [[crm, erp]]\n"


def sharing(text: str) -> CompiledLifecycle:
    return demand_funnel(changes=((SHIPPED, text),))


ORDERS_SHARED = "  order: [[erp, shop]]\n"


def send(ledger: LedgerInMemory, source: str, type: str, **attributes: Any) -> Recorded:
    outcome = ledger.send_one(type, source=source, sender=EVERYBODY, **attributes)
    assert isinstance(outcome, Recorded), outcome
    return outcome


def lead(ledger: LedgerInMemory, outcome: Recorded) -> LeadState:
    state = ledger.subjects[outcome.lead or ""].state
    assert isinstance(state, LeadState)
    return state


def test_an_order_is_cancelled_by_the_system_that_took_it() -> None:
    ledger = LedgerInMemory()
    one = send(ledger, "erp", "order.recorded", lead=HANAKO, data={"order": "0001"})
    other = send(ledger, "shop", "order.recorded", lead=TARO, data={"order": "0001"})
    cancelled = send(ledger, "shop", "order.cancelled", data={"order": "0001"})
    assert cancelled.lead == other.lead
    assert (lead(ledger, one).orders, lead(ledger, other).orders) == (
        {"erp/0001": "valid"},
        {"shop/0001": "cancelled"},
    )


def test_a_source_with_a_slash_shares_no_key_with_another() -> None:
    assert key_of("a/b", "c") == "a%2Fb/c"
    assert key_of("a%2Fb", "c") == "a%252Fb/c"
    assert key_of("a", "b/c") == "a/b/c"


def test_the_order_system_names_a_deal_by_its_number_in_the_crm() -> None:
    """As the shipped lifecycle declares it."""
    ledger = LedgerInMemory()
    deal = send(ledger, "crm", "opportunity.created", lead=HANAKO, data={"opportunity": "17"})
    ordered = send(ledger, "erp", "order.recorded", data={"order": "17", "opportunity": "17"})
    assert (ordered.lead, ordered.stage) == (deal.lead, "WON")
    won = send(ledger, "erp", "opportunity.won", data={"opportunity": "17"})
    assert won.lead == deal.lead
    assert lead(ledger, deal).opportunities == {"crm/17": "won"}
    assert lead(ledger, deal).orders == {"erp/17": "valid"}
    elsewhere = ledger.send_one(
        "opportunity.won", source="shop", sender=EVERYBODY, data={"opportunity": "17"}
    )
    assert not isinstance(elsewhere, Recorded)


def test_sources_that_share_numbers_mean_one_order_whichever_reports_first() -> None:
    ledger = LedgerInMemory(sharing(ORDERS_SHARED))
    placed = send(ledger, "shop", "order.recorded", lead=HANAKO, data={"order": "0001"})
    send(ledger, "erp", "order.recorded", lead=HANAKO, data={"order": "0001"})
    assert lead(ledger, placed).orders == {"erp/0001": "valid"}
    send(ledger, "erp", "order.cancelled", data={"order": "0001"})
    assert lead(ledger, placed).orders == {"erp/0001": "cancelled"}


def test_an_order_without_a_lead_is_one_for_all_sources_that_share_its_number() -> None:
    ledger = LedgerInMemory(sharing(ORDERS_SHARED))
    for source, type in (("shop", "order.recorded"), ("erp", "order.cancelled")):
        send(ledger, source, type, data={"order": "0001"})
    meant = [one.event.effects for one in ledger.records if one.event.type.startswith("order.")]
    assert meant == [{"of_order": "erp/0001"}] * 2


def test_a_company_knows_its_orders_by_their_systems() -> None:
    ledger = LedgerInMemory()
    company = {"domain": "acme.example"}
    for source in ("erp", "shop"):
        outcome = send(ledger, source, "order.recorded", account=company, data={"order": "1"})
    send(ledger, "erp", "order.cancelled", data={"order": "1"})
    state = ledger.subjects[outcome.subject.removeprefix("account/")].state
    assert isinstance(state, AccountState)
    assert state.orders == {"erp/1": "cancelled", "shop/1": "valid"}


def test_sources_that_are_declared_to_share_later_mean_what_is_known_by_now() -> None:
    """The source's own number first: two separate orders stay separate."""
    ledger = LedgerInMemory()
    own = send(ledger, "shop", "order.recorded", lead=HANAKO, data={"order": "1"})
    send(ledger, "erp", "order.recorded", lead=TARO, data={"order": "1"})
    send(ledger, "erp", "order.recorded", lead=HANAKO, data={"order": "2"})
    ledger.publish(sharing(ORDERS_SHARED).lifecycle.text)
    assert send(ledger, "shop", "order.cancelled", data={"order": "1"}).lead == own.lead
    assert send(ledger, "shop", "order.cancelled", data={"order": "2"}).lead == own.lead
    assert lead(ledger, own).orders == {"shop/1": "cancelled", "erp/2": "cancelled"}


def test_people_who_are_merged_keep_orders_of_one_number_apart() -> None:
    ledger = LedgerInMemory()
    one = send(ledger, "erp", "order.recorded", lead=HANAKO, data={"order": "1"})
    other = send(ledger, "shop", "order.recorded", lead=TARO, data={"order": "1"})
    merged = {"lead": {"id": one.lead}, "data": {"other": other.lead}}
    send(ledger, "crm", "identity.merged", **merged)
    assert lead(ledger, one).orders == {"erp/1": "valid", "shop/1": "valid"}
    send(ledger, "shop", "order.cancelled", data={"order": "1"})
    assert lead(ledger, one).orders == {"erp/1": "valid", "shop/1": "cancelled"}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("  deal: [[crm, erp]]\n", "shared_numbers.deal: unknown key; known are opportunity"),
        ("  order: [[crm]]\n", r"shared_numbers.order\[0\]: expected 2 to 20 sources, found 1"),
        (
            "  order: [[crm, erp], [erp, shop]]\n",
            r"shared_numbers.order\[1\]\[0\]: 'erp' occurs twice",
        ),
        ("  order: [crm, erp]\n", r"shared_numbers.order\[0\]: expected a list, found 'crm'"),
        ("  order: [[crm, 販売]]\n", r"shared_numbers.order\[0\]\[1\]: '販売' is not a source"),
    ],
)
def test_a_wrong_declaration_is_named_with_its_place(text: str, complaint: str) -> None:
    with pytest.raises(LifecycleInvalid, match=complaint):
        sharing(text)
