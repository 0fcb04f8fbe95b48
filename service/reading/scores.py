"""Explain a lead's score: every point, with the event or attribute that gave it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from domain.lead.readings import CaseReadings
from domain.lead.score import amount, counts_at, percent_at, score_at
from domain.lead.state import LeadState, Point, State
from domain.lifecycle.compiled.table import CompiledLifecycle
from domain.lifecycle.scoring import Scoring
from domain.rules.candidacy import obstacle
from domain.rules.grading import grade_at, next_grade_change
from domain.times import format_utc

NOTHING_GIVES_POINTS = Scoring({}, {}, {}, ())
DAY = timedelta(days=1)


def explain(
    compiled: CompiledLifecycle,
    lead: LeadState,
    at: datetime,
    *,
    types: Mapping[int, str],
    language: str | None,
) -> dict[str, Any]:
    """Describe a lead's score at a moment. `types` are those of the events that gave points."""
    lifecycle = compiled.lifecycle
    scoring = lifecycle.scoring or NOTHING_GIVES_POINTS
    score = score_at(scoring, lead, at)
    grade, changes_at = grade_at(lifecycle, lead, at), next_grade_change(lifecycle, lead, at)
    content: dict[str, Any] = {
        "lifecycle": compiled.version,
        "stage": lead.stage,
        "score": str(amount(score.total)),
        "fit": score.fit,
        "interest": str(amount(score.interest)),
        "grade": grade,
        "next_grade_change": format_utc(changes_at) if changes_at is not None else None,
        "market": lead.market,
        "priority": lead.priority,
        "attributes": _of_attributes(scoring, lead, language),
        "events": [_of_event(scoring, points, at, types, language) for points in lead.points],
    }
    if language is not None and grade is not None:
        content["grade_label"] = lifecycle.grades[grade].words.label.get(language)
    return content


def hindrance(compiled: CompiledLifecycle, state: State, at: datetime) -> dict[str, Any]:
    """Describe what prevents a lead from being a candidate, given its and its account's state."""
    found = obstacle(compiled, state, at)
    return {"obstacle": str(found) if found is not None else None}


def _of_attributes(scoring: Scoring, lead: LeadState, language: str | None) -> list[dict[str, Any]]:
    facts = CaseReadings(State(lead))
    rows = []
    for name, points in lead.fit.items():
        rule = scoring.attributes.get(name)
        saw = {path: facts.get(path) for path in rule.condition.reads} if rule is not None else {}
        row = {"rule": name, "points": points, "saw": saw}
        if language is not None:
            row["label"] = rule.words.label.get(language) if rule is not None else None
        rows.append(row)
    return rows


def _of_event(
    scoring: Scoring,
    point: Point,
    at: datetime,
    types: Mapping[int, str],
    language: str | None,
) -> dict[str, Any]:
    age = max(at - point.occurred_at, timedelta())
    row: dict[str, Any] = {
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
        rule = scoring.events.get(point.rule)
        row["label"] = rule.words.label.get(language) if rule is not None else None
    return row
