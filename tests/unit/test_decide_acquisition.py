"""From the first visit to acceptance by marketing: acquisition, exclusion, origin."""

import pytest

from domain.deciding.decide import NotAllowed
from domain.lead.state import LeadState, Point, StandingFact
from domain.lifecycle.compiled.table import FailedGuard
from domain.lifecycle.definition import SubjectKind
from tests.support.stories import START, Story, day, demand_funnel


def test_a_first_visit_makes_an_anonymous_lead() -> None:
    story = Story()
    assert story.tell("visit.recorded", at=1, channel="organic") == [
        "visit.recorded: unplaced → AL entered"
    ]
    assert story.lead == LeadState(
        stage="AL",
        entered_at=day(1),
        entered=("AL",),
        channel="organic",
        first_touch="marketing-digital",
        points=(Point("visited", 2, 1, day(1)),),
        latest_at=day(1),
    )


def test_a_further_visit_moves_nothing() -> None:
    story = Story().reach("AL")
    before = story.lead
    assert story.tell("visit.recorded", at=3) == ["visit.recorded"]
    assert story.lead == before._replace(points=story.lead.points, latest_at=day(3))


def test_an_anonymous_lead_that_fills_in_a_form_becomes_known_and_is_accepted() -> None:
    story = Story().reach("AL")
    assert story.tell("form.submitted", mail="example.co.jp") == [
        "form.submitted: AL → ML advanced",
        "lead.accepted: ML → MAL advanced",
    ]
    assert story.lead.known
    assert story.lead.entered == ("AL", "ML", "MAL")


def test_an_event_without_news_changes_nothing_and_keeps_what_it_reported() -> None:
    story = Story()
    story.tell("profile.updated", mail="example.co.jp")
    before = story.state
    story.tell("profile.updated", mail="example.co.jp")
    content = {"known": True, "attributes": {"company_domain": ""}}
    assert story.events[-1].effects == {"repeats": content}
    assert story.state == before
    story.tell("profile.updated", mail="lab.u-tokyo.ac.jp")
    assert story.events[-1].effects == {
        "attributes": {"company_domain": "school_domains"},
        "repeats": {"known": True},
    }


def test_a_form_without_personal_data_makes_an_anonymous_lead() -> None:
    assert Story().tell("form.submitted") == ["form.submitted: unplaced → AL entered"]


def test_a_form_without_personal_data_leaves_an_anonymous_lead_where_it_is() -> None:
    assert Story().reach("AL").tell("form.submitted") == ["form.submitted"]


def test_each_derived_event_names_its_cause() -> None:
    story = Story()
    story.tell("visit.recorded")
    story.tell("form.submitted", mail="example.co.jp")
    assert [(event.position, event.cause) for event in story.events] == [
        (1, None),
        (2, None),
        (3, 2),
    ]


@pytest.mark.parametrize(
    ("mail", "reason"),
    [
        ("rival.example", "competitor"),
        ("eu.rival.example", "competitor"),
        ("waseda.ac.jp", "student"),
        ("mailinator.com", "invalid_data"),
    ],
)
def test_a_lead_excluded_by_rule_leaves_the_path_with_the_reason(mail: str, reason: str) -> None:
    story = Story(demand_funnel(competitors=("rival.example",)))
    assert story.tell("content.downloaded", mail=mail) == ["content.downloaded"]
    assert story.tell("form.submitted", mail=mail) == [
        "form.submitted: unplaced → ML entered",
        "lead.excluded: ML → DISQUALIFIED disqualified",
    ]
    assert story.events[-1].data == {"reason": reason}


def test_a_domain_that_only_ends_alike_is_not_excluded() -> None:
    story = Story(demand_funnel(competitors=("rival.example",)))
    assert story.tell("form.submitted", mail="notrival.example") == [
        "form.submitted: unplaced → ML entered",
        "lead.accepted: ML → MAL advanced",
    ]


def test_a_free_mail_address_waits_for_a_person() -> None:
    story = Story()
    assert story.tell("form.submitted", free_mail=True) == ["form.submitted: unplaced → ML entered"]
    assert story.tell("email.opened") == ["email.opened"]
    assert story.tell("lead.accepted", department="marketing") == [
        "lead.accepted: ML → MAL advanced"
    ]


def test_a_waiting_lead_is_judged_again_when_more_becomes_known() -> None:
    story = Story().reach("ML")
    assert story.tell("profile.updated", mail="example.co.jp") == [
        "profile.updated",
        "lead.accepted: ML → MAL advanced",
    ]


def test_a_person_may_exclude_a_waiting_lead() -> None:
    story = Story().reach("ML")
    assert story.tell("lead.excluded", reason="supplier") == [
        "lead.excluded: ML → DISQUALIFIED disqualified"
    ]


@pytest.mark.parametrize(
    ("type", "department", "channel", "origin"),
    [
        ("form.submitted", None, "paid", "marketing-digital"),
        ("card.captured", "marketing", None, "marketing-offline"),
        ("card.captured", "field_sales", None, "sales-direct"),
        ("list.imported", "inside_sales", None, "sales-direct"),
        ("seminar.attended", None, "webinar", "marketing-digital"),
        ("seminar.attended", None, "hall", "marketing-offline"),
        ("seminar.attended", None, None, "marketing-offline"),
        ("inquiry.received", None, "phone", "marketing-offline"),
        ("inquiry.received", None, "web", "marketing-digital"),
        ("inquiry.received", None, "reseller", "reseller"),
        ("inquiry.received", "marketing", "sales_direct", "sales-direct"),
        ("lead.referred", None, None, "referral"),
        ("contact.requested", None, None, "marketing-digital"),
    ],
)
def test_the_origin_follows_from_event_channel_and_department(
    type: str, department: str | None, channel: str | None, origin: str
) -> None:
    story = Story()
    data = {"channel": channel} if channel else {}
    story.tell(type, mail="example.co.jp", department=department, data=data)
    assert (story.lead.origin, story.lead.channel) == (origin, channel)


def test_an_order_out_of_nowhere_has_an_unknown_origin_which_is_not_no_origin() -> None:
    story = Story()
    story.tell("order.recorded", known=True, order="o")
    assert (story.lead.origin, story.lead.channel) == ("unknown", None)


def test_the_origin_is_set_once_by_the_event_that_made_the_person_known() -> None:
    story = Story()
    story.tell("visit.recorded", channel="organic")
    story.tell("inquiry.received", mail="example.co.jp", channel="reseller")
    story.tell("contact.requested", mail="example.co.jp", channel="paid")
    assert (story.lead.origin, story.lead.channel) == ("reseller", "reseller")
    assert story.lead.first_touch == "marketing-digital"


def test_a_fact_that_moves_nothing_sets_no_origin() -> None:
    story = Story()
    assert story.tell("email.delivered", known=True) == ["email.delivered"]
    assert story.lead == LeadState(known=True, acquired_at=START, latest_at=START)
    story.tell("form.submitted", mail="example.co.jp", channel="paid")
    assert (story.lead.origin, story.lead.channel) == ("marketing-digital", "paid")


def test_a_lead_that_an_early_deal_places_has_the_origin_of_that_deal() -> None:
    story = Story()
    story.tell("opportunity.created", opportunity="deal", channel="reseller")
    story.tell("profile.updated", known=True, channel="web")
    assert (story.stage, story.lead.origin, story.lead.channel) == ("OPP", "reseller", "reseller")


@pytest.mark.parametrize("channel", ["sales_direct", "reseller"])
def test_a_direct_enquiry_enters_at_sal_and_names_what_it_passed_over(channel: str) -> None:
    story = Story()
    assert story.tell("inquiry.received", mail="example.co.jp", channel=channel) == [
        "inquiry.received: unplaced → SAL entered over ML, MAL, MQL"
    ]
    assert story.lead.entered == ("SAL",)


def test_a_direct_enquiry_of_an_accepted_lead_names_only_what_lies_between() -> None:
    story = Story().reach("MAL")
    assert story.tell("inquiry.received", channel="sales_direct") == [
        "inquiry.received: MAL → SAL advanced over MQL"
    ]


def test_a_direct_enquiry_of_an_unknown_person_does_not_enter() -> None:
    assert Story().tell("inquiry.received", channel="reseller") == ["inquiry.received"]


def test_a_request_for_contact_qualifies_alone() -> None:
    story = Story()
    assert story.tell("contact.requested", mail="example.co.jp") == [
        "contact.requested: unplaced → ML entered",
        "lead.accepted: ML → MAL advanced",
        "lead.qualified: MAL → MQL advanced",
    ]
    assert [dict(event.data) for event in story.events[:3]] == [
        {},
        {},
        {"fact": "1", "type": "contact.requested"},
    ]


def test_a_request_for_contact_qualifies_when_the_person_is_accepted_later() -> None:
    story = Story()
    assert story.tell("contact.requested", free_mail=True) == [
        "contact.requested: unplaced → ML entered"
    ]
    assert story.lead.standing == (StandingFact("contact.requested", 1, START, {}, ("ML",)),)
    assert story.tell("lead.accepted") == [
        "lead.accepted: ML → MAL advanced",
        "lead.qualified: MAL → MQL advanced",
    ]


def test_a_request_for_contact_does_not_overrule_a_rejection() -> None:
    story = Story()
    story.tell("contact.requested", mail="example.co.jp")
    assert story.tell("lead.sales_rejected", reason="out_of_focus") == [
        "lead.sales_rejected: MQL → MAL returned"
    ]
    assert story.tell("email.opened") == ["email.opened"]
    assert story.tell("contact.requested", at=9) == ["contact.requested: MAL → MQL advanced"]


def test_a_competitor_that_asks_for_contact_is_excluded_all_the_same() -> None:
    story = Story(demand_funnel(competitors=("rival.example",)))
    assert story.tell("contact.requested", mail="rival.example") == [
        "contact.requested: unplaced → ML entered",
        "lead.excluded: ML → DISQUALIFIED disqualified",
    ]


def test_a_decision_needs_a_lead_that_was_reported() -> None:
    assert Story().refuse("lead.accepted") == NotAllowed(
        "lead-unknown", "A decision needs a lead that has been reported."
    )


def test_a_decision_from_an_anonymous_lead_is_refused_with_the_moves_there_are() -> None:
    refused = Story().reach("AL").refuse("lead.accepted")
    allowed = dict(refused.allowed)
    assert (refused.reason, refused.detail, refused.stage, refused.failed) == (
        "move-not-allowed",
        "lead.accepted is not allowed from stage AL, only from ML.",
        "AL",
        (),
    )
    assert allowed["form.submitted"] == "ML"
    assert "stage.corrected" not in allowed


def test_a_decision_before_any_stage_says_that_the_lead_is_unplaced() -> None:
    story = Story()
    story.tell("email.sent", known=True)
    assert story.refuse("lead.accepted").detail == (
        "lead.accepted is not allowed from stage unplaced, only from ML."
    )


def test_a_customers_lead_is_not_a_candidate_and_the_guard_states_what_it_read() -> None:
    story = Story(account="account-1").reach("MAL")
    story.tell("order.recorded", subject=SubjectKind.ACCOUNT, order="o")
    refused = story.refuse("lead.qualified")
    assert refused.failed == (FailedGuard("account_not_customer", {"account.stage": "C"}, "MQL"),)


def test_a_lead_without_account_is_a_candidate() -> None:
    assert Story().reach("MAL").tell("lead.qualified") == ["lead.qualified: MAL → MQL advanced"]


def test_an_early_fact_is_judged_by_the_department_that_reported_it() -> None:
    story = Story()
    story.tell("opportunity.created", opportunity="deal", department="field_sales")
    story.tell("profile.updated", known=True, department="public_relations")
    assert (story.stage, story.lead.origin) == ("OPP", "sales-direct")


def test_an_early_fact_of_nobodys_department_does_not_borrow_one() -> None:
    story = Story()
    story.tell("opportunity.created", opportunity="deal")
    story.tell("profile.updated", known=True, department="field_sales")
    assert (story.stage, story.lead.origin) == ("OPP", "unknown")


def test_a_profile_from_marketing_makes_a_visitor_known() -> None:
    story = Story().reach("AL")
    assert story.tell("profile.updated", mail="example.co.jp", department="marketing") == [
        "profile.updated: AL → ML advanced",
        "lead.accepted: ML → MAL advanced",
    ]


def test_a_profile_from_marketing_begins_a_journey_that_is_marketings() -> None:
    story = Story()
    story.tell("profile.updated", free_mail=True, department="marketing")
    assert (story.stage, story.lead.origin) == ("ML", "marketing-digital")


@pytest.mark.parametrize("department", [None, "public_relations", "field_sales"])
def test_a_profile_from_elsewhere_is_known_and_makes_no_move(department: str | None) -> None:
    story = Story().reach("AL")
    assert story.tell("profile.updated", mail="example.co.jp", department=department) == [
        "profile.updated"
    ]
    assert story.lead.known


def test_a_profile_without_personal_data_makes_no_move() -> None:
    story = Story().reach("AL")
    assert story.tell("profile.updated", department="marketing") == ["profile.updated"]


def test_a_profile_of_a_lead_that_is_further_on_makes_no_move() -> None:
    story = Story().reach("SAL")
    assert story.tell("profile.updated", known=True, department="marketing") == ["profile.updated"]
