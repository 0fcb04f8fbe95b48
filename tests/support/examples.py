"""Run the examples in a document, and compare their output with what it shows.

A block marked `sh`, `python` or `js` is run; a block marked `json` or `text` right after it is the
expected output, in which `…` matches anything.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

EXAMPLE_WAIT_S = 120

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ANYTHING = "…"


RUN_BY: Mapping[str, tuple[str, ...]] = {
    "sh": ("bash", "-euo", "pipefail", "-c"),
    "python": (sys.executable, "-c"),
    "js": ("node", "--eval"),
}


class Example(NamedTuple):
    script: str
    expected: str | None
    language: str
    """The language of `expected`."""
    line: int
    run_by: str = "sh"


def examples_of(document: Path) -> Iterator[Example]:
    """Return the runnable examples in a Markdown document, in order."""
    text = document.read_text(encoding="utf-8")
    blocks = [(found[1], found[2], found.start()) for found in _BLOCK.finditer(text)]
    followed = [*blocks[1:], ("", "", 0)]
    for (language, body, start), (next_language, next_body, _) in zip(
        blocks, followed, strict=True
    ):
        if language not in RUN_BY:
            continue
        is_expected = next_language in {"json", "text"}
        line = text.count("\n", 0, start) + 1
        yield Example(body, next_body if is_expected else None, next_language, line, language)


def run_example(example: Example, *, cwd: Path, environment: Mapping[str, str]) -> str:
    """Run an example as a reader would, and return what it printed."""
    done = subprocess.run(
        [*RUN_BY[example.run_by], example.script],
        cwd=cwd,
        env=dict(environment),
        capture_output=True,
        text=True,
        timeout=EXAMPLE_WAIT_S,
        check=False,
    )
    assert done.returncode == 0, (
        f"line {example.line}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
    )
    return done.stdout


def assert_printed(example: Example, printed: str) -> None:
    """Compare JSON by structure, and text line by line."""
    if example.expected is None:
        return
    if example.language == "json":
        _assert_alike(json.loads(printed), json.loads(example.expected), f"line {example.line}")
        return
    pattern = re.escape(example.expected.strip()).replace(_ANYTHING, ".*")
    assert re.fullmatch(pattern, printed.strip()), f"line {example.line}:\n{printed}"


def _assert_alike(found: Any, expected: Any, where: str) -> None:
    if isinstance(expected, str) and _ANYTHING in expected:
        pattern = re.escape(expected).replace(_ANYTHING, ".*")
        assert re.fullmatch(pattern, str(found)), f"{where}: {found!r} is not like {expected!r}"
    elif isinstance(expected, dict):
        assert isinstance(found, dict), where
        assert sorted(found) == sorted(expected), f"{where}: {sorted(found)}"
        for name, value in expected.items():
            _assert_alike(found[name], value, f"{where}, {name}")
    elif expected == [_ANYTHING]:
        assert isinstance(found, list), where
        assert found, where
    elif isinstance(expected, list):
        assert isinstance(found, list), where
        assert len(found) == len(expected), f"{where}: {found}"
        for index, value in enumerate(expected):
            _assert_alike(found[index], value, f"{where}[{index}]")
    else:
        assert found == expected, where
