"""Further passes of customers, and the roles of companies (domain §2, rules 9, 11, 12)."""

import pytest

from domain.lead.state import AccountState, Occurrence
from domain.lifecycle.compiled.table import CompiledLifecycle
from domain.lifecycle.definition import SubjectKind
from domain.lifecycle.text.complaints import LifecycleInvalid
from tests.support.stories import ACCOUNT, LEAD, START, Story, demand_funnel

ON = f"on account/{ACCOUNT}"


def customer(compiled: CompiledLifecycle | None = None) -> Story:
    """A lead that has won its deal, and its company."""
    story = Story(compiled or demand_funnel())
    story.tell("form.submitted", mail="example.co.jp", account=ACCOUNT)
    story.tell("opportunity.created", opportunity="first")
    story.tell("opportunity.won", opportunity="first")
    assert story.state.account is not None
    assert (story.stage, story.state.account.stage) == ("WON", "C")
    return story


@pytest.mark.parametrize(
    ("type", "fields", "first"),
    [
        ("contact.requested", {}, "contact.requested: WON → MQL advanced, pass 2"),
        ("inquiry.received", {"channel": "web"}, "inquiry.received: WON → MQL advanced, pass 2"),
        (
            "inquiry.received",
            {"channel": "sales_direct"},
            "inquiry.received: WON → SAL advanced, pass 2",
        ),
        (
            "opportunity.created",
            {"opportunity": "second"},
            "opportunity.created: WON → OPP advanced, pass 2",
        ),
        (
            "order.recorded",
            {"order": "o-2", "business": "renewal"},
            "order.recorded: WON → WON advanced, pass 2",
        ),
    ],
)
def test_new_interest_or_business_of_a_customer_begins_a_further_pass(
    type: str, fields: dict[str, str], first: str
) -> None:
    story = customer()
    assert story.tell(type, data=fields)[0] == first
    assert story.state.account is not None
    assert story.state.account.stage == "C"
    assert story.lead.business == fields.get("business", "cross_sell")


def test_business_reported_as_new_is_not_further_business() -> None:
    story = customer()
    story.tell("order.recorded", order="o-1")
    assert story.tell("order.recorded", order="o-2", business="new") == ["order.recorded"]
    assert story.lead.pass_number == 1
    story.tell("order.recorded", order="o-3")
    assert story.lead.pass_number == 2


def test_the_order_of_the_deal_that_was_won_begins_no_further_pass() -> None:
    story = customer()
    assert story.tell("order.recorded", order="o-1") == ["order.recorded"]
    assert story.lead.pass_number == 1


def test_what_a_customer_orders_next_begins_a_further_pass_as_the_lifecycle_names_it() -> None:
    """The first order is that of the won deal; another that names no deal is the next purchase."""
    story = customer()
    story.tell("order.recorded", order="o-1")
    assert story.tell("order.recorded", order="o-2") == [
        "order.recorded: WON → WON advanced, pass 2"
    ]
    assert story.lead.business == "cross_sell"
    assert story.tell("order.recorded", order="o-2") == ["order.recorded"]
    assert story.tell("order.cancelled", order="o-2")[0] == (
        "order.cancelled: WON → LOST lost, pass 2"
    )


def test_the_deal_of_an_order_that_was_reported_first_is_not_further_business() -> None:
    story = Story()
    story.tell("form.submitted", mail="example.co.jp", account=ACCOUNT)
    story.tell("order.recorded", order="o-1")
    assert story.tell("opportunity.won", opportunity="first") == ["opportunity.won"]
    assert (story.lead.pass_number, story.lead.business) == (1, None)


def test_a_further_order_of_a_known_deal_is_a_part_of_it() -> None:
    story = customer()
    for order in ("o-1", "o-2"):
        events = story.tell("order.recorded", order=order, opportunity="first")
        assert events == ["order.recorded"]
    assert (story.lead.pass_number, story.lead.business) == (1, None)


def test_the_first_deal_of_a_colleague_of_a_customer_is_further_business() -> None:
    """The company is the customer, whichever person there asks for more."""
    story = Story()
    story.tell("order.recorded", subject=SubjectKind.ACCOUNT, account=ACCOUNT, order="o-1")
    story.tell("form.submitted", mail="example.co.jp", account=ACCOUNT)
    story.tell("opportunity.created", opportunity="first")
    assert (story.lead.pass_number, story.lead.business) == (1, "cross_sell")


def test_a_deal_is_what_was_said_of_the_pass_that_it_belongs_to() -> None:
    story = customer()
    story.tell("contact.requested", business="renewal")
    story.tell("opportunity.created", opportunity="second")
    assert story.lead.business == "renewal"
    assert story.events[-1].effects["business"] == "renewal"


def test_the_lifecycle_says_what_further_business_is_called() -> None:
    declared = ("further_business: cross_sell", "further_business: renewal")
    story = customer(demand_funnel(changes=(declared,)))
    story.tell("opportunity.created", opportunity="second")
    assert story.lead.business == "renewal"


def test_the_name_of_further_business_must_be_a_code() -> None:
    with pytest.raises(LifecycleInvalid, match="further_business: 'two words' is not a code"):
        demand_funnel(changes=(("further_business: cross_sell", "further_business: two words"),))


def test_the_kind_of_business_may_come_from_its_deal() -> None:
    story = customer()
    story.tell("contact.requested")
    story.tell("opportunity.created", opportunity="second", business="renewal")
    assert story.lead.business == "renewal"


def test_losing_a_further_pass_ends_only_that_pass() -> None:
    story = customer()
    story.tell("opportunity.created", opportunity="second")
    assert story.tell("opportunity.lost", opportunity="second") == [
        "opportunity.lost: OPP → LOST lost, pass 2"
    ]
    assert story.state.account is not None
    assert story.state.account.stage == "C"


def test_an_open_deal_of_an_earlier_pass_does_not_keep_the_next_from_being_lost() -> None:
    story = Story()
    story.tell("form.submitted", mail="example.co.jp")
    story.tell("opportunity.created", opportunity="slow")
    story.tell("opportunity.created", opportunity="quick")
    story.tell("opportunity.won", opportunity="quick")
    story.tell("opportunity.created", opportunity="next")
    assert story.lead.earlier_opportunities == ("test/quick", "test/slow")
    assert story.tell("opportunity.lost", opportunity="next") == [
        "opportunity.lost: OPP → LOST lost, pass 2"
    ]


def test_a_won_deal_of_an_earlier_pass_that_is_reported_again_does_not_win_a_later_one() -> None:
    story = customer()
    story.tell("opportunity.created", opportunity="second")
    assert story.tell("opportunity.won", opportunity="first") == ["opportunity.won"]
    assert story.tell("email.opened") == ["email.opened"]
    assert story.stage == "OPP"


def test_a_deal_of_an_earlier_pass_that_is_won_now_wins_this_one() -> None:
    story = Story()
    story.tell("form.submitted", mail="example.co.jp")
    story.tell("opportunity.created", opportunity="slow")
    story.tell("opportunity.lost", opportunity="slow")
    story.tell("lead.recycled", reason="too_early")
    assert "test/slow" in story.lead.earlier_opportunities
    assert story.tell("opportunity.won", opportunity="slow") == [
        "opportunity.won: MAL → WON advanced over MQL, SAL, SQL, OPP, pass 2"
    ]
    assert "test/slow" not in story.lead.earlier_opportunities


def test_segments_and_the_role_of_a_key_account_are_data() -> None:
    story = customer()
    story.tell("account.segmented", segment="high")
    story.tell("account.key_set", key_role="attack")
    account = story.state.account
    assert account is not None
    assert (account.stage, account.segment, account.key_role) == ("KA", "high", "attack")


def test_churn_ends_key_status_by_an_event_of_its_own() -> None:
    story = customer()
    story.tell("account.key_set", key_role="defend")
    assert story.tell("customer.churned") == [
        f"customer.churned {ON}: KA → CHURNED lost",
        f"account.key_removed {ON}",
    ]
    account = story.state.account
    assert account is not None
    assert (account.stage, account.key_role) == ("CHURNED", None)
    story.tell("customer.reactivated")
    assert story.tell("customer.churned") == [f"customer.churned {ON}: C → CHURNED lost"]


def test_a_key_account_that_is_removed_loses_its_role() -> None:
    story = customer()
    story.tell("account.key_set", key_role="defend")
    story.tell("account.key_removed")
    account = story.state.account
    assert account is not None
    assert (account.stage, account.key_role) == ("C", None)


def test_a_won_lead_that_is_linked_to_a_company_makes_it_a_customer_and_brings_its_deals() -> None:
    story = Story().reach("WON")
    assert story.tell("account.linked", account=ACCOUNT) == [
        "account.linked",
        f"account.customer_gained {ON}: unplaced → C entered",
    ]
    deals = {"opportunities": {"test/deal": "won"}}
    linked = story.events[-2]
    assert story.state.account == AccountState(
        stage="C",
        entered_at=START,
        entered=("C",),
        opportunities=deals["opportunities"],
        timeline=(
            Occurrence(START, linked.position, LEAD, "account.linked", {}, {"brings": deals}),
            Occurrence(START, linked.position, LEAD, "account.customer_gained", {}, {}),
        ),
        latest_at=START,
    )


def test_an_origin_can_be_disputed_and_corrected_and_all_of_it_stays() -> None:
    story = Story().reach("MAL")
    assert story.lead.origin == "marketing-digital"
    story.tell("origin.disputed", origin="sales-direct")
    assert (story.lead.origin, story.lead.flags) == (
        "marketing-digital",
        {"origin": "disputed"},
    )
    story.tell("origin.corrected", origin="sales-direct")
    assert (story.lead.origin, story.lead.flags) == ("sales-direct", {})
    assert [event.type for event in story.events[-2:]] == ["origin.disputed", "origin.corrected"]


def test_a_direct_enquiry_enters_with_sales_owner() -> None:
    story = Story()
    story.tell("inquiry.received", mail="example.co.jp", channel="reseller", owner="ito")
    assert (story.stage, story.lead.owner, story.lead.origin) == ("SAL", "ito", "reseller")


def test_an_order_of_a_company_alone_makes_it_a_customer() -> None:
    story = Story()
    assert story.tell(
        "order.recorded", subject=SubjectKind.ACCOUNT, account=ACCOUNT, order="o-1"
    ) == [f"order.recorded {ON}", f"account.customer_gained {ON}: unplaced → C entered"]
