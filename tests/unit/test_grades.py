"""A grade is reported only when it is crossed, including by the passing of time."""

from dataclasses import replace

from domain.event import Event
from domain.lifecycle.compiled.table import compile_lifecycle
from tests.support.stories import Story, day, demand_funnel

DIRECTOR = {"industry": "steel", "position": "director"}


def known_director(at: float = 0) -> Story:
    """Begin with fit 30 and interest 10: 40 points, grade B."""
    story = Story()
    story.tell("form.submitted", at=at, mail="example.co.jp", profile=DIRECTOR)
    return story


def changes(story: Story, *, until: float) -> list[Event]:
    """Advance time, and return how the grade changed."""
    before = len(story.events)
    story.wait_until(day(until))
    return [event for event in story.events[before:] if event.type == "grade.changed"]


def test_a_grade_is_reported_when_it_is_crossed() -> None:
    story = known_director()
    assert story.events[-1].type == "grade.changed"
    assert story.events[-1].data == {"grade": "B", "score": "40"}
    assert story.lead.grade == "B"
    assert story.tell("content.downloaded", at=1) == ["content.downloaded"]
    assert story.tell("seminar.attended", at=2) == ["seminar.attended", "grade.changed"]
    assert story.events[-1].data == {"before": "B", "grade": "A", "score": "70"}


def test_a_lead_without_fit_has_no_grade_however_active() -> None:
    story = Story().reach("MAL")
    for at in range(5):
        story.tell("content.downloaded", at=at)
    assert (story.lead.grade, "grade" in story.lead.timers) == (None, False)


def test_it_falls_when_the_points_have_grown_old() -> None:
    story = known_director()
    assert story.lead.timers["grade"].due_at == day(30)
    assert changes(story, until=29.9) == []
    (fallen,) = changes(story, until=30)
    assert (fallen.occurred_at, fallen.cause) == (day(30), 1)
    assert fallen.data["grade"] == "C"
    assert fallen.data["score"] == "37.5"
    assert "grade" not in story.lead.timers, "fit alone keeps grade C"


def test_the_timer_waits_for_the_grade_and_not_for_every_step() -> None:
    story = known_director()
    for at in (1, 2, 3):
        story.tell("content.downloaded", at=at)
    assert story.lead.grade == "A", "30 and 40 points"
    story.tell("seminar.attended", at=4)
    # 90 points, 75 from day 34 on, then 72.5 and 70 on days 90 and 91.
    assert story.lead.timers["grade"].due_at == day(92)


def test_every_fall_during_a_long_silence_is_reported_in_order() -> None:
    story = known_director()
    for at in (1, 2):
        story.tell("seminar.attended", at=at)
    assert story.lead.grade == "A"
    found = [(one.occurred_at, one.data["grade"]) for one in changes(story, until=1_000)]
    assert found == [(day(32), "B"), (day(366), "C")]
    assert changes(story, until=5_000) == []


def test_something_new_moves_the_timer_without_a_word() -> None:
    story = known_director()
    assert story.tell("chat.started", at=20) == ["chat.started"]
    effects = story.events[-1].effects
    assert effects["points"] == [["chatted", 5, 1]]
    assert effects["timers"]["grade"] == "2026-06-30T00:00:00.000000Z"
    assert story.lead.timers["grade"].armed_by == story.position


def test_a_history_that_is_imported_is_judged_as_of_then() -> None:
    story = known_director(at=-700)
    assert story.lead.grade == "B"
    assert story.lead.timers["grade"].due_at == day(-670)


def test_a_new_pass_loses_the_grade_of_the_one_before() -> None:
    story = known_director()
    for step in ("lead.qualified", "lead.sales_accepted"):
        story.tell(step)
    assert story.tell("lead.recycled", at=3, reason="too_early") == [
        "lead.recycled: SAL → MAL recycled, pass 2",
        "grade.changed",
    ]
    assert story.events[-1].data == {"before": "B", "grade": "C", "score": "30"}
    assert "grade" not in story.lead.timers


def test_a_grade_rises_when_what_spoke_against_it_has_grown_old() -> None:
    story = known_director()
    story.tell("unsubscribed", at=1)
    assert story.lead.grade == "C"
    assert story.lead.points[-1].points == -20
    found = [(one.occurred_at, one.data) for one in changes(story, until=1_000)]
    assert found == [
        (day(30), {"before": "C", "score": "17.5", "timer": "grade"}),
        (day(31), {"grade": "C", "score": "22.5", "timer": "grade"}),
    ]


def test_a_lifecycle_without_grades_reports_none() -> None:
    story = Story(compile_lifecycle(replace(demand_funnel().lifecycle, grades={})))
    story.tell("form.submitted", mail="example.co.jp", profile=DIRECTOR)
    assert (story.lead.grade, "grade" in story.lead.timers) == (None, False)
