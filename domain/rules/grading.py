"""Judge a lead again: whether it is a target, its fit, its points, and when its grade changes.

Fit is judged when what is known about the person changes, and points are given with the event that
earns them. The grade follows from both and from time: one timer waits for the next moment at which
it would change if nothing else happened.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from domain.case import Case, Graded
from domain.effects import Effects, selected
from domain.lead.readings import CaseReadings
from domain.lead.score import (
    Score,
    amount,
    fit_by_rule,
    fit_of,
    interest_after,
    judged_at,
    points_of,
    score_at,
)
from domain.lead.state import Firing, LeadState, State, Timer
from domain.lifecycle.compiled.table import CompiledLifecycle
from domain.lifecycle.definition import Lifecycle
from domain.limits import PROFILES_MAX
from domain.times import format_utc

GRADE_CHANGED = "grade.changed"
GRADE_TIMER = "grade"

_JUDGED_AFTER = frozenset({"attributes", "fit", "points", "inherited_points", "lifecycle", "grade"})
"""Effects that may change a lead's grade, or the time of its next change."""


def effects_of_profile(compiled: CompiledLifecycle, lead: LeadState) -> Effects:
    """Return changes in fit by rule, market and priority, given what is known about the lead."""
    readings, profiles = CaseReadings(State(lead)), compiled.profiles
    seen = tuple([readings.get(path) for path in compiled.profile_reads])
    judged = profiles.get(seen)
    if judged is None:
        if len(profiles) >= PROFILES_MAX:
            profiles.clear()
        judged = profiles[seen] = _judged(compiled.lifecycle, readings)
    return selected(judged, [name for name in judged if getattr(lead, name) != judged[name]])


def _judged(lifecycle: Lifecycle, readings: CaseReadings) -> Mapping[str, Any]:
    target = next((rule for rule in lifecycle.targets if rule.condition.test(readings)), None)
    return {
        "fit": fit_by_rule(lifecycle.scoring, readings) if lifecycle.scoring is not None else {},
        "market": target.market if target is not None else None,
        "priority": target.priority if target is not None else None,
    }


def judge_person(case: Case) -> None:
    """Judge the person again after news about them, or take the grade that a timer sets."""
    assert case.party.lead is not None
    if case.signal.timer == GRADE_TIMER:
        case.add_effects({"grade": case.signal.data.get("grade")})
    elif case.party.lead.is_new or "attributes" in case.effects:
        case.add_effects(effects_of_profile(case.compiled, case.state.lead))


def give_points(case: Case) -> None:
    """Give the points that the report earns."""
    scoring, signal = case.compiled.lifecycle.scoring, case.signal
    if scoring is None or signal.type.name not in scoring.by_type:
        return
    given = points_of(scoring, signal.type.name, case.readings(signal.type.name, signal.data))
    if given:
        case.add_effects({"points": given})


def effects_of_succession(compiled: CompiledLifecycle, lead: LeadState) -> Effects:
    """Return what is judged differently for a lead that changes over to this lifecycle."""
    gone = not compiled.lifecycle.grades
    ended: Effects = {}
    if gone and lead.grade is not None:
        ended["grade"] = None
    if gone and GRADE_TIMER in lead.timers:
        ended["timers"] = {GRADE_TIMER: None}
    return effects_of_profile(compiled, lead) | ended


def judge_grade(case: Case) -> bool:
    """Record a change of grade, if there is one."""
    if not _is_judged_again(case):
        return False
    lead = case.state.lead
    _, grade, _ = _graded(case)
    if grade == lead.grade:
        return False
    case.add(
        GRADE_CHANGED,
        case.lead,
        data=_change(case.compiled.lifecycle, lead, grade, _moment(case)),
        effects={"grade": grade},
    )
    return True


def arm_grade(case: Case) -> None:
    """Set the timer for the moment at which the grade changes if nothing else happens."""
    if not _is_judged_again(case):
        return
    lead = case.state.lead
    due_at = next_grade_change(case.compiled.lifecycle, lead, _graded(case))
    armed = lead.timers.get(GRADE_TIMER)
    if due_at != (armed.due_at if armed is not None else None):
        case.add_effects(
            {"timers": {GRADE_TIMER: format_utc(due_at) if due_at is not None else None}}
        )


def _graded(case: Case) -> Graded:
    """Grade the lead as it is in the case now, once for each state that it has had."""
    lead = case.state.lead
    if case.graded is None or case.graded[0] is not lead:
        case.graded = (lead, graded_at(case.compiled.lifecycle, lead, _moment(case)))
    return case.graded[1]


def fire_grade(compiled: CompiledLifecycle, lead: LeadState, _: str, timer: Timer) -> Firing:
    """Return what the timer fires: the change that it waited for."""
    lifecycle, due_at = compiled.lifecycle, timer.due_at
    grade = graded_at(lifecycle, lead, due_at).grade
    return Firing(GRADE_CHANGED, _change(lifecycle, lead, grade, due_at))


def graded_at(lifecycle: Lifecycle, lead: LeadState, at: datetime) -> Graded:
    """Return the first grade whose condition holds for a lead at a moment."""
    asks = False

    def score() -> Score | None:
        nonlocal asks
        asks = True
        return _score(lifecycle, lead, at)

    return Graded(at, _grade(lifecycle, lead, score), asks)


def next_grade_change(lifecycle: Lifecycle, lead: LeadState, graded: Graded) -> datetime | None:
    """Return the next moment at which ageing points change the grade of a lead.

    Most leads have so little fit that no interest would help. Then the score is not read, and the
    grade is the same at every moment.
    """
    scoring = lifecycle.scoring
    if scoring is None or not lead.points or not graded.reads_score:
        return None
    fit = fit_of(lead)
    for moment, interest in interest_after(scoring, lead.points, graded.at):
        if _grade(lifecycle, lead, partial(Score, fit, interest)) != graded.grade:
            return moment
    return None


def _grade(lifecycle: Lifecycle, lead: LeadState, score: Callable[[], Score | None]) -> str | None:
    readings = CaseReadings(State(lead), score=score)
    for grade in lifecycle.grades.values():
        if grade.condition.test(readings):
            return grade.code
    return None


def _score(lifecycle: Lifecycle, lead: LeadState, at: datetime) -> Score | None:
    return score_at(lifecycle.scoring, lead, at) if lifecycle.scoring is not None else None


def _change(
    lifecycle: Lifecycle, lead: LeadState, grade: str | None, at: datetime
) -> Mapping[str, Any]:
    score = _score(lifecycle, lead, at)
    fields = {
        "before": lead.grade,
        "grade": grade,
        "score": str(amount(score.total)) if score is not None else None,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _moment(case: Case) -> datetime:
    return judged_at(case.state.lead, case.signal.occurred_at)


def _is_judged_again(case: Case) -> bool:
    if not case.compiled.lifecycle.grades:
        return False
    lead, pass_before = case.party.lead, case.before.lead.pass_number
    if lead is not None and lead.is_new:
        return True
    return pass_before != case.state.lead.pass_number or not _JUDGED_AFTER.isdisjoint(case.news)
