"""Any text offered as a lifecycle either is one or has complaints, and never causes a crash."""

from hypothesis import given
from hypothesis import strategies as st

from domain.lifecycle.compiled.table import compile_lifecycle
from domain.lifecycle.text.load import inspect
from tests.support.small_lifecycle import SMALL

LINES = SMALL.splitlines()
TOKENS = (
    *(
        "any",
        "named",
        "same",
        "unplaced",
        "[]",
        "{}",
        "''",
        "null",
        "true",
        "7",
        "1.5",
        "2026-01-01",
    ),
    *("NEW", "GOOD", "OUT", "TARGET", "known", "by_web", "lead.accepted", "visit.recorded"),
    *("event.channel", "lead.known", "{at_least: 1}", "{in: []}", "[x, x]", "{x: {x: x}}", "? [a]"),
)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """Change the small lifecycle in a few places: drop or repeat a line, or replace a word."""
    lines = list(LINES)
    for _ in range(draw(st.integers(min_value=1, max_value=4))):
        number = draw(st.integers(min_value=0, max_value=len(lines) - 1))
        line = lines[number]
        words = [word for word in line.replace(",", " ").split() if word.strip("{}[]:,")]
        action = draw(st.sampled_from(("lose", "double", "exchange", "indent")))
        if action == "lose":
            lines[number] = ""
        elif action == "double":
            lines.insert(number, line)
        elif action == "indent":
            lines[number] = "  " + line
        elif words:
            old = draw(st.sampled_from(words)).strip("{}[]:,")
            lines[number] = line.replace(old, draw(st.sampled_from(TOKENS)), 1)
    return "\n".join(lines)


@given(mutated())
def test_a_changed_text_is_a_lifecycle_or_has_complaints(text: str) -> None:
    inspection = inspect(text)
    fatal = [complaint for complaint in inspection.complaints if complaint.fatal]
    assert (inspection.lifecycle is None) == bool(fatal)
    lines = text.count("\n") + 1
    assert all(1 <= complaint.line <= lines for complaint in inspection.complaints)
    if inspection.lifecycle is not None:
        compile_lifecycle(inspection.lifecycle)


@given(st.text())
def test_random_text_has_complaints(text: str) -> None:
    assert inspect(text).lifecycle is None
