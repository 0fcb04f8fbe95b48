"""Every example in the documents runs, in reading order."""

import os
import socket
import sys
from pathlib import Path

import pytest

from tests.support.examples import assert_printed, examples_of, run_example
from tests.support.postgres import scratch_directory
from tests.support.running_service import ROOT, environment, running_service

README = ROOT / "README.md"
TOUR = ROOT / "docs" / "tour.md"
LEDGER = ROOT / "docs" / "ledger.md"
IMPORT = ROOT / "docs" / "import.md"
KEYS = ROOT / "docs" / "keys.md"
FEED = ROOT / "docs" / "feed.md"
RECEIVER = ROOT / "docs" / "examples" / "feed" / "receiver.py"
SCORING = ROOT / "docs" / "scoring.md"
SCALING = ROOT / "docs" / "scaling.md"
ADDRESS_IN_DOCUMENTS = "http://127.0.0.1:8080"
RECEIVING_PORT_IN_DOCUMENTS = "9000"


@pytest.mark.parametrize(
    ("document", "examples_min"),
    [
        *((README, 3), (TOUR, 8), (LEDGER, 3), (KEYS, 7)),
        *((FEED, 6), (SCORING, 4), (IMPORT, 2), (SCALING, 1)),
    ],
)
def test_every_example_of_a_document_runs_and_prints_what_it_says(
    document: Path, examples_min: int
) -> None:
    examples = list(examples_of(document))
    assert len(examples) >= examples_min, "the document lost examples"
    receiving_port = free_port()
    settings = {"LEADLEDGER_WEBHOOK_PRIVATE_ADDRESSES": "true" if document == FEED else ""}
    with (
        scratch_directory() as scratch,
        running_service(scratch / "data", **settings) as service,
    ):
        commands = Path(sys.executable).parent
        surroundings = environment(
            service.data_dir,
            LEADLEDGER_URL=service.url,
            LEADLEDGER_KEY=service.key,
            PATH=f"{commands}{os.pathsep}{os.environ['PATH']}",
        )
        # Examples write next to the documents, not into them.
        reader = scratch / "reader"
        reader.mkdir()
        for name in ("docs", "tests"):
            (reader / name).symlink_to(ROOT / name)
        for example in examples:
            script = example.script.replace(RECEIVING_PORT_IN_DOCUMENTS, receiving_port)
            script = script.replace(ADDRESS_IN_DOCUMENTS, service.url)
            printed = run_example(
                example._replace(script=script), cwd=reader, environment=surroundings
            )
            assert_printed(example, printed)


def test_an_excerpt_in_a_document_is_in_the_file_it_quotes() -> None:
    shown = FEED.read_text(encoding="utf-8").partition("```python\n")[2].partition("```")[0]
    function = shown[shown.index("def ") :]
    assert function in RECEIVER.read_text(encoding="utf-8")


def free_port() -> str:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return str(unused.getsockname()[1])


def test_an_example_that_prints_something_else_is_noticed() -> None:
    example = next(one for one in examples_of(TOUR) if one.expected is not None)
    with pytest.raises(AssertionError):
        assert_printed(example, '{"status": "duplicate", "position": "2", "leaf": "0"}')
