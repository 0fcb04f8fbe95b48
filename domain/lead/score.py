"""A lead's score at a moment: fit from what is known, interest from what it did, exactly.

Everything is an integer. Interest is counted in hundredths of a point, because an ageing point
keeps a whole percentage of its value. So every sum is exact, and equals the sum of its parts.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from typing import NamedTuple

from domain.lead.state import LeadState, Point
from domain.lifecycle.conditions import Readings
from domain.lifecycle.scoring import AgeStep, Scoring

HUNDREDTHS = 100
WHOLE = 100
"""Percentage of its points that a new event counts."""
_OCCURRED_AT = attrgetter("occurred_at")


class Score(NamedTuple):
    """A lead's score at one moment."""

    fit: int
    """Points."""
    interest: int
    """Hundredths of a point."""

    @property
    def total(self) -> int:
        """Fit and interest together, in hundredths of a point."""
        return self.fit * HUNDREDTHS + self.interest


def amount(hundredths: int) -> int | str:
    """Write hundredths of a point as conditions and people read them: 12, or "11.25"."""
    whole, rest = divmod(abs(hundredths), HUNDREDTHS)
    if not rest:
        return hundredths // HUNDREDTHS
    sign = "-" if hundredths < 0 else ""
    return f"{sign}{whole}.{rest:02}".rstrip("0")


def score_at(scoring: Scoring, lead: LeadState, at: datetime) -> Score:
    """Return the score of a lead at a moment."""
    return Score(fit_of(lead), sum(counts_at(scoring, point, at) for point in lead.points))


def fit_of(lead: LeadState) -> int:
    return sum(lead.fit.values())


def counts_at(scoring: Scoring, point: Point, at: datetime) -> int:
    """Return the remaining value of a point, in hundredths."""
    return point.points * percent_at(scoring.ageing_of(point.rule), at - point.occurred_at)


def percent_at(ageing: Sequence[AgeStep], age: timedelta) -> int:
    """Return the percentage that points of an age count: that of the last step reached.

    A step applies from its exact moment on.
    """
    percent = WHOLE
    for step in ageing:
        if age < step.after:
            break
        percent = step.percent
    return percent


def interest_after(
    scoring: Scoring, points: Iterable[Point], at: datetime
) -> Iterator[tuple[datetime, int]]:
    """Yield each later moment at which points age, and the interest from then on."""
    interest, steps = 0, defaultdict[datetime, int](int)
    for point in points:
        ageing = scoring.ageing_of(point.rule)
        percent = percent_at(ageing, at - point.occurred_at)
        interest += point.points * percent
        for step in ageing:
            moment = point.occurred_at + step.after
            if moment > at:
                steps[moment] += point.points * (step.percent - percent)
                percent = step.percent
    for moment in sorted(steps):
        interest += steps[moment]
        yield moment, interest


def judged_at(lead: LeadState, occurred_at: datetime) -> datetime:
    """Return the as-of time for judging a lead: never before its newest point.

    A history imported today is judged as of its own time, and a late report makes no point younger
    than it is.
    """
    newest = max(map(_OCCURRED_AT, lead.points), default=occurred_at)
    return max(newest, occurred_at)


def fit_by_rule(scoring: Scoring, readings: Readings) -> dict[str, int]:
    """Return the points of every attribute rule that is true."""
    return {
        rule.name: rule.points
        for rule in scoring.attributes.values()
        if rule.condition.test(readings) is True
    }


def points_of(scoring: Scoring, type: str, readings: Readings) -> list[list[str | int]]:
    """Return the points of an event: rule, points, and how often that rule counts at most."""
    return [
        [rule.name, rule.points, rule.most]
        for rule in scoring.by_type.get(type, ())
        if rule.condition is None or rule.condition.test(readings) is True
    ]


def most_of(scoring: Scoring, rule: str) -> int:
    """Return how many points of a rule count at a time; 1, the latest, for a removed rule."""
    found = scoring.events.get(rule)
    return 1 if found is None else found.most
