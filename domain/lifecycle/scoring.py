"""Targets, scoring and grades, as data.

Fit is based on what is known about a person, interest on what the person does; the score is their
sum. Points for interest age in steps: from `after_days` on, a point counts `percent` of its value.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from domain.lifecycle.conditions import Condition
from domain.lifecycle.words import Words


@dataclass(frozen=True, slots=True)
class TargetRule:
    """Makes a lead a target, with market and priority, if true. The first true rule counts."""

    market: str
    priority: str
    condition: Condition


@dataclass(frozen=True, slots=True)
class AttributeRule:
    """Points for fit, for as long as the condition over the lead's attributes is true."""

    name: str
    words: Words
    points: int
    condition: Condition


@dataclass(frozen=True, slots=True)
class AgeStep:
    """From this age on, points count this percentage of their value."""

    after: timedelta
    """Whole days of 24 hours."""
    percent: int


@dataclass(frozen=True, slots=True)
class EventRule:
    """Points for interest, given by each event of these types for which the condition is true."""

    name: str
    words: Words
    on: tuple[str, ...]
    points: int
    most: int
    """How many events of this rule count at a time (the latest)."""
    ageing: tuple[AgeStep, ...]
    """In order of age: the rule's own steps, else those of the section."""
    condition: Condition | None


@dataclass(frozen=True, slots=True)
class Scoring:
    attributes: Mapping[str, AttributeRule]
    events: Mapping[str, EventRule]
    by_type: Mapping[str, tuple[EventRule, ...]]
    """Event type → the rules that may give points for it; most types have none."""
    ageing: tuple[AgeStep, ...]
    """How points age if their rule does not say."""

    def ageing_of(self, rule: str) -> tuple[AgeStep, ...]:
        """Return how a rule's points age, including rules of earlier versions."""
        found = self.events.get(rule)
        return self.ageing if found is None else found.ageing


@dataclass(frozen=True, slots=True)
class Grade:
    """A class of likelihood. A lead has the first grade in the text whose condition is true."""

    code: str
    words: Words
    condition: Condition
