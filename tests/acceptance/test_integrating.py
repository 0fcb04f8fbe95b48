"""Every example in docs/integrating.md runs, and the events of client examples are recorded."""

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.support.examples import Example, assert_printed, examples_of, run_example
from tests.support.node_clients import CLIENTS, require_node_clients
from tests.support.postgres import scratch_directory
from tests.support.running_service import ROOT, RunningService, environment, running_service

EXAMPLES = list(examples_of(ROOT / "docs" / "integrating.md"))
OF_NODE = [one for one in EXAMPLES if one.run_by == "js"]
OTHERS = [one for one in EXAMPLES if one.run_by != "js"]
LAST = next(one for one in EXAMPLES if "/v1/refusals" in one.script)


@pytest.fixture
def service() -> Iterator[RunningService]:
    with scratch_directory() as scratch, running_service(scratch / "data") as running:
        yield running


def surroundings_in(service: RunningService) -> Mapping[str, str]:
    """Make the key from the document, and the environment that its reader has."""
    asked = {
        "name": "web site",
        "sources": ["website"],
        "department": "marketing",
        "scopes": ["events:write", "events:read"],
    }
    with service.client(service.key) as http:
        key = http.post("/v1/keys", json=asked).raise_for_status().json()["key"]
    return environment(
        service.data_dir,
        LEADLEDGER_URL=service.url,
        LEADLEDGER_KEY=key,
        NODE_PATH=str(CLIENTS / "node_modules"),
        NO_PROXY="127.0.0.1",
        PATH=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    )


def recorded(service: RunningService) -> int:
    """Count the events that the web site has reported."""
    with service.client(service.key) as http:
        events = http.get("/v1/events", params={"limit": 1000}).json()["events"]
    return sum(event["source"] == "website" for event in events)


def run_all(examples: list[Example], service: RunningService) -> None:
    """Run examples in reading order, then check what arrived."""
    surroundings = surroundings_in(service)
    administrator = {**surroundings, "LEADLEDGER_KEY": service.key}
    for example in examples:
        before = recorded(service)
        given = administrator if "key create" in example.script else surroundings
        assert_printed(example, run_example(example, cwd=ROOT, environment=given))
        if example.run_by != "sh":
            assert recorded(service) > before, f"line {example.line} reported nothing"
    count, refusals = run_example(LAST, cwd=ROOT, environment=surroundings).splitlines()
    assert int(count) == recorded(service)
    assert refusals == '{"refusals":[],"next":null}'


def test_every_example_for_the_shell_and_python_does_what_it_says(service: RunningService) -> None:
    assert [example.run_by for example in OTHERS].count("python") == 5
    run_all(OTHERS, service)


def test_every_example_for_node_does_what_it_says(service: RunningService) -> None:
    assert len(OF_NODE) == 4
    require_node_clients()
    run_all(OF_NODE, service)
