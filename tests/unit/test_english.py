"""Prose reads as English: a small check for turns of phrase that give a translation away.

It covers docstrings and comments of the code, comments of SQL, and the English pages. What it finds
is a place to look at, not a verdict, so a few are allowed in ten thousand words.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLACES_MAX = 15
"""In 10,000 words."""
TURNS = re.compile(
    r"\b(?:anew|whosoever|thereby|heretofore)\b"
    r"|\bfor ever\b"
    r"|\bbut for\b"
    r"|\bbe it\b"
    r"|\bbeside\b"
    r"|\bwhoever\b"
    r"|\b(?:it|that|which|who|leads?|rows?) stands?\b"
    r"|\btells? (?:whether|of|which|what|how)\b"
    r"|\btold\b"
    r"|\b(?:some|no|every|any)body\b"
    r"|\bso (?:many|long|much)\b(?! (?:as|that))"
    r"|\bgo(?:es)? by\b"
    r"|\bcome again\b"
    r"|\bby (?:itself|themselves)\b",
    re.IGNORECASE,
)
JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
CODE_IN_MARKDOWN = re.compile(r"```.*?```|`[^`\n]*`|^\|.*$", re.DOTALL | re.MULTILINE)


def prose_of_python(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Expr(ast.Constant(str(docstring))):
                yield docstring
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.string.lstrip("# ")


def prose_of_sql(text: str) -> Iterator[str]:
    return (line.strip()[2:] for line in text.splitlines() if line.strip().startswith("--"))


def prose_of_markdown(text: str) -> Iterator[str]:
    return iter(CODE_IN_MARKDOWN.sub("`", text).splitlines())


PROSE_OF = {".py": prose_of_python, ".sql": prose_of_sql, ".md": prose_of_markdown}


def places_in(texts: Iterator[str]) -> tuple[list[str], int]:
    """Return the sentences to look at, and the number of words."""
    found, words = [], 0
    for text in texts:
        if JAPANESE.search(text):
            continue
        words += len(text.split())
        found += [text.strip() for _ in TURNS.finditer(text)]
    return found, words


def files_of(where: str) -> list[Path]:
    if where == "pages":
        pages = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
        return [page for page in pages if ".ja." not in page.name]
    return [path for path in sorted((ROOT / where).rglob("*")) if path.suffix in {".py", ".sql"}]


@pytest.mark.parametrize(
    "where", ["domain", "events", "projections", "service", "migrations", "tests", "pages"]
)
def test_prose_reads_as_english(where: str) -> None:
    found, words = [], 0
    for path in files_of(where):
        here, count = places_in(PROSE_OF[path.suffix](path.read_text(encoding="utf-8")))
        found += [f"{path.relative_to(ROOT)}: {sentence}" for sentence in here]
        words += count
    assert words > 1_000
    assert len(found) * 10_000 <= PLACES_MAX * words, "\n".join(found)


def test_a_translation_is_noticed() -> None:
    found, words = places_in(iter(["Whoever is told of it goes by what stands beside.", "Plain."]))
    assert (len(found), words) == (4, 11)
