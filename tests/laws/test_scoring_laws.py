"""Laws of scoring: sums are exact, timers are set for the right moment, order does not matter."""

from datetime import datetime, timedelta
from fractions import Fraction

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.event import Event, Subject
from domain.lead.evolve import evolve
from domain.lead.score import amount, counts_at, interest_after, score_at
from domain.lead.state import LeadState, Point
from domain.lifecycle.definition import SubjectKind
from domain.rules.grading import graded_at, next_grade_change
from events.submission import Submission
from tests.support.histories import Step, histories, tell
from tests.support.ledger_in_memory import LedgerInMemory
from tests.support.stories import day, demand_funnel
from tests.support.tier import by_tier

LIFECYCLE = demand_funnel().lifecycle
SCORING = LIFECYCLE.scoring
assert SCORING is not None
RULES = (*SCORING.events.values(),)
MICROSECOND = timedelta(microseconds=1)
thorough = settings(
    max_examples=by_tier(push=50, nightly=2_000),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)

moments = st.integers(min_value=0, max_value=500 * 24).map(lambda hours: day(hours / 24))
points = st.builds(
    lambda rule, position, at: Point(rule.name, rule.points, position, at),
    st.sampled_from(RULES),
    st.integers(min_value=1, max_value=99),
    moments,
)
leads = st.builds(
    lambda some, fit: LeadState(points=tuple(some), fit={"decides": fit} if fit else {}),
    st.lists(points, max_size=12),
    st.sampled_from((0, 10, 20, 30)),
)


@given(leads, moments)
@thorough
def test_the_score_is_the_sum_of_what_explains_it_to_the_hundredth(
    lead: LeadState, at: datetime
) -> None:
    assert SCORING is not None
    score = score_at(SCORING, lead, at)
    parts = [counts_at(SCORING, point, at) for point in lead.points]
    explained = sum((Fraction(str(amount(part))) for part in parts), Fraction(0))
    assert Fraction(str(amount(score.total))) == explained + score.fit


@given(leads, moments)
@thorough
def test_interest_is_given_for_every_moment_at_which_it_changes(
    lead: LeadState, at: datetime
) -> None:
    assert SCORING is not None
    changes = list(interest_after(SCORING, lead.points, at))
    assert [moment for moment, _ in changes] == sorted({moment for moment, _ in changes})
    before = score_at(SCORING, lead, at).interest
    for moment, interest in changes:
        assert score_at(SCORING, lead, moment - MICROSECOND).interest == before
        assert score_at(SCORING, lead, moment).interest == interest
        before = interest
    assert before == score_at(SCORING, lead, day(99_999)).interest


@given(leads, moments)
@thorough
def test_the_grade_stays_until_the_moment_of_its_timer(lead: LeadState, at: datetime) -> None:
    assert SCORING is not None
    graded = graded_at(LIFECYCLE, lead, at)
    due_at = next_grade_change(LIFECYCLE, lead, graded)
    for moment, _ in interest_after(SCORING, lead.points, at):
        if due_at is None or moment < due_at:
            assert graded_at(LIFECYCLE, lead, moment).grade == graded.grade
    if due_at is not None:
        assert graded_at(LIFECYCLE, lead, due_at - MICROSECOND).grade == graded.grade
        assert graded_at(LIFECYCLE, lead, due_at).grade != graded.grade


@given(st.lists(points, min_size=1, max_size=12, unique_by=lambda one: one.position), st.data())
@thorough
def test_which_points_count_does_not_depend_on_the_order_of_reports(
    some: list[Point], data: st.DataObject
) -> None:
    assert SCORING is not None
    most = {rule.name: rule.most for rule in RULES}

    def counted(order: list[Point]) -> set[Point]:
        lead = LeadState()
        for one in order:
            given_by = Event(
                one.position, "x", Subject(SubjectKind.LEAD, "l"), one.occurred_at, {},
                {"points": [[one.rule, one.points, most[one.rule]]]},
            )  # fmt: skip
            lead = evolve(lead, given_by)
        return set(lead.points)

    found = counted(some)
    assert found == counted(data.draw(st.permutations(some)))
    for name, limit in most.items():
        of_rule = sorted(
            ((one.occurred_at, one.position) for one in some if one.rule == name), reverse=True
        )
        kept = {(row.occurred_at, row.position) for row in found if row.rule == name}
        assert kept == set(of_rule[:limit])


@given(histories)
@settings(thorough, max_examples=by_tier(push=20, nightly=1_000))
def test_once_everything_due_has_happened_each_lead_has_the_grade_of_now(
    history: list[list[Step]],
) -> None:
    ledger = tell(history)
    ids = [one for one, remembered in ledger.subjects.items() if _is_lead(remembered.state)]
    if ids:
        ledger.submit(Submission((), woken=tuple(ids)))
    now = ledger._now()
    for lead_id in ids:
        state = ledger.subjects[lead_id].state
        assert isinstance(state, LeadState)
        graded = graded_at(ledger.compiled.lifecycle, state, now)
        assert state.grade == graded.grade
        due = state.timers.get("grade")
        expected = next_grade_change(ledger.compiled.lifecycle, state, graded)
        assert (due.due_at if due is not None else None) == expected


def _is_lead(state: object) -> bool:
    return isinstance(state, LeadState)


def test_the_laws_are_tested_on_leads_with_grades() -> None:
    ledger = LedgerInMemory(demand_funnel())
    who = {"email": "a@b.example", "profile": {"industry": "steel", "position": "director"}}
    ledger.send_one("form.submitted", lead=who)
    (lead,) = [subject.state for subject in ledger.subjects.values() if _is_lead(subject.state)]
    assert isinstance(lead, LeadState)
    assert lead.grade == "B"
