"""Diagrams, stages and lists in the guides are those of the shipped lifecycles."""

import re
from pathlib import Path

import pytest

from domain.lifecycle.change.diagram import diagram
from domain.lifecycle.definition import Lifecycle, SubjectKind, Track
from domain.lifecycle.text.load import load
from events.lifecycles.shipped import SHIPPED, shipped_text

LANGUAGES = ("en", "ja")
NOBODYS = "–"
"""Stands for the department of a stage that none owns."""

LIFECYCLES = {name: load(shipped_text(name)) for name in SHIPPED}
ANY = LIFECYCLES["demand_funnel"]


def guide(language: str) -> str:
    path = Path(__file__).parents[2] / "docs" / f"guide.{language}.md"
    return path.read_text(encoding="utf-8")


def tables_of(language: str) -> list[list[tuple[str, ...]]]:
    """Return the tables whose rows begin with a code, without their headings."""
    tables = re.findall(r"(?m)(?:^\|.*\|\n)+", guide(language))
    rows = [[tuple(re.split(r" ?\| ?", row)[1:-1]) for row in one.splitlines()] for one in tables]
    return [one[2:] for one in rows]


def stages_shown(lifecycle: Lifecycle, track: Track, language: str) -> list[tuple[str, ...]]:
    return [
        (
            f"`{code}`",
            stage.words.label[language],
            stage.words.definition[language],
            lifecycle.departments[stage.department].label[language]
            if stage.department is not None
            else NOBODYS,
        )
        for code, stage in track.stages.items()
    ]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", SHIPPED)
def test_the_guide_lists_every_stage_of_a_funnel_in_its_own_words(name: str, language: str) -> None:
    lifecycle = LIFECYCLES[name]
    shown = [[row[:4] for row in table] for table in tables_of(language)]
    assert stages_shown(lifecycle, lifecycle.lead, language) in shown
    assert stages_shown(lifecycle, lifecycle.account, language) in shown


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_guide_lists_the_thirteen_lists(language: str) -> None:
    lists = [
        (f"`{code}`", one.words.label[language], one.words.definition[language])
        for code, one in ANY.lists.items()
    ]
    assert len(lists) == 13
    assert lists in tables_of(language)
    assert all(one.lists.keys() == ANY.lists.keys() for one in LIFECYCLES.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_guide_draws_each_funnel_as_the_command_does(language: str) -> None:
    drawn = re.findall(r"```mermaid\n(.*?)```", guide(language), re.DOTALL)
    assert drawn == [
        diagram(one, subject=SubjectKind.LEAD, language=language) for one in LIFECYCLES.values()
    ]
