"""Every example of the documents runs, in the order in which a reader meets them."""

import os
import sys
from pathlib import Path

import pytest

from tests.examples import assert_printed, examples_of, run_example
from tests.postgres import scratch_directory
from tests.running_service import ROOT, environment, running_service

README = ROOT / "README.md"
LEDGER = ROOT / "docs" / "ledger.md"
KEYS = ROOT / "docs" / "keys.md"
ADDRESS_IN_DOCUMENTS = "http://127.0.0.1:8080"


@pytest.mark.parametrize(("document", "examples_min"), [(README, 8), (LEDGER, 3), (KEYS, 7)])
def test_every_example_of_a_document_runs_and_prints_what_it_says(
    document: Path, examples_min: int
) -> None:
    examples = list(examples_of(document))
    assert len(examples) >= examples_min, "the document lost examples"
    with scratch_directory() as scratch, running_service(scratch / "data") as service:
        commands = Path(sys.executable).parent
        surroundings = environment(
            service.data_dir,
            LEADLEDGER_URL=service.url,
            LEADLEDGER_KEY=service.key,
            PATH=f"{commands}{os.pathsep}{os.environ['PATH']}",
        )
        for example in examples:
            script = example.script.replace(ADDRESS_IN_DOCUMENTS, service.url)
            printed = run_example(
                example._replace(script=script), cwd=ROOT, environment=surroundings
            )
            assert_printed(example, printed)


def test_an_example_that_prints_something_else_is_noticed() -> None:
    example = next(one for one in examples_of(README) if one.expected is not None)
    with pytest.raises(AssertionError):
        assert_printed(example, '{"status": "duplicate", "position": "2", "leaf": "0"}')
