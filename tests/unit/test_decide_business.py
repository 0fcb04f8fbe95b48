"""Deals, orders and companies: what takes a lead to the end, and what belongs to its account."""

from typing import Any

import pytest

from domain.deciding.decide import NotAllowed
from domain.lead.state import AccountState, LeadState, Occurrence
from domain.lifecycle.definition import SubjectKind
from tests.support.stories import ACCOUNT, START, Story, day


@pytest.mark.parametrize(
    ("stage", "passed_over"),
    [
        ("ML", " over MAL, MQL, SAL, SQL"),
        ("MAL", " over MQL, SAL, SQL"),
        ("SAL", " over SQL"),
        ("SQL", ""),
    ],
)
def test_a_deal_takes_any_known_lead_to_opp(stage: str, passed_over: str) -> None:
    story = Story().reach(stage)
    assert story.tell("opportunity.created", opportunity="deal") == [
        f"opportunity.created: {stage} → OPP advanced{passed_over}"
    ]
    assert story.lead.opportunities == {"test/deal": "open"}


def test_a_deal_out_of_nowhere_names_every_stage_it_passed_over() -> None:
    assert Story().tell("opportunity.created", known=True, opportunity="deal") == [
        "opportunity.created: unplaced → OPP entered over ML, MAL, MQL, SAL, SQL"
    ]


def test_a_deal_of_an_unknown_person_waits_until_the_person_is_known() -> None:
    story = Story().reach("AL")
    assert story.tell("opportunity.created", opportunity="deal") == ["opportunity.created"]
    assert story.tell("form.submitted", mail="example.co.jp") == [
        "form.submitted: AL → ML advanced",
        "lead.accepted: ML → MAL advanced",
        "lead.reconsidered: MAL → OPP advanced over MQL, SAL, SQL",
    ]
    assert story.events[-1].data == {"fact": "2", "type": "opportunity.created"}


def test_an_order_of_an_unknown_person_waits_until_the_person_is_known() -> None:
    story = Story()
    assert story.tell("order.recorded", order="o") == ["order.recorded"]
    assert story.lead == LeadState(
        orders={"test/o": "valid"}, standing=story.lead.standing, latest_at=START
    )
    assert story.tell("profile.updated", known=True) == [
        "profile.updated",
        "lead.reconsidered: unplaced → WON entered over ML, MAL, MQL, SAL, SQL, OPP",
    ]


def test_an_early_order_that_was_cancelled_makes_no_move() -> None:
    story = Story()
    story.tell("order.recorded", order="o")
    story.tell("order.cancelled", order="o")
    assert story.tell("profile.updated", known=True) == ["profile.updated"]


def test_an_order_that_is_placed_again_after_its_cancellation_stands() -> None:
    story = Story().reach("MAL")
    assert story.tell("order.cancelled", at=1, order="o") == ["order.cancelled"]
    assert story.lead.orders == {"test/o": "cancelled"}
    assert story.tell("order.recorded", at=2, order="o") == [
        "order.recorded: MAL → WON advanced over MQL, SAL, SQL, OPP"
    ]
    assert story.lead.orders == {"test/o": "valid"}


def test_a_deal_that_was_lost_is_not_opened_by_another_report_of_its_creation() -> None:
    story = Story().reach("MAL")
    assert story.tell("opportunity.lost", opportunity="deal") == ["opportunity.lost"]
    assert story.tell("opportunity.created", opportunity="deal") == ["opportunity.created"]
    assert story.lead.opportunities == {"test/deal": "lost"}


def test_a_deal_is_lost_only_when_none_is_open() -> None:
    story = Story().reach("OPP")
    story.tell("opportunity.created", opportunity="second")
    assert story.tell("opportunity.lost", opportunity="deal") == ["opportunity.lost"]
    assert story.tell("opportunity.lost", opportunity="second") == [
        "opportunity.lost: OPP → LOST lost"
    ]


def test_a_lost_deal_that_is_reopened_goes_on_in_the_same_pass() -> None:
    assert Story().reach("LOST").tell("opportunity.reopened", opportunity="deal") == [
        "opportunity.reopened: LOST → OPP returned"
    ]


@pytest.mark.parametrize("stage", ["LOST", "WON"])
def test_a_new_deal_after_the_end_begins_a_further_pass(stage: str) -> None:
    story = Story().reach(stage)
    kind = "recycled" if stage == "LOST" else "advanced"
    assert story.tell("opportunity.created", at=9, opportunity="next", channel="renewal") == [
        f"opportunity.created: {stage} → OPP {kind}, pass 2"
    ]
    assert (story.lead.entered, story.lead.origin, story.lead.channel) == (
        ("OPP",),
        "unknown",
        "renewal",
    )


def test_an_early_deal_begins_no_pass_of_its_own() -> None:
    story = Story().reach("DISQUALIFIED")
    assert story.tell("opportunity.created", opportunity="open") == ["opportunity.created"]
    assert story.tell("opportunity.won", opportunity="deal") == [
        "opportunity.won: DISQUALIFIED → WON advanced"
    ]
    assert story.lead.opportunities == {"test/open": "open", "test/deal": "won"}


def test_a_request_for_contact_of_a_customer_begins_a_further_pass_at_mql() -> None:
    story = Story(account=ACCOUNT).reach("WON")
    assert story.tell("contact.requested", channel="web") == [
        "contact.requested: WON → MQL advanced, pass 2"
    ]
    assert (story.lead.origin, story.lead.channel) == ("marketing-digital", "web")


def test_losing_a_further_pass_ends_only_that_pass() -> None:
    story = Story(account=ACCOUNT).reach("WON")
    story.tell("opportunity.created", opportunity="next")
    assert story.tell("opportunity.lost", opportunity="next") == [
        "opportunity.lost: OPP → LOST lost, pass 2"
    ]
    assert story.state.account is not None
    assert story.state.account.stage == "C"


def test_a_won_deal_makes_the_account_a_customer() -> None:
    story = Story(account=ACCOUNT)
    assert story.tell("form.submitted", at=1, mail="example.co.jp") == [
        "form.submitted: unplaced → ML entered",
        f"account.prospect_gained on account/{ACCOUNT}: unplaced → PROSPECT entered",
        "lead.accepted: ML → MAL advanced",
    ]
    assert story.tell("opportunity.won", at=2, opportunity="deal") == [
        "opportunity.won: MAL → WON advanced over MQL, SAL, SQL, OPP",
        f"account.customer_gained on account/{ACCOUNT}: PROSPECT → C advanced",
    ]
    assert story.state.account == AccountState(
        stage="C",
        entered_at=day(2),
        entered=("PROSPECT", "C"),
        opportunities={"test/deal": "won"},
        timeline=(
            Occurrence(day(1), 1, "lead-1", "account.prospect_gained", {}, {}),
            Occurrence(
                day(2), 4, "lead-1", "opportunity.won", {}, {"opportunities": {"test/deal": "won"}}
            ),
            Occurrence(day(2), 4, "lead-1", "account.customer_gained", {}, {}),
        ),
        latest_at=day(2),
    )
    (gained,) = (one for one in story.events if one.type == "account.customer_gained")
    assert gained.data == {"lead": "lead-1"}


@pytest.mark.parametrize("stage", ["LOST", "DISQUALIFIED"])
@pytest.mark.parametrize(
    ("type", "data"),
    [("opportunity.won", {"opportunity": "x"}), ("order.recorded", {"order": "o"})],
)
def test_business_wins_a_lead_that_was_given_up(
    stage: str, type: str, data: dict[str, Any]
) -> None:
    assert Story().reach(stage).tell(type, data=data) == [f"{type}: {stage} → WON advanced"]


def test_a_target_company_becomes_a_prospect_with_its_first_lead() -> None:
    story = Story(account=ACCOUNT)
    assert story.tell("market.target_listed", market="east") == [
        f"market.target_listed on account/{ACCOUNT}: unplaced → PL entered"
    ]
    assert story.tell("email.sent", known=True) == ["email.sent"]
    assert story.tell("visit.recorded") == ["visit.recorded"]
    assert story.tell("card.captured") == [
        "card.captured: unplaced → ML entered",
        f"account.prospect_gained on account/{ACCOUNT}: PL → PROSPECT advanced",
    ]
    assert story.tell("market.target_listed") == [f"market.target_listed on account/{ACCOUNT}"]


def test_the_lead_that_a_consequence_places_makes_its_company_a_prospect() -> None:
    story = Story(account=ACCOUNT)
    story.tell("opportunity.created", opportunity="deal")
    assert story.tell("profile.updated", known=True) == [
        "profile.updated",
        "lead.reconsidered: unplaced → OPP entered over ML, MAL, MQL, SAL, SQL",
        f"account.prospect_gained on account/{ACCOUNT}: unplaced → PROSPECT entered",
    ]


def test_an_order_of_a_company_makes_it_a_customer_and_moves_no_lead() -> None:
    story = Story(account=ACCOUNT).reach("MAL")
    assert story.tell("order.recorded", subject=SubjectKind.ACCOUNT, order="o") == [
        f"order.recorded on account/{ACCOUNT}",
        f"account.customer_gained on account/{ACCOUNT}: PROSPECT → C advanced",
    ]
    assert story.stage == "MAL"
    assert story.state.account is not None
    assert story.state.account.orders == {"test/o": "valid"}


def test_an_order_of_a_target_company_passes_over_the_prospect() -> None:
    story = Story(account=ACCOUNT)
    story.tell("market.target_listed")
    assert story.tell("order.recorded", subject=SubjectKind.ACCOUNT, order="o") == [
        f"order.recorded on account/{ACCOUNT}",
        f"account.customer_gained on account/{ACCOUNT}: PL → C advanced over PROSPECT",
    ]


def test_an_order_without_a_lead_is_about_the_ledger_and_moves_nothing() -> None:
    story = Story()
    assert story.tell("order.recorded", subject=SubjectKind.LEDGER, order="o") == [
        "order.recorded on ledger"
    ]
    assert story.lead == LeadState()


def test_customers_are_narrowed_to_those_with_the_most_demand() -> None:
    story = Story(account=ACCOUNT)
    story.tell("order.recorded", subject=SubjectKind.ACCOUNT, order="o")
    on = f"on account/{ACCOUNT}"
    assert story.tell("account.key_candidate_set") == [
        f"account.key_candidate_set {on}: C → KC advanced"
    ]
    assert story.tell("account.key_candidate_set") == [f"account.key_candidate_set {on}: already"]
    assert story.tell("account.key_set", key_role="defend") == [
        f"account.key_set {on}: KC → KA advanced"
    ]
    assert story.tell("account.key_removed") == [f"account.key_removed {on}: KA → C returned"]
    assert story.tell("account.key_set") == [f"account.key_set {on}: C → KA advanced over KC"]
    assert story.tell("customer.churned") == [
        f"customer.churned {on}: KA → CHURNED lost",
        f"account.key_removed {on}",
    ]
    assert story.tell("customer.reactivated") == [
        f"customer.reactivated {on}: CHURNED → C returned"
    ]


def test_only_a_customer_becomes_a_key_account() -> None:
    story = Story(account=ACCOUNT).reach("MAL")
    assert story.refuse("account.key_set") == NotAllowed(
        "move-not-allowed",
        "account.key_set is not allowed from stage PROSPECT, only from C, KC.",
        stage="PROSPECT",
        allowed=(("account.customer_gained", "C"),),
        legal_from=("C", "KC"),
    )


def test_a_churned_customer_that_buys_again_is_a_customer_again() -> None:
    story = Story(account=ACCOUNT).reach("WON")
    story.tell("customer.churned")
    assert story.tell("order.recorded", order="o") == [
        "order.recorded",
        f"account.customer_gained on account/{ACCOUNT}: CHURNED → C returned",
    ]


def test_the_lead_remembers_its_account() -> None:
    story = Story(account=ACCOUNT)
    story.tell("form.submitted", mail="example.co.jp")
    assert story.lead.account == ACCOUNT
    assert story.events[0].effects["account"] == ACCOUNT
    story.tell("email.opened")
    assert "account" not in story.events[-1].effects


@pytest.mark.parametrize(
    ("type", "fields"),
    [("opportunity.won", {"opportunity": "deal"}), ("order.recorded", {"order": "o"})],
)
def test_business_that_is_reported_again_does_not_move_a_later_pass(
    type: str, fields: dict[str, Any]
) -> None:
    story = Story(account=ACCOUNT).reach("WON")
    story.tell("order.recorded", order="o")
    story.tell("contact.requested", channel="web")
    assert story.tell(type, **fields) == [type]
    assert (story.stage, story.lead.pass_number) == ("MQL", 2)


def test_an_old_order_that_is_reported_again_does_not_win_back_a_churned_customer() -> None:
    story = Story(account=ACCOUNT).reach("WON")
    story.tell("order.recorded", order="o")
    story.tell("customer.churned")
    assert story.tell("order.recorded", order="o") == ["order.recorded"]


@pytest.mark.parametrize(
    ("type", "fields"),
    [("opportunity.won", {"opportunity": "deal"}), ("order.recorded", {"order": "o"})],
)
def test_a_company_is_a_customer_once_a_lead_that_has_bought_is_linked_to_it(
    type: str, fields: dict[str, Any]
) -> None:
    story = Story()
    story.tell("form.submitted", known=True)
    story.tell(type, **fields)
    assert story.tell("account.linked", account=ACCOUNT) == [
        "account.linked",
        f"account.customer_gained on account/{ACCOUNT}: unplaced → C entered",
    ]


def test_a_cancelled_order_makes_no_customer_of_the_company_linked_later() -> None:
    story = Story()
    story.tell("form.submitted", known=True)
    story.tell("order.recorded", order="o")
    story.tell("order.cancelled", order="o")
    assert story.tell("account.linked", account=ACCOUNT) == [
        "account.linked",
        f"account.prospect_gained on account/{ACCOUNT}: unplaced → PROSPECT entered",
    ]
