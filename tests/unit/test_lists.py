"""Lists are predicates over a lead at a time: no event records that time has moved a lead."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.lead.state import LeadState, State
from domain.lifecycle.text.load import inspect
from domain.rules.lists import on_list
from tests.support.small_lifecycle import SMALL
from tests.support.stories import Story, day, demand_funnel

LISTS = demand_funnel().lifecycle.lists


def lists_of(story: Story, *, at: float = 0) -> tuple[str, ...]:
    return on_list(LISTS, story.state, day(at))


def test_a_visitor_is_on_no_list() -> None:
    assert lists_of(Story().reach("AL")) == ()


def test_a_lead_that_becomes_known_is_on_the_house_list_and_newly_acquired() -> None:
    assert lists_of(Story().reach("MAL")) == ("house", "acquired")


@pytest.mark.parametrize(
    ("at", "clocked"), [(0, "acquired"), (89.9, "acquired"), (90, "held"), (400, "held")]
)
def test_the_clock_alone_moves_a_lead_from_acquired_to_held(at: float, clocked: str) -> None:
    story = Story().reach("MAL")
    assert lists_of(story, at=at) == ("house", clocked)


def test_the_lists_of_marketing_and_sales_are_predicates_in_the_demand_funnel() -> None:
    story = Story().reach("MAL")
    found = []
    for type, fields in (
        ("owner.assigned", {"owner": "sato"}),
        ("scenario.started", {}),
        ("scenario.completed", {}),
        ("lead.qualified", {}),
        ("lead.handed_over", {}),
        ("lead.sales_accepted", {}),
        ("screening.completed", {"class": "now"}),
        ("owner.assigned", {"owner": "suzuki"}),
        ("opportunity.created", {"opportunity": "o"}),
    ):
        story.tell(type, data=fields)
        found.append(set(lists_of(story)) - {"house", "acquired"})
    assert found == [
        {"marketing_accepted"},
        {"marketing_accepted", "marketing_selected"},
        {"marketing_accepted", "scenario_completed"},
        {"scenario_completed", "handed_over"},
        {"scenario_completed", "handed_over"},
        set(),
        {"call_completed"},
        {"call_completed", "sales_accepted"},
        {"deal"},
    ]


def test_an_aborted_scenario_takes_the_selection_back() -> None:
    story = Story().reach("MAL")
    story.tell("scenario.started")
    story.tell("scenario.aborted")
    assert story.lead.marks == {}
    assert "marketing_selected" not in lists_of(story)


def test_what_was_remembered_of_a_pass_ends_with_it() -> None:
    story = Story().reach("MQL")
    story.tell("lead.handed_over")
    assert story.lead.marks == {"handover": "made"}
    story.tell("lead.recycled", reason="too_early")
    assert story.lead.marks == {}


def test_market_priority_and_grade_make_the_lists_of_targets() -> None:
    lead = LeadState(known=True, market="steel", priority="high", grade="A")
    assert on_list(LISTS, State(lead), day(0)) == ("house", "target", "target_by_market", "likely")


@given(acquired=st.none() | st.integers(0, 400), at=st.integers(0, 400))
def test_acquired_and_held_part_the_house_list(acquired: int | None, at: int) -> None:
    lead = LeadState(known=True, acquired_at=None if acquired is None else day(acquired))
    found = on_list(LISTS, State(lead), day(at))
    is_known_then = acquired is not None and acquired <= at
    assert len({"acquired", "held"} & set(found)) == is_known_then


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        ("{definition: {en: a}, when: {lead.known: true}}", "`label` is missing"),
        ("{label: {en: a}, definition: {en: a}}", "`when` is missing"),
        (
            "{label: {en: a}, definition: {en: a}, when: {event.channel: web}}",
            "unknown path; nearest known",
        ),
        (
            "{label: {en: a}, definition: {en: a}, when: {lead.known: true}, held_before_days: 0}",
            "expected a number of days from 1 to 36500",
        ),
        (
            "{label: {en: all}, definition: {en: a}, when: {lead.known: true}}",
            "'all' already names everybody on line",
        ),
        (
            "{label: {en: a}, definition: {en: a}, when: {lead.known: true}, by: [lead.hobby]}",
            "'lead.hobby' is not a path of a lead",
        ),
    ],
)
def test_a_mistake_in_a_list_is_reported_with_its_line(entry: str, complaint: str) -> None:
    everybody = "{label: {en: all}, definition: {en: all}, when: {lead.known: true}}"
    text = f"{SMALL}lists:\n  everybody: {everybody}\n  mine: {entry}\n"
    complaints = [str(one) for one in inspect(text).complaints]
    assert len(complaints) == 1
    assert complaint in complaints[0]
    assert complaints[0].startswith(f"line {len(text.splitlines())}")
