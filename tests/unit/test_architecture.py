"""The architecture described in pyproject.toml is the real architecture."""

import ast
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_imports_keep_the_contracts_of_the_architecture() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


def test_one_module_imports_transitions() -> None:
    importing = [
        str(path.relative_to(ROOT))
        for package in ("domain", "events", "projections", "service", "migrations")
        for path in sorted((ROOT / package).rglob("*.py"))
        if any(
            line.startswith(("import transitions", "from transitions"))
            for line in path.read_text(encoding="utf-8").splitlines()
        )
    ]
    assert importing == ["domain/lifecycle/compiled/machine.py"]


PACKAGES = ("domain", "events", "projections", "service")
MODULES_MAX = 12
EXEMPT = {
    "domain/lifecycle/text/sections": "one module for each section of the text",
    "service/command": "one module for each command",
    "service/routes": "one module for each part of the API",
    "service/shapes": "one module for the answers of each part of the API",
}


def modules_of(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


@pytest.mark.parametrize("package", PACKAGES)
def test_a_folder_holds_at_most_a_dozen_modules(package: str) -> None:
    held = Counter(
        str(path.parent.relative_to(ROOT))
        for path in modules_of(package)
        if path.name != "__init__.py"
    )
    crowded = {folder: count for folder, count in held.items() if count > MODULES_MAX}
    assert crowded.keys() <= EXEMPT.keys(), crowded


@pytest.mark.parametrize("package", PACKAGES)
def test_a_class_name_is_defined_once_in_a_package(package: str) -> None:
    defined = Counter(
        statement.name
        for path in modules_of(package)
        for statement in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(statement, ast.ClassDef)
    )
    assert [name for name, count in defined.items() if count > 1] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_says_what_it_is(package: str) -> None:
    silent = [
        str(path.parent.relative_to(ROOT))
        for path in modules_of(package)
        if path.name == "__init__.py"
        and ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) is None
    ]
    assert silent == []


MISTAKEN = {
    "tests/safety/faulty_worker.py",
    "tests/safety/unisolated_worker.py",
    "tests/unit/test_mistaken_writer.py",
}
"""These run the service, or its writer, with mistakes in its code, so they replace functions."""
FOREIGN = {"executable"}


def replaced_in(path: Path) -> set[str]:
    """Return the attributes that a test replaces by name."""
    calls = (
        node
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
    )
    return {
        text.value.rpartition(".")[2]
        for call in calls
        if re.search(r"\.setattr$|\.setitem$|^patch\b", ast.unparse(call.func))
        for text in call.args[:2]
        if isinstance(text, ast.Constant) and isinstance(text.value, str)
    }


def test_tests_replace_bounds_but_no_behaviour() -> None:
    replaced = {
        (place, name)
        for path in sorted((ROOT / "tests").rglob("*.py"))
        if "node_modules" not in path.parts
        and (place := str(path.relative_to(ROOT))) not in MISTAKEN
        for name in replaced_in(path)
    }
    assert len(replaced) > 20, "the replacements were not found"
    assert [one for one in replaced if not one[1].isupper() and one[1] not in FOREIGN] == []


MAP = ROOT / "ARCHITECTURE.md"
MAP_LINES_MAX = 120
PLACE = re.compile(r"`((?:domain|events|projections|service|migrations|tests)[\w./]*)`")


def is_there(place: str) -> bool:
    """Whether a path, a module, or a name in a module exists."""
    if "/" in place:
        return (ROOT / place).exists()
    path = ROOT.joinpath(*place.split("."))
    module = path.parent.with_suffix(".py")
    return (
        path.exists()
        or path.with_suffix(".py").exists()
        or (module.exists() and path.name in module.read_text(encoding="utf-8"))
    )


def test_the_map_is_short_and_leads_somewhere() -> None:
    text = MAP.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MAP_LINES_MAX
    places = PLACE.findall(text)
    assert len(places) > 40
    assert [place for place in places if not is_there(place)] == []
    assert not is_there("service/nowhere.py")
    assert not is_there("service.nowhere")
