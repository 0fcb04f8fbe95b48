"""Whom we aim at, and how likely they are: targets, scoring and grades, as data.

Fit is what is known of a person, interest what the person does; the score is their sum. Points for
interest grow old in steps: from `after_days` on, a point counts so many percent.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from domain.lifecycle.conditions import Condition
from domain.lifecycle.words import Words


@dataclass(frozen=True, slots=True)
class TargetRule:
    """Whoever it is true of is a target, of this market and priority. The first true one counts."""

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
    """From this age on points count this share of what they were."""

    after: timedelta
    """Whole days of 24 hours."""
    percent: int


@dataclass(frozen=True, slots=True)
class EventRule:
    """Points for interest, given by each event of these types of which the condition is true."""

    name: str
    words: Words
    on: tuple[str, ...]
    points: int
    most: int
    """How many events of this rule count at one time: the latest."""
    ageing: tuple[AgeStep, ...]
    """In order of age, the rule's own or those of the section."""
    condition: Condition | None


@dataclass(frozen=True, slots=True)
class Scoring:
    attributes: Mapping[str, AttributeRule]
    events: Mapping[str, EventRule]
    by_type: Mapping[str, tuple[EventRule, ...]]
    """Event type → the rules that may give points for it: most types have none."""
    ageing: tuple[AgeStep, ...]
    """How points grow old that no rule says it of."""

    def ageing_of(self, rule: str) -> tuple[AgeStep, ...]:
        """Return how a rule's points grow old; also of one that an earlier version had."""
        found = self.events.get(rule)
        return self.ageing if found is None else found.ageing


@dataclass(frozen=True, slots=True)
class Grade:
    """A class of likelihood. Of all that are true the first in the text is the lead's."""

    code: str
    words: Words
    condition: Condition
