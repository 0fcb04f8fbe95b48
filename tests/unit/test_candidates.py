"""Leads that may be qualified without a person's decision, and qualification by threshold."""

import pytest

from domain.lead.state import AccountState, LeadState, Point, StandingFact, State, Timer
from domain.lifecycle.compiled.table import CompiledLifecycle
from domain.rules.candidacy import Obstacle, obstacle
from tests.support.stories import ACCOUNT, Story, day, demand_funnel

DIRECTOR = {"industry": "steel", "position": "director"}
LIKELY = LeadState(
    stage="MAL",
    entered_at=day(0),
    entered=("ML", "MAL"),
    known=True,
    attributes={"industry": "steel"},
    fit={"target_industry": 10},
    market="manufacturing",
    points=(Point("sent_a_form", 10, 1, day(0)),),
)
BACK = LIKELY._replace(entered=("ML", "MAL", "MQL"), entered_at=day(5))
SHIPPED = "{lead.targeted: true, lead.fit: {at_least: 10}, lead.interest: {at_least: 10}}"
REQUEST = StandingFact("contact.requested", 3, day(0), {}, ())


def hindering(lead: LeadState, account: AccountState | None = None, at: float = 1) -> object:
    return obstacle(demand_funnel(), State(lead, account), day(at))


@pytest.mark.parametrize(
    ("lead", "expected"),
    [
        (LIKELY, None),
        (LIKELY._replace(stage="ML"), Obstacle.ELSEWHERE),
        (LIKELY._replace(stage="MQL"), Obstacle.ELSEWHERE),
        (LIKELY._replace(fit={}), Obstacle.NOT_LIKELY),
        (LIKELY._replace(points=()), Obstacle.NOT_LIKELY),
        (LIKELY._replace(market=None), Obstacle.NOT_LIKELY),
        (LIKELY._replace(orders={"o": "valid"}), Obstacle.CUSTOMER),
        (LIKELY._replace(orders={"o": "cancelled"}), None),
        (LIKELY._replace(opportunities={"d": "won"}), Obstacle.CUSTOMER),
        (LIKELY._replace(opportunities={"d": "open"}), Obstacle.OPEN_DEAL),
        (LIKELY._replace(opportunities={"d": "lost"}), None),
        (LIKELY._replace(blocks={"email": "unsubscribed"}), None),
        (
            LIKELY._replace(blocks={"email": "unsubscribed", "phone": "do_not_call.set"}),
            Obstacle.NOT_CONTACTABLE,
        ),
        (LIKELY._replace(timers={"revisit": Timer(day(1.5), 1)}), Obstacle.REVISIT_LATER),
        (LIKELY._replace(timers={"revisit": Timer(day(1), 1)}), None),
        (LIKELY._replace(timers={"revisit": Timer(day(9), 1)}, standing=(REQUEST,)), None),
        (BACK, Obstacle.SENT_BACK),
        (BACK._replace(points=(Point("attended", 20, 9, day(6)),)), None),
    ],
)
def test_the_obstacle_is_named(lead: LeadState, expected: Obstacle | None) -> None:
    assert hindering(lead) is expected


@pytest.mark.parametrize(
    ("account", "expected"),
    [
        (AccountState(stage="PROSPECT"), None),
        (AccountState(), None),
        (AccountState(stage="C"), Obstacle.CUSTOMER),
        (AccountState(stage="KA"), Obstacle.CUSTOMER),
        (AccountState(stage="CHURNED"), None),
        (AccountState(stage="PROSPECT", opportunities={"d": "open"}), Obstacle.OPEN_DEAL),
        (AccountState(stage="PROSPECT", opportunities={"d": "lost"}), None),
    ],
)
def test_the_company_may_be_the_obstacle(account: AccountState, expected: Obstacle | None) -> None:
    assert hindering(LIKELY, account) is expected


def test_points_that_have_grown_old_are_not_enough() -> None:
    assert hindering(LIKELY, at=29) is None
    assert hindering(LIKELY, at=30) is Obstacle.NOT_LIKELY


def by_threshold(
    when: str = SHIPPED,
) -> CompiledLifecycle:
    return demand_funnel(
        changes=(
            ("  mode: selection\n", "  mode: threshold\n"),
            (f"  when: {SHIPPED}", f"  when: {when}"),
        )
    )


def test_by_threshold_a_lead_qualifies_as_soon_as_it_holds() -> None:
    story = Story(by_threshold())
    assert story.tell("form.submitted", mail="example.co.jp", profile={"industry": "steel"}) == [
        "form.submitted: unplaced → ML entered",
        "lead.accepted: ML → MAL advanced",
        "grade.changed",
        "lead.qualified: MAL → MQL advanced",
    ]


def test_by_threshold_neither_attributes_nor_behaviour_qualify_alone() -> None:
    story = Story(by_threshold())
    story.tell("form.submitted", mail="example.co.jp")
    story.tell("content.downloaded", at=1)
    assert story.stage == "MAL"
    assert story.tell("profile.updated", at=2, profile={"industry": "steel"}) == [
        "profile.updated",
        "grade.changed",
        "lead.qualified: MAL → MQL advanced",
    ]


def test_what_qualifies_may_ask_for_the_grade_that_the_same_event_brings() -> None:
    story = Story(by_threshold("{lead.grade: A}"))
    story.tell("form.submitted", mail="example.co.jp", profile=DIRECTOR)
    story.tell("seminar.attended", at=1)
    assert story.tell("content.downloaded", at=2)[1:] == [
        "grade.changed",
        "lead.qualified: MAL → MQL advanced",
    ]


def test_a_lead_that_was_sent_back_qualifies_again_only_after_something_new() -> None:
    story = Story(by_threshold())
    story.tell("form.submitted", mail="example.co.jp", profile=DIRECTOR)
    assert story.tell("lead.sales_rejected", at=1, reason="out_of_focus") == [
        "lead.sales_rejected: MQL → MAL returned"
    ]
    assert story.tell("visit.recorded", at=2) == ["visit.recorded"], "its day has not come"
    story.wait_until(day(182))
    assert story.stage == "MAL", "it has come, and nothing new has happened since"
    assert story.tell("profile.updated", at=183, profile={"job": "sales"})[0] == "profile.updated"
    assert story.stage == "MAL"
    story.tell("seminar.attended", at=184)
    assert story.stage == "MQL"


def test_a_recycled_lead_needs_later_points() -> None:
    story = Story(by_threshold())
    story.tell("form.submitted", mail="example.co.jp", profile=DIRECTOR)
    story.tell("lead.recycled", at=3, reason="too_early")
    assert (story.stage, story.lead.points) == ("MAL", ())
    story.wait_until(day(94))
    story.tell("visit.recorded", at=95)
    assert story.stage == "MAL"
    story.tell("content.downloaded", at=96)
    assert story.stage == "MQL"


def test_the_end_of_the_wait_qualifies_a_lead_without_other_obstacles() -> None:
    story = Story(by_threshold())
    story.tell("form.submitted", mail="example.co.jp", profile=DIRECTOR)
    story.tell("lead.recycled", at=3, reason="too_early")
    story.tell("seminar.attended", at=80)
    assert story.stage == "MAL"
    assert "lead.qualified: MAL → MQL advanced, pass 2" in story.wait_until(day(94))


def test_by_threshold_no_lead_of_a_company_with_an_open_deal_qualifies() -> None:
    story = Story(by_threshold(), account=ACCOUNT)
    story.state = State(LeadState(), AccountState(stage="PROSPECT", opportunities={"d": "open"}))
    story.tell("form.submitted", mail="example.co.jp", profile=DIRECTOR)
    assert story.stage == "MAL"
    story.state = State(story.lead, AccountState(stage="PROSPECT", opportunities={"d": "lost"}))
    story.tell("visit.recorded", at=1)
    assert story.stage == "MQL"


def test_by_selection_only_a_request_qualifies_automatically() -> None:
    story = Story()
    story.tell("form.submitted", mail="example.co.jp", profile=DIRECTOR)
    story.tell("seminar.attended", at=1)
    assert story.stage == "MAL"
    story.tell("contact.requested", at=2)
    assert story.stage == "MQL"


def test_a_person_may_qualify_whomever_the_moves_allow() -> None:
    story = Story().reach("MAL")
    assert hindering(story.lead) is Obstacle.NOT_LIKELY
    assert story.tell("lead.qualified") == ["lead.qualified: MAL → MQL advanced"]
