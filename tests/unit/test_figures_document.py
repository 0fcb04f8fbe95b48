"""The pages about figures are those of the definitions.

LEADLEDGER_TEST_WRITE_FIGURES=1 writes them, from the mark on.
"""

import os
from pathlib import Path

import pytest

from projections.figures.catalogue import FIGURES
from projections.figures.definition import LANGUAGES
from tests.support.figure_document import EXAMPLES, MARK, written_part

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_that_of_the_definitions(language: str) -> None:
    page, written = DOCS / f"figures.{language}.md", written_part(language)
    introduction, mark, part = page.read_text(encoding="utf-8").partition(MARK)
    if os.environ.get("LEADLEDGER_TEST_WRITE_FIGURES"):
        page.write_text(introduction + written, encoding="utf-8")
    else:
        assert mark + part == written


def test_every_figure_has_an_example() -> None:
    assert EXAMPLES.keys() == FIGURES.keys()
