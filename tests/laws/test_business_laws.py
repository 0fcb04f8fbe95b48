"""Laws of business: what happened last counts, for the funnel and for contribution alike."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.lead.readings import count
from domain.lead.state import VALID, WON, AccountState, LeadState
from domain.rules.deals import has_bought
from events.records import decode_event
from projections.business import fold as business
from projections.business.won_business import BusinessEvent, What, units
from tests.support.corrected_histories import LIFECYCLES
from tests.support.ledger_in_memory import LedgerInMemory
from tests.support.permuted import Fact, reported
from tests.support.tier import by_tier

law = settings(
    max_examples=by_tier(push=150, nightly=1_500),
    derandomize=by_tier(push=True, nightly=False),
    deadline=None,
)
BUYER, COMPANY = "hanako@acme.example", "acme.example"
DEALS = ("opportunity.created", "opportunity.won", "opportunity.lost", "opportunity.reopened")
ORDERS = ("order.recorded", "order.cancelled")
ENDS = ("opportunity.won", "opportunity.lost")
CUSTOMERS = {"C", "KC", "KA"}


@st.composite
def business_of_one_buyer(draw: st.DrawFn) -> list[Fact]:
    """Draw what is reported about a few deals and orders, in any order; first the person's form."""
    minutes = draw(st.lists(st.integers(1, 50_000), min_size=1, max_size=7, unique=True))
    types = draw(st.sampled_from((ORDERS, ENDS, (*DEALS, *ORDERS))))
    facts = [Fact("form.submitted", BUYER, 0, {}, None)]
    for minute in minutes:
        number = draw(st.sampled_from(("one", "one", "two")))
        type = draw(st.sampled_from(types))
        name = "opportunity" if type in DEALS else "order"
        data: dict[str, Any] = {name: number}
        if type == "order.recorded" and draw(st.booleans()):
            data["opportunity"] = number
        facts.append(Fact(type, BUYER, minute, data, None))
    return draw(st.permutations(facts))


@given(st.sampled_from(sorted(LIFECYCLES)), business_of_one_buyer())
@law
def test_a_lead_is_won_and_its_company_a_customer_while_there_is_business(
    name: str, facts: list[Fact]
) -> None:
    ledger = reported(name, facts)

    lead, account = states_of(ledger)
    won = count(lead.opportunities, WON, lead.earlier_opportunities)
    valid = count(lead.orders, VALID, lead.earlier_orders)
    assert (lead.stage == "WON") == bool(won + valid)
    assert (account.stage in CUSTOMERS) == has_bought(account)
    # The funnel and the figures of contribution agree on whether anything was bought.
    assert bool(won_business(ledger)) == has_bought(lead)


def states_of(ledger: LedgerInMemory) -> tuple[LeadState, AccountState]:
    states = [remembered.state for remembered in ledger.subjects.values()]
    (lead,) = [state for state in states if isinstance(state, LeadState)]
    (account,) = [state for state in states if isinstance(state, AccountState)]
    return lead, account


def won_business(ledger: LedgerInMemory) -> list[str]:
    """Return the units of won business according to the projection."""
    state = business.Business(lifecycle=ledger.compiled.lifecycle)
    for entry in ledger.entries:
        business.fold(state, decode_event(entry.record))
    events = [
        BusinessEvent(
            row.position,
            What(row.what),
            row.occurred_at,
            *(row.lead, row.pass_number, row.account, row.opportunity, row.order_id),
            *(row.value, row.gross_profit),
            *(row.currency, row.business, row.product, row.origin),
        )
        for row in state.business
    ]
    return [unit.key for unit in units(events)]
