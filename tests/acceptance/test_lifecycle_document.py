"""docs/lifecycle.md lists every key that is read and which are required; its example works."""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from domain.lifecycle.compiled.table import CompiledLifecycle, compile_lifecycle
from domain.lifecycle.names import resolve_stage
from domain.lifecycle.text.conditions import _TESTS
from domain.lifecycle.text.load import inspect, inspect_root, load
from domain.lifecycle.text.place import Place, root_of
from domain.rules.lists import on_list
from events.lifecycles.shipped import shipped_text
from tests.support.lifecycle_edits import edited
from tests.support.stories import Story, day

DOCUMENT = (Path(__file__).parents[2] / "docs" / "lifecycle.md").read_text(encoding="utf-8")
WHOLE_TEXT = "The text itself"
LANGUAGES = {"ja", "en"}


def documented() -> dict[str, dict[str, bool]]:
    """Read place → key → whether it is bold, from the tables under `Every key`."""
    keys: dict[str, dict[str, bool]] = {}
    for section in DOCUMENT.split("\n### ")[1:]:
        heading, _, rest = section.partition("\n")
        found = {
            key: bold == "**"
            for row in re.findall(r"(?m)^\| (\**`[^|]+) \|", rest)
            for bold, key in re.findall(r"(\**)`([a-z_]+)`", row)
        }
        places = re.findall(r"`([^`]+)`", heading) or [heading]
        keys |= dict.fromkeys(places, found)
    return keys


@dataclass(slots=True)
class Read:
    """Which keys were known and required at each place while a text was read.

    Languages and event types are not keys of the format: each text chooses its own.
    """

    known_at: dict[str, set[str]] = field(default_factory=dict)
    needed_at: dict[str, set[str]] = field(default_factory=dict)
    of_the_writers_choice: dict[str, set[str]] = field(default_factory=dict)

    def see(self, path: str, known: Collection[str] | None, found: Collection[str]) -> None:
        if known is None:
            self.of_the_writers_choice[path] = set(found)
        elif set(known) == set(_TESTS):
            self.known_at["when"] = set(known)
        elif set(known) != LANGUAGES and not any("." in key for key in known):
            self.known_at[_named(path, self.of_the_writers_choice)] = set(known)


@dataclass(frozen=True, slots=True)
class WatchedPlace(Place):
    """A place that notes what is read there. The places below it are watched too."""

    read: Read

    def entries(
        self, *, known: Collection[str] | None = None, required: Collection[str] = ()
    ) -> dict[str, Place]:
        found = Place.entries(self, known=known, required=required)
        self.read.see(self.path, known, found)
        return found

    def need(self, keys: Collection[str], found: Collection[str]) -> None:
        path = _named(self.path, self.read.of_the_writers_choice)
        self.read.needed_at.setdefault(path, set()).update(keys)
        Place.need(self, keys, found)


def read_by_the_reader() -> dict[str, dict[str, bool]]:
    """Return what the reader asks for in the shipped text, in the form of `documented`."""
    text, read = shipped_text("demand_funnel"), Read()
    root = root_of(text)
    inspect_root(WatchedPlace(root.node, root.path, root.line, root.complaints, read), text)
    return {
        place: {key: key in read.needed_at.get(place, ()) for key in keys}
        for place, keys in read.known_at.items()
    }


def _named(path: str, of_the_writers_choice: dict[str, set[str]]) -> str:
    """Write `*` for a name that the author chooses, and `[]` for a position in a list."""
    named = path
    for parent, names in of_the_writers_choice.items():
        for name in names:
            begin = f"{parent}.{name}"
            if path == begin or path.startswith((f"{begin}.", f"{begin}[")):
                named = f"{parent}.*{path.removeprefix(begin)}"
    return re.sub(r"\[\d+\]", "[]", named) or WHOLE_TEXT


def test_the_document_lists_every_key_and_whether_it_is_required() -> None:
    assert documented() == read_by_the_reader()


@pytest.fixture(scope="module")
def ours() -> CompiledLifecycle:
    """The company's lifecycle, as built by the worked example."""
    blocks = re.findall(r"```yaml\n(.*?)```", DOCUMENT, re.DOTALL)
    assert len(blocks) == 3
    return compile_lifecycle(load(edited(shipped_text("demand_funnel"), *blocks)))


def test_the_worked_example_is_valid(ours: CompiledLifecycle) -> None:
    assert inspect(ours.lifecycle.text).complaints == ()


def test_a_lead_of_the_worked_example_passes_through_its_own_stage(ours: CompiledLifecycle) -> None:
    story = Story(ours)
    story.tell("form.submitted", mail="example.co.jp")
    story.tell("lead.qualified")
    story.tell("lead.sales_accepted")
    assert story.tell("trial.started", machine="m-200") == [
        "trial.started: SAL → TRIAL advanced over SQL"
    ]
    assert "machine_out" in on_list(ours.lifecycle.lists, story.state, day(1))
    story.tell("trial.ended", outcome="content")
    assert "machine_out" not in on_list(ours.lifecycle.lists, story.state, day(1))
    assert story.tell("opportunity.created", opportunity="o") == [
        "opportunity.created: TRIAL → OPP advanced"
    ]


@pytest.mark.parametrize("word", ["試用中", "デモ機貸出", "demo", "trial"])
def test_the_worked_example_has_its_own_words(ours: CompiledLifecycle, word: str) -> None:
    assert resolve_stage(ours.lifecycle, word) == "TRIAL"
    assert "too_small_a_shop" in ours.lifecycle.reasons
