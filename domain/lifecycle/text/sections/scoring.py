"""The text of targets, scoring and grades."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta

from domain.lifecycle.conditions import Condition
from domain.lifecycle.definition import EventKind, EventType, SubjectKind
from domain.lifecycle.scoring import (
    AgeStep,
    AttributeRule,
    EventRule,
    Grade,
    Scoring,
    TargetRule,
)
from domain.lifecycle.text.conditions import UNREADABLE, read_condition
from domain.lifecycle.text.place import Place
from domain.lifecycle.text.sections.events import read_names
from domain.lifecycle.text.vocabulary import Vocabulary
from domain.lifecycle.text.words import WORD_KEYS, Placed, check_code, read_words, values_of
from domain.limits import POINTS_MAX, SCORED_TIMES_MAX, SCORING_DAYS_MAX

NONE_LEFT, WHOLE = 0, 100

GRADE_EVENT = "grade.changed"


@dataclass(frozen=True, slots=True)
class ScoringScope:
    """What these sections may refer to."""

    languages: Collection[str]
    events: Mapping[str, EventType]
    vocabulary: Vocabulary


def read_targets(
    place: Place | None,
    around: ScoringScope,
    *,
    markets: Collection[str],
    priorities: Collection[str],
) -> tuple[TargetRule, ...]:
    """Read the target rules. They read attributes only: other values are not judged in time."""
    rules: list[TargetRule] = []
    keys = place.entries(known=("rules",), required=("rules",)) if place else {}
    vocabulary = around.vocabulary.of_attributes()
    for item in keys["rules"].items() if "rules" in keys else ():
        wanted = ("market", "priority", "when")
        entry = item.entries(known=wanted, required=wanted)
        market = _one_of(entry.get("market"), markets, kind="one of `markets`")
        priority = _one_of(entry.get("priority"), priorities, kind="one of `priorities`")
        rules.append(TargetRule(market, priority, _read_when(entry, vocabulary)))
    return tuple(rules)


def read_scoring(place: Place | None, around: ScoringScope) -> Scoring | None:
    """Read the rules that give points; names are unique across both kinds."""
    if place is None:
        return None
    keys = place.entries(known=("attributes", "events", "ageing"))
    ageing = _read_ageing(keys.get("ageing"))
    attributes = _read_attribute_rules(keys.get("attributes"), around)
    events = _read_event_rules(keys.get("events"), around, ageing=ageing)
    for name in attributes.keys() & events.keys():
        line = attributes[name].place.line
        events[name].place.complain(f"a rule of this name is already on line {line}")
    rules = values_of(events)
    return Scoring(
        attributes=values_of(attributes),
        events=rules,
        by_type={
            type: tuple(rule for rule in rules.values() if type in rule.on)
            for type in dict.fromkeys(type for rule in rules.values() for type in rule.on)
        },
        ageing=ageing,
    )


def read_grades(place: Place | None, around: ScoringScope) -> dict[str, Placed[Grade]]:
    """Read the grades, best first. They read what a lead's own actions and time can change."""
    grades: dict[str, Placed[Grade]] = {}
    vocabulary = around.vocabulary.of_likelihood()
    for code, entry in place.entries().items() if place else ():
        check_code(entry, code)
        keys = entry.entries(known=(*WORD_KEYS, "when"), required=("when",))
        words = read_words(entry, keys, languages=around.languages, defined=True)
        grades[code] = Placed(entry, Grade(code, words, _read_when(keys, vocabulary)))
    if place is not None:
        require_service_event(place, around.events, GRADE_EVENT, SubjectKind.LEAD)
    return grades


def require_service_event(
    place: Place, events: Mapping[str, EventType], name: str, subject: SubjectKind
) -> None:
    """Complain if the text does not correctly declare an event type that a section needs."""
    event = events.get(name)
    if event is None:
        place.complain(f"the event type {name} is missing; the service writes it for this section")
    elif event.subject is not subject or not event.reserved:
        place.complain(f"{name} must be declared under `derived`, about the {subject}")


def _read_attribute_rules(
    place: Place | None, around: ScoringScope
) -> dict[str, Placed[AttributeRule]]:
    rules: dict[str, Placed[AttributeRule]] = {}
    vocabulary = around.vocabulary.of_attributes()
    for name, entry in place.entries().items() if place else ():
        check_code(entry, name)
        keys = entry.entries(known=(*WORD_KEYS, "points", "when"), required=("points", "when"))
        words = read_words(entry, keys, languages=around.languages)
        rule = AttributeRule(name, words, _read_points(keys), _read_when(keys, vocabulary))
        rules[name] = Placed(entry, rule)
    return rules


def _read_event_rules(
    place: Place | None, around: ScoringScope, *, ageing: tuple[AgeStep, ...]
) -> dict[str, Placed[EventRule]]:
    facts = [
        name
        for name, event in around.events.items()
        if event.kind is EventKind.FACT and event.subject is SubjectKind.LEAD
    ]
    rules: dict[str, Placed[EventRule]] = {}
    for name, entry in place.entries().items() if place else ():
        check_code(entry, name)
        keys = entry.entries(
            known=(*WORD_KEYS, "on", "points", "most", "ageing", "when"), required=("on", "points")
        )
        rule = EventRule(
            name=name,
            words=read_words(entry, keys, languages=around.languages),
            on=read_names(keys.get("on"), facts, kind="a fact about a lead"),
            points=_read_points(keys),
            most=keys["most"].integer(1, SCORED_TIMES_MAX) if "most" in keys else 1,
            ageing=_read_ageing(keys["ageing"]) if "ageing" in keys else ageing,
            condition=_read_when(keys, around.vocabulary) if "when" in keys else None,
        )
        rules[name] = Placed(entry, rule)
    return rules


def _read_ageing(place: Place | None) -> tuple[AgeStep, ...]:
    """Read how points age: steps with rising age and falling percentage."""
    steps: list[AgeStep] = []
    for item in place.items() if place else ():
        wanted = ("after_days", "percent")
        keys = item.entries(known=wanted, required=wanted)
        if len(keys) < len(wanted):
            continue
        days = keys["after_days"].integer(1, SCORING_DAYS_MAX)
        percent = keys["percent"].integer(NONE_LEFT, WHOLE)
        if steps and days <= steps[-1].after.days:
            keys["after_days"].complain(f"expected more than the {steps[-1].after.days} before it")
        if percent >= (steps[-1].percent if steps else WHOLE):
            keys["percent"].complain("points only lose value with age: expected less than before")
        steps.append(AgeStep(timedelta(days=days), percent))
    return tuple(steps)


def _read_points(keys: Mapping[str, Place]) -> int:
    if "points" not in keys:
        return 0
    points = keys["points"].integer(-POINTS_MAX, POINTS_MAX)
    if points == 0:
        keys["points"].complain("a rule that gives no points has no effect; drop it")
    return points


def _one_of(place: Place | None, names: Collection[str], *, kind: str) -> str:
    return (place.one_of(names, kind=kind) if place else None) or ""


def _read_when(keys: Mapping[str, Place], vocabulary: Vocabulary) -> Condition:
    condition = read_condition(keys["when"], vocabulary) if "when" in keys else None
    return condition or UNREADABLE
