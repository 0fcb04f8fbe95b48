"""Scores: points are given, age, are explained, and are never counted twice."""

from datetime import timedelta

from domain.lead.identity import Resolution
from domain.lead.score import Score, amount, score_at
from domain.lead.state import LeadState, Point
from domain.lifecycle.compiled.table import CompiledLifecycle
from tests.support.stories import LEAD, Story, day, demand_funnel

DIRECTOR = {"industry": "steel", "position": "director"}
FIT = 30
"""Of a director in a target industry: decides, target_industry."""


def score(story: Story, at: float) -> Score:
    scoring = story.compiled.lifecycle.scoring
    assert scoring is not None
    return score_at(scoring, story.lead, day(at))


def test_what_is_known_of_a_person_gives_fit_market_and_priority() -> None:
    story = Story()
    story.tell("form.submitted", mail="example.co.jp", profile=DIRECTOR)
    assert story.lead.fit == {"decides": 20, "target_industry": 10}
    assert (story.lead.market, story.lead.priority) == ("manufacturing", "high")


def test_a_profile_that_changes_is_judged_again() -> None:
    story = Story()
    story.tell("form.submitted", mail="example.co.jp", profile=DIRECTOR)
    story.tell("profile.updated", profile={"industry": "public", "position": "manager"})
    assert story.lead.fit == {"leads_a_team": 10}
    assert (story.lead.market, story.lead.priority) == (None, None)


def test_what_changes_no_judgement_says_nothing_of_it() -> None:
    story = Story()
    story.tell("form.submitted", mail="example.co.jp", profile=DIRECTOR)
    story.tell("profile.updated", profile={"region": "kanto"})
    assert story.events[-1].effects == {
        "attributes": {"region": "kanto"},
        "repeats": {"known": True},
    }


def test_an_event_gives_points_by_its_type_and_its_data() -> None:
    story = Story()
    story.tell("visit.recorded", page="/pricing")
    assert story.events[0].effects["points"] == [["visited", 2, 5], ["saw_prices", 10, 2]]
    story.tell("visit.recorded", page="/careers")
    assert [one.rule for one in story.lead.points] == [
        "visited", "saw_prices", "visited", "seeks_work",
    ]  # fmt: skip
    assert score(story, 0) == Score(0, 4_00)


def test_points_grow_old_by_steps_of_whole_days_to_the_moment() -> None:
    story = Story()
    story.tell("visit.recorded", at=0)
    moment = timedelta(microseconds=1)
    scoring = story.compiled.lifecycle.scoring
    assert scoring is not None
    counts = [
        score_at(scoring, story.lead, at).interest
        for at in (day(30) - moment, day(30), day(90) - moment, day(90), day(180), day(365))
    ]
    assert counts == [2_00, 1_50, 1_50, 1_00, 50, 0]


def test_a_rule_may_have_its_own_ageing() -> None:
    story = Story().reach("MAL")
    story.tell("contact.requested", at=0)
    asked = [one for one in story.lead.points if one.rule == "asked_for_contact"]
    scoring = story.compiled.lifecycle.scoring
    assert scoring is not None
    counts = [score_at(scoring, LeadState(points=tuple(asked)), day(at)) for at in (13, 14, 60)]
    assert [one.interest for one in counts] == [40_00, 20_00, 0]


def test_what_is_left_of_a_point_is_exact_and_may_be_no_whole_number() -> None:
    assert [amount(one) for one in (0, 11_25, 11_50, -7_50, -3_00, 5)] == [
        0, "11.25", "11.5", "-7.5", -3, "0.05",
    ]  # fmt: skip


def test_a_new_pass_begins_with_what_began_it_and_nothing_else() -> None:
    story = Story().reach("LOST")
    assert score(story, 0).interest == 10_00
    story.tell("contact.requested", at=20)
    assert story.lead.pass_number == 2
    asked = next(one for one in story.events if one.type == "contact.requested")
    assert story.lead.points == (Point("asked_for_contact", 40, asked.position, day(20)),)


def test_a_deal_that_is_reported_again_gives_no_points_again() -> None:
    compiled = _with_points_for_deals()
    story = Story(compiled).reach("OPP")
    before = story.lead.points
    story.tell("opportunity.created", opportunity="deal", at=3)
    assert story.lead.points == before
    assert [one.rule for one in before if one.rule == "dealt"] == ["dealt"]


def test_the_points_of_a_visitor_join_the_person_that_it_turns_out_to_be() -> None:
    story = Story().reach("MAL")
    visits = tuple(Point("visited", 2, 100 + at, day(at)) for at in range(6))
    visitor = LeadState(stage="AL", entered_at=day(0), entered=("AL",), points=visits)
    joined = Resolution(LEAD, LEAD, absorbs=(("visitor", visitor),))
    story.tell("form.submitted", at=9, mail="example.co.jp", resolution=joined)
    assert story.events[-1].type == "identity.merged"
    assert [one.position for one in story.lead.points if one.rule == "visited"] == [
        101, 102, 103, 104, 105,
    ]  # fmt: skip


def test_points_of_a_removed_rule_age_by_the_general_rule() -> None:
    scoring = demand_funnel().lifecycle.scoring
    assert scoring is not None
    lead = LeadState(points=(Point("dropped_since", 8, 1, day(0)),))
    assert [score_at(scoring, lead, day(at)).interest for at in (0, 30, 400)] == [8_00, 6_00, 0]


def _with_points_for_deals() -> CompiledLifecycle:
    rule = (
        "    dealt: {label: {ja: 商談, en: dealt}, on: [opportunity.created], points: 9, most: 9}\n"
    )
    return demand_funnel(changes=(("    chatted: {", f"{rule}    chatted: {{"),))
