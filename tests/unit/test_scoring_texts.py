"""The text of targets, scoring, grades and qualification, and every mistake in it."""

from datetime import timedelta

import pytest

from domain.lifecycle.qualification import Mode
from domain.lifecycle.scoring import AgeStep
from domain.lifecycle.text.load import inspect, load
from tests.support.small_lifecycle import SMALL

EVENTS = """\
    grade.changed: {label: {en: grade changed}}
    selection.run: {label: {en: run}, subject: ledger}
    selection.ranked: {label: {en: ranked}, subject: ledger}
    selection.completed: {label: {en: completed}, subject: ledger}
    lead.pushed: {"""
SECTIONS = """\
markets:
  metal: {label: {en: metal}}
priorities:
  high: {label: {en: high}}
targets:
  rules:
    - {market: metal, priority: high, when: {lead.industry: steel}}
scoring:
  ageing:
    - {after_days: 10, percent: 50}
    - {after_days: 20, percent: 0}
  attributes:
    maker: {label: {en: maker}, points: 10, when: {lead.industry: {in_list: trades}}}
  events:
    visited: {label: {en: visited}, on: [visit.recorded], points: 5}
    came_by_web:
      label: {en: came by web}
      on: [visit.recorded]
      when: {event.channel: web}
      points: -3
      most: 4
      ageing: [{after_days: 2, percent: 10}]
grades:
  A: {label: {en: grade a}, definition: {en: best}, when: {lead.score: {at_least: '12.5'}}}
  B: {label: {en: grade b}, definition: {en: good}, when: {lead.targeted: true}}
qualification:
  at: NEW
  qualifies_by: lead.accepted
"""
WHOLE = SMALL.replace("    lead.pushed: {", EVENTS, 1) + SECTIONS


def test_the_sections_are_read() -> None:
    lifecycle = load(WHOLE)
    scoring, qualification = lifecycle.scoring, lifecycle.qualification
    assert scoring is not None
    assert qualification is not None
    general = (AgeStep(timedelta(days=10), 50), AgeStep(timedelta(days=20), 0))
    assert scoring.ageing == general
    visited, by_web = scoring.by_type["visit.recorded"]
    assert (visited.points, visited.most, visited.ageing) == (5, 1, general)
    assert (by_web.points, by_web.most) == (-3, 4)
    assert by_web.ageing == (AgeStep(timedelta(days=2), 10),)
    assert list(lifecycle.grades) == ["A", "B"]
    assert [(one.market, one.priority) for one in lifecycle.targets] == [("metal", "high")]
    assert qualification.mode is Mode.SELECTION
    assert qualification.condition.reads == ("lead.fit", "lead.interest")


def test_a_text_without_them_is_whole() -> None:
    lifecycle = load(SMALL)
    assert (lifecycle.scoring, lifecycle.qualification) == (None, None)
    assert (lifecycle.targets, lifecycle.grades, lifecycle.markets) == ((), {}, {})


CASES = {
    "an unknown market": (
        "market: metal,",
        "market: wood,",
        "market: wood",
        "'wood' is not one of `markets`",
    ),
    "a target by what is not known of a person": (
        "when: {lead.industry: steel}",
        "when: {lead.owner: x}",
        "when: {lead.owner",
        "unknown path",
    ),
    "fit by behaviour": (
        "when: {lead.industry: {in_list",
        "when: {lead.recycled: true, lead.industry: {in_list",
        "lead.recycled",
        "unknown path",
    ),
    "points for a decision": (
        "on: [visit.recorded], points: 5",
        "on: [lead.accepted], points: 5",
        "on: [lead.accepted]",
        "'lead.accepted' is not a fact about a lead",
    ),
    "points for a company": (
        "on: [visit.recorded], points: 5",
        "on: [company.listed], points: 5",
        "on: [company.listed]",
        "'company.listed' is not a fact about a lead",
    ),
    "no points": (
        "points: 5",
        "points: 0",
        "points: 0",
        "a rule that gives no points has no effect",
    ),
    "points without end": ("points: 5", "points: 5000", "points: 5000", "expected a number from"),
    "none at most": ("most: 4", "most: 0", "most: 0", "expected a number from 1 to 100"),
    "steps out of order": (
        "after_days: 20",
        "after_days: 10",
        "after_days: 10, percent: 0",
        "expected more than the 10",
    ),
    "points that rise with age": (
        "{after_days: 20, percent: 0}",
        "{after_days: 20, percent: 60}",
        "percent: 60",
        "points only lose value with age",
    ),
    "a step that changes nothing": (
        "{after_days: 10, percent: 50}",
        "{after_days: 10, percent: 100}",
        "percent: 100",
        "points only lose value with age",
    ),
    "one name twice": (
        "    visited: {label",
        "    maker: {label",
        "maker: {label: {en: visited",
        "a rule of this name is already on line",
    ),
    "a grade by the stage": (
        "when: {lead.targeted: true}",
        "when: {lead.stage: GOOD}",
        "when: {lead.stage: GOOD}",
        "unknown path",
    ),
    "a grade that reads the grade": (
        "when: {lead.targeted: true}",
        "when: {lead.grade: A}",
        "when: {lead.grade: A}",
        "unknown path",
    ),
    "qualifying by nothing that moves": (
        "  at: NEW\n  qualifies_by: lead.accepted",
        "  at: GOOD\n  qualifies_by: lead.accepted",
        "qualifies_by: lead.accepted",
        "no move is declared for lead.accepted from GOOD",
    ),
    "an unknown mode": (
        "  at: NEW\n  qual",
        "  mode: lottery\n  at: NEW\n  qual",
        "mode: lottery",
        "'lottery' is not possible here",
    ),
    "a missing event type": (
        "    selection.ranked: {label: {en: ranked}, subject: ledger}\n",
        "",
        "qualification:",
        "the event type selection.ranked is missing",
    ),
    "an event type about a lead": (
        "{label: {en: run}, subject: ledger}",
        "{label: {en: run}}",
        "qualification:",
        "selection.run must be declared under `derived`, about the ledger",
    ),
    "a grade that is called as another": (
        "B: {label: {en: grade b}",
        "B: {label: {en: Grade A}",
        "B: {label",
        "'Grade A' already names A",
    ),
    "a grade without its event type": (
        "    grade.changed: {label: {en: grade changed}}\n",
        "",
        "grades:",
        "the event type grade.changed is missing",
    ),
}


@pytest.mark.parametrize(
    ("old", "new", "marker", "complaint"), list(CASES.values()), ids=list(CASES)
)
def test_a_mistake_is_named_with_its_line(old: str, new: str, marker: str, complaint: str) -> None:
    assert WHOLE.count(old) == 1, "the lifecycle has changed; mend this case"
    text = WHOLE.replace(old, new)
    rows = [number for number, row in enumerate(text.splitlines(), start=1) if marker in row]
    found = [one for one in inspect(text).complaints if one.fatal]
    assert [one.line for one in found] == [rows[-1]], found
    assert complaint in found[0].message


def test_what_no_section_makes_known_cannot_be_asked() -> None:
    asking = SMALL.replace("when: {lead.known: true}", "when: {lead.score: {at_least: 1}}", 1)
    (complaint,) = [one for one in inspect(asking).complaints if one.fatal]
    assert "unknown path" in complaint.message


def test_without_scoring_qualification_says_what_is_likely() -> None:
    start, end = WHOLE.index("scoring:\n"), WHOLE.index("qualification:\n")
    without = WHOLE[:start] + WHOLE[end:]
    (complaint,) = [one for one in inspect(without).complaints if one.fatal]
    assert complaint.message.startswith("without a section `scoring`, give `when`")
    assert load(f"{without}  when: {{lead.known: true}}\n").qualification is not None
