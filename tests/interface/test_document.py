"""The OpenAPI document is complete: it describes every answer, and no answer is a fault.

Schemathesis generates valid and invalid requests from the document, follows the links in answers,
and checks every answer against the document: status, content type, shape, headers.
"""

import asyncio
import dataclasses
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import orjson
import pytest

from tests.bench.servers import Bench, Server, founded, running_bench, serving
from tests.bench.sizes import QUICK
from tests.interface.seeds import seed
from tests.support.tier import by_tier

EXAMINED = "tests.interface.examined_worker"
LYING = "tests.interface.lying_worker"
CONFIG = Path(__file__).parent / "schemathesis.toml"
SEED = int(os.environ.get("LEADLEDGER_TEST_DOCUMENT_SEED", "20261122"))
EXAMPLES = by_tier(push=4, nightly=150)
"""Examples per operation."""
STORIES = by_tier(push=90, nightly=500)
"""Stories, in which requests follow from earlier answers."""
WITHIN_S = by_tier(push=300.0, nightly=1_800.0)
ENDLESS = ("get", "/v1/events/stream")
"""Its answer never ends; tests/integration/test_event_stream.py reads it."""
CHECKS = (
    *("not_a_server_error", "status_code_conformance", "content_type_conformance"),
    *("response_schema_conformance", "response_headers_conformance", "missing_required_header"),
    *("unsupported_method", "allow_header_conformance", "ignored_auth"),
)
"""Excluded: whether everything that the document allows is accepted. That an address is valid, a
stage exists or a lead is known cannot be expressed in a schema."""

Operation = tuple[str, str]
"""Method in lower case, and path with the names of its parameters."""
HARDLY_EVER: set[Operation] = {
    # Schemathesis writes a YAML text as a YAML string, which is not a lifecycle.
    ("post", "/v1/lifecycle"),
    # A replayed message soon fails again, and is not a dead letter meanwhile.
    ("post", "/v1/webhooks/{webhook_id}/dead-letters/{position}/replay"),
}
"""Operations that a story reaches, but not reliably with success; other tests cover them."""
MISSED_MAX = 3
"""Of about forty operations that stories reach. The course of a story is random, whatever the
seed."""


class Examined(NamedTuple):
    """The results of schemathesis for an interface, and the server's log."""

    code: int
    said: str
    document: Mapping[str, Any]
    statuses: Mapping[Operation, set[int]]
    faults: Sequence[bytes]
    """Log lines about unexpected errors, which are isolated and easily missed."""

    @property
    def operations(self) -> dict[Operation, Any]:
        return {
            (method, path): operation
            for path, operations in self.document["paths"].items()
            for method, operation in operations.items()
        }

    @property
    def led_to(self) -> set[Operation]:
        """Operations that a story can reach: an answer contains what they need."""
        named = {one["operationId"]: operation for operation, one in self.operations.items()}
        return {
            named[link["operationId"]]
            for one in self.operations.values()
            for answer in one["responses"].values()
            for link in answer.get("links", {}).values()
        }

    @property
    def let_in(self) -> set[Operation]:
        """Operations that examined a request beyond its key."""
        return {one for one, statuses in self.statuses.items() if statuses - {401, 403}}

    @property
    def welcome(self) -> set[Operation]:
        """Operations that succeeded at least once."""
        return {one for one, statuses in self.statuses.items() if min(statuses) < 300}


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with running_bench(QUICK) as running:
        yield running


async def examine(
    bench: Bench, directory: Path, *arguments: str, name: str, module: str = EXAMINED
) -> Examined:
    """Run schemathesis on a separate ledger."""
    async with founded(bench, name) as ledger:
        # Nothing outside may be reached, so messages go to this machine.
        settings = ledger.settings.model_copy(update={"webhook_private_addresses": True})
        served = dataclasses.replace(ledger, settings=settings)
        with serving(bench, served, module=module) as server:
            async with httpx.AsyncClient(
                base_url=f"http://127.0.0.1:{server.port}",
                headers={"authorization": f"Bearer {server.key}"},
                trust_env=False,
            ) as client:
                document = (await client.get("/openapi.json")).json()
                if module == EXAMINED:
                    await seed(client)
            begun = len(server.log.read_bytes())
            code, said = await run(server, directory, *arguments)
            log = server.log.read_bytes()[begun:]
    faults = [line for line in log.splitlines() if b'"where":' in line]
    return Examined(code, said, document, statuses_in(log), faults)


async def run(server: Server, directory: Path, *arguments: str) -> tuple[int, str]:
    """Run schemathesis; return its exit code and output."""
    command = (
        *(sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()"),
        *("--config-file", str(CONFIG), "run", f"http://127.0.0.1:{server.port}/openapi.json"),
        *("--header", f"Authorization: Bearer {server.key}", "--seed", str(SEED)),
        *("--checks", ",".join(CHECKS)),
        *("--exclude-path", ENDLESS[1], "--generation-database", "none", "--no-color"),
        # One worker: on CPython 3.11 two threads that call `ast.parse`, as Hypothesis
        # does, can fail with "AST constructor recursion depth mismatch".
        *("--continue-on-failure", "--workers", "1", *arguments),
    )
    process = await asyncio.create_subprocess_exec(
        *command, cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        async with asyncio.timeout(WITHIN_S):
            out, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode is not None
    return process.returncode, out.decode()


def statuses_in(log: bytes) -> dict[Operation, set[int]]:
    """Read the statuses of each operation from a server's log."""
    statuses: dict[Operation, set[int]] = {}
    for line in log.splitlines():
        # Requests that are not HTTP are logged in the server's own words.
        if line.startswith(b'{"event":"http.answered"'):
            visit = orjson.loads(line)
            operation = (visit["method"].lower(), visit["route"])
            statuses.setdefault(operation, set()).add(visit["status"])
    return statuses


@pytest.mark.timeout(WITHIN_S + 60)
async def test_every_operation_answers_as_described(bench: Bench, tmp_path: Path) -> None:
    asked = ("--phases", "examples,coverage,fuzzing", "--max-examples", str(EXAMPLES))
    examined = await examine(bench, tmp_path, *asked, name="operations")
    assert examined.code == 0, examined.said
    assert not examined.faults
    # The result counts only if every operation was called, with an accepted key.
    assert set(examined.operations) - examined.let_in == {ENDLESS}


@pytest.mark.timeout(WITHIN_S + 60)
async def test_every_story_is_answered_as_described(bench: Bench, tmp_path: Path) -> None:
    asked = ("--phases", "stateful", "--max-examples", str(STORIES))
    examined = await examine(bench, tmp_path, *asked, name="stories")
    assert examined.code == 0, examined.said
    assert not examined.faults
    # The result counts only if the linked operations were reached, with success.
    missed = examined.led_to - examined.welcome - HARDLY_EVER
    assert len(missed) <= MISSED_MAX, missed


async def test_an_answer_that_is_not_described_is_found(bench: Bench, tmp_path: Path) -> None:
    """The negative twin."""
    paths = "^/(livez|readyz|v1/refusals|v1/lifecycle)$"
    asked = ("--phases", "fuzzing", "--max-examples", "2", "--include-path-regex", paths)
    examined = await examine(bench, tmp_path, *asked, name="lies", module=LYING)
    assert examined.code == 1
    for kind in (
        "Undocumented status code: 1",
        "Undocumented Content-Type: 1",
        "Response violates schema",
        "Missing required response headers: 1",
    ):
        assert kind in examined.said, examined.said
