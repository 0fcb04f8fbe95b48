"""The guides for funnel owners run, agree with each other, and show what is shipped."""

import os
import re
import sys
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

import pytest

from tests.support.examples import Example, assert_printed, examples_of, run_example
from tests.support.lifecycle_edits import edited
from tests.support.postgres import scratch_directory
from tests.support.running_service import ROOT, environment, running_service

LANGUAGES = ("en", "ja")
WITHIN_S = 600
"""A guide starts about sixty commands, one after another, each in its own process."""

GUIDES = {language: ROOT / "docs" / f"guide.{language}.md" for language in LANGUAGES}
OURS = "ours.yaml"
"""The lifecycle that the reader edits in the examples."""


def edits_of(document: Path) -> Iterator[tuple[int, str]]:
    """Return the reader's edits of the lifecycle: line and block."""
    text = document.read_text(encoding="utf-8")
    for found in re.finditer(r"^```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        yield text.count("\n", 0, found.start()) + 1, found[1]


def steps_of(document: Path) -> list[tuple[int, Example | str]]:
    """Return examples and edits in reading order."""
    examples = ((example.line, example) for example in examples_of(document))
    return sorted([*examples, *edits_of(document)], key=lambda step: step[0])


@pytest.mark.timeout(WITHIN_S)
def test_every_example_of_the_guides_runs_and_prints_what_it_says() -> None:
    """Both are read at once: most examples are the same, and the others differ in language only."""
    english, japanese = (steps_of(GUIDES[language]) for language in LANGUAGES)
    with scratch_directory() as scratch, running_service(scratch / "data") as service:
        surroundings = environment(
            service.data_dir,
            LEADLEDGER_URL=service.url,
            LEADLEDGER_KEY=service.key,
            NO_PROXY="127.0.0.1",
            PATH=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        )
        ours = scratch / OURS
        for (_, step), (_, same) in zip(english, japanese, strict=True):
            if isinstance(step, str) or isinstance(same, str):
                ours.write_text(
                    edited(ours.read_text(encoding="utf-8"), str(step)), encoding="utf-8"
                )
                continue
            printed = run_example(step, cwd=scratch, environment=surroundings)
            assert_printed(step, printed)
            if same.script != step.script:
                printed = run_example(same, cwd=scratch, environment=surroundings)
            assert_printed(same, printed)


def said_in_no_language(script: str) -> str:
    return re.sub(r"lang([ =])(?:en|ja)\b", r"lang\1…", script)


def outline(document: Path) -> list[int]:
    """Return the levels of the headings, in order."""
    text = re.sub(r"^```.*?^```$", "", document.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    return [len(marks) for marks in re.findall(r"^(#+) ", text, re.MULTILINE)]


def test_both_guides_have_the_same_sections() -> None:
    assert len(outline(GUIDES["en"])) > 30, "the headings were not found"
    assert outline(GUIDES["en"]) == outline(GUIDES["ja"])


def test_both_guides_run_the_same_examples() -> None:
    english, japanese = (steps_of(GUIDES[language]) for language in LANGUAGES)
    assert len(english) > 30, "the guide lost examples"
    for (line, one), (_, other) in zip_longest(english, japanese, fillvalue=(0, "")):
        if isinstance(one, str) or isinstance(other, str):
            assert one == other, f"line {line}"
        else:
            assert said_in_no_language(one.script) == said_in_no_language(other.script)
            assert (one.expected is None) == (other.expected is None), f"line {line}"
