"""Explain a lead's score: every point, with the event or attribute that gave it."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from domain.lead.readings import CaseReadings
from domain.lead.score import amount, counts_at, percent_at, score_at
from domain.lead.state import LeadState, Point, State
from domain.lifecycle.compiled.table import CompiledLifecycle
from domain.lifecycle.scoring import Scoring
from domain.rules.grading import graded_at, next_grade_change
from domain.times import format_optional_utc, format_utc
from service.ingest.labels import Worded
from service.reading.leads import KnownLead
from service.shapes import selections as shapes

NOTHING_GIVES_POINTS = Scoring({}, {}, {}, ())
DAY = timedelta(days=1)


def explain(
    compiled: CompiledLifecycle,
    lead: KnownLead,
    at: datetime,
    *,
    types: Mapping[int, str],
    language: str | None,
) -> shapes.Score:
    """Describe a lead's score at a moment. `types` are those of the events that gave points."""
    lifecycle, state = compiled.lifecycle, lead.state
    scoring = lifecycle.scoring or NOTHING_GIVES_POINTS
    score = score_at(scoring, state, at)
    graded = graded_at(lifecycle, state, at)
    grade, changes_at = graded.grade, next_grade_change(lifecycle, state, graded)
    content: shapes.Score = {
        "lead": lead.id,
        "as_of": format_utc(at),
        "as_of_position": str(lead.head),
        "lifecycle": compiled.version,
        "stage": state.stage,
        "score": str(amount(score.total)),
        "fit": score.fit,
        "interest": str(amount(score.interest)),
        "grade": grade,
        "next_grade_change": format_optional_utc(changes_at),
        "market": state.market,
        "priority": state.priority,
        "attributes": _of_attributes(scoring, state, language),
        "events": [_of_event(scoring, points, at, types, language) for points in state.points],
    }
    if language is not None and grade is not None:
        content["grade_label"] = _label(lifecycle.grades[grade], language)
    return content


def _of_attributes(
    scoring: Scoring, lead: LeadState, language: str | None
) -> list[shapes.AttributePoints]:
    facts = CaseReadings(State(lead))
    rows: list[shapes.AttributePoints] = []
    for name, points in lead.fit.items():
        rule = scoring.attributes.get(name)
        saw = {path: facts.get(path) for path in rule.condition.reads} if rule is not None else {}
        row: shapes.AttributePoints = {"rule": name, "points": points, "saw": saw}
        if language is not None:
            row["label"] = _label(rule, language)
        rows.append(row)
    return rows


def _of_event(
    scoring: Scoring,
    point: Point,
    at: datetime,
    types: Mapping[int, str],
    language: str | None,
) -> shapes.EventPoints:
    age = max(at - point.occurred_at, timedelta())
    row: shapes.EventPoints = {
        "rule": point.rule,
        "position": str(point.position),
        "type": types.get(point.position),
        "time": format_utc(point.occurred_at),
        "age_days": age // DAY,
        "points": point.points,
        "percent": percent_at(scoring.ageing_of(point.rule), age),
        "counts": str(amount(counts_at(scoring, point, at))),
    }
    if language is not None:
        row["label"] = _label(scoring.events.get(point.rule), language)
    return row


def _label(rule: Worded | None, language: str) -> str | None:
    """Return the label of a rule; None if the lifecycle that decides the lead lacks the rule."""
    return rule.words.label.get(language) if rule is not None else None
