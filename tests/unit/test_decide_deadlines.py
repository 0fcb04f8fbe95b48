"""Deadlines and hand-overs: given a lead, when something happens or nothing does, then what."""

from datetime import timedelta

import pytest

from domain.deciding.automation import effects_of_succession
from domain.event import Event, Subject
from domain.lead.evolve import evolve
from domain.lead.state import Due
from domain.lifecycle.compiled.table import CompiledLifecycle
from domain.lifecycle.definition import SubjectKind
from events.lifecycles.shipped import read_lifecycle_text
from tests.support.stories import LEAD, Story, demand_funnel, jst, published, returning_funnel

QUALIFIED = jst("2026-04-01T10:00")
DUE = jst("2026-04-03T18:00")
IN_TIME, LATE = jst("2026-04-02T10:00"), jst("2026-04-06T10:00")
RETURNED = jst("2026-04-08T18:00")


def qualified(compiled: CompiledLifecycle | None = None) -> Story:
    story = Story(compiled) if compiled is not None else Story()
    story.tell("form.submitted", at=QUALIFIED, mail="example.co.jp")
    story.tell("lead.qualified", at=QUALIFIED)
    return story


def accepted(compiled: CompiledLifecycle | None = None) -> Story:
    story = qualified(compiled)
    story.tell("lead.sales_accepted", at=QUALIFIED)
    return story


def test_qualification_hands_the_lead_over_and_starts_the_acceptance_deadline() -> None:
    story = Story()
    story.tell("form.submitted", at=QUALIFIED, mail="example.co.jp")
    assert story.tell_all("lead.qualified", at=QUALIFIED) == [
        "lead.qualified: MAL → MQL advanced",
        "lead.handed_over",
        "deadline.started",
    ]
    started = story.events[-1]
    assert started.data == {
        "deadline": "acceptance",
        "due": "2026-04-03T09:00:00.000000Z",
        "team": "inside_sales",
    }
    assert story.lead.deadlines == {"acceptance": Due(DUE, "MQL", started.position)}
    assert story.lead.timers["deadline.acceptance"] == (DUE, started.position)


def test_a_hand_over_says_from_whom_to_whom_and_what_is_known() -> None:
    story = qualified()
    assert story.events[-2].data == {
        "hand_over": "to_inside_sales",
        "from_department": "marketing",
        "to_department": "inside_sales",
        "team": "inside_sales",
        "brief": {"lead.origin": "marketing-digital"},
    }
    assert (story.lead.owner, story.lead.team) == (None, "inside_sales")


def test_the_first_row_of_the_table_that_holds_names_the_assignee() -> None:
    text = read_lifecycle_text("demand_funnel")
    compiled = published(text.replace("# - {team: east", "- {team: east", 1))
    story = Story(compiled)
    story.tell("form.submitted", at=QUALIFIED, mail="example.co.jp")
    story.state = story.state._replace(
        lead=story.lead._replace(attributes={**story.lead.attributes, "region": "tokyo"})
    )
    story.tell("lead.qualified", at=QUALIFIED)
    assert (story.lead.owner, story.lead.team) == ("employee-107", "east")


@pytest.mark.parametrize(
    ("stage", "type", "data", "name"),
    [
        ("SAL", "lead.sales_qualified", {}, "to_field_sales"),
        ("SQL", "order.recorded", {"order": "o"}, "to_customer_success"),
    ],
)
def test_inside_sales_and_field_sales_hand_over_too(
    stage: str, type: str, data: dict[str, str], name: str
) -> None:
    story = Story().reach(stage)
    story.tell(type, data=data)
    (handed,) = (one for one in story.events if one.data.get("hand_over") == name)
    assert handed.type == "lead.handed_over"


def test_a_person_who_hands_over_names_the_owner() -> None:
    story = qualified()
    story.tell("lead.handed_over", at=QUALIFIED, owner="suzuki", team="west")
    assert (story.lead.owner, story.lead.team) == ("suzuki", "west")


@pytest.mark.parametrize(
    ("type", "data"),
    [("lead.sales_accepted", {}), ("inquiry.received", {"channel": "sales_direct"})],
)
def test_an_acceptance_or_an_enquiry_may_name_the_owner(type: str, data: dict[str, str]) -> None:
    story = qualified()
    story.tell(type, at=QUALIFIED, data={"owner": "suzuki", **data})
    assert (story.stage, story.lead.owner) == ("SAL", "suzuki")
    assert story.lead.team == "inside_sales"


def test_a_correction_does_not_hand_over() -> None:
    story = Story().reach("MAL")
    story.tell("stage.corrected", to="MQL", reason="recorded_by_mistake")
    assert not [one for one in story.events if one.type == "lead.handed_over"]
    assert "acceptance" in story.lead.deadlines


@pytest.mark.parametrize(
    ("decision", "data", "said"),
    [
        ("lead.sales_accepted", {}, "lead.sales_accepted: MQL → SAL advanced"),
        (
            "lead.sales_rejected",
            {"reason": "out_of_focus"},
            "lead.sales_rejected: MQL → MAL returned",
        ),
    ],
)
def test_a_decision_in_time_meets_the_deadline(
    decision: str, data: dict[str, str], said: str
) -> None:
    story = qualified()
    lines = story.tell_all(decision, at=DUE, data=data)
    assert lines[:2] == [said, "deadline.met"]
    assert "deadline.acceptance" not in story.lead.timers
    assert "acceptance" not in story.lead.deadlines


def test_an_unmet_deadline_is_breached_once_when_it_is_due() -> None:
    story = qualified()
    assert story.wait_until(DUE - timedelta(microseconds=1)) == []
    assert story.wait_until(LATE) == ["deadline.breached"]
    breached = story.events[-1]
    assert (breached.occurred_at, breached.cause) == (
        DUE,
        story.lead.deadlines["acceptance"].started,
    )
    assert story.lead.deadlines["acceptance"].breached == breached.position
    assert story.wait_until(LATE) == []


def test_a_late_decision_ends_the_deadline_and_does_not_meet_it() -> None:
    story = qualified()
    story.wait_until(LATE)
    assert story.tell_all("lead.sales_accepted", at=LATE) == [
        "lead.sales_accepted: MQL → SAL advanced",
        "deadline.started",
    ]
    assert story.lead.deadlines.keys() == {"first_attempt"}


def test_a_late_attempt_without_a_move_ends_its_deadline() -> None:
    story = accepted()
    story.wait_until(LATE)
    assert story.lead.deadlines["first_attempt"].breached is not None
    assert story.tell_all("screening.attempted", at=LATE, reached=False) == ["screening.attempted"]
    assert story.lead.deadlines == {}


def test_leaving_the_stage_by_another_move_ends_its_deadlines() -> None:
    story = qualified()
    story.tell("order.recorded", at=IN_TIME, order="o")
    assert story.stage == "WON"
    assert story.lead.deadlines == {}
    assert story.wait_until(LATE) == []


def test_a_stay_that_is_over_in_the_same_report_starts_no_deadline() -> None:
    story = qualified()
    story.tell("screening.completed", at=IN_TIME, data={"class": "now"})
    assert story.tell_all("lead.sales_accepted", at=IN_TIME) == [
        "lead.sales_accepted: MQL → SAL advanced",
        "lead.reconsidered: SAL → SQL advanced",
        "lead.handed_over",
        "deadline.met",
    ]


def test_a_lead_returns_automatically_after_the_grace_period() -> None:
    story = qualified(returning_funnel())
    assert story.wait_until(RETURNED) == ["deadline.breached", "lead.returned: MQL → MAL returned"]
    assert story.events[-1].occurred_at == RETURNED
    assert story.lead.deadlines == {}


def test_a_decision_within_the_grace_keeps_the_lead() -> None:
    story = qualified(returning_funnel())
    story.wait_until(LATE)
    story.tell("lead.sales_accepted", at=LATE)
    assert story.wait_until(RETURNED)[:1] != ["lead.returned: MQL → MAL returned"]
    assert story.stage == "SAL"


def test_a_decision_at_the_moment_of_the_return_is_refused() -> None:
    story = qualified(returning_funnel())
    story.wait_until(RETURNED)
    assert story.refuse("lead.sales_accepted", at=RETURNED).stage == "MAL"


def test_an_absorbed_lead_has_nothing_due() -> None:
    story = qualified()
    absorbed = Event(
        story.position + 1,
        "identity.absorbed",
        Subject(SubjectKind.LEAD, LEAD),
        LATE,
        {"by": "another"},
        {"absorbed_by": "another"},
    )
    state = evolve(story.lead, absorbed)
    assert (dict(state.timers), dict(state.deadlines)) == ({}, {})


def test_under_a_lifecycle_without_the_sections_nothing_is_left_that_could_fire() -> None:
    story = qualified(returning_funnel())
    story.wait_until(LATE)
    story.tell("screening.completed", at=LATE, data={"class": "later"})
    assert story.lead.timers.keys() == {"return.acceptance", "revisit"}
    assert effects_of_succession(story.compiled, story.lead) == {}
    text = story.compiled.lifecycle.text
    without = published(text[: text.index("# When teams are at work.")])
    assert effects_of_succession(without, story.lead) == {
        "timers": {"return.acceptance": None, "revisit": None},
        "deadlines": {"acceptance": None},
    }
    assert effects_of_succession(demand_funnel(), story.lead) == {
        "timers": {"return.acceptance": None}
    }
