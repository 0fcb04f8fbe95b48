"""The OpenAPI document says all: no answer is one that it does not describe, and none is a fault.

Schemathesis makes up requests from the document, valid ones and others, follows what answers lead
to, and holds every answer against the document: status, type of content, shape, headers.
"""

import asyncio
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.bench.servers import SERVICE, Bench, Server, founded, running_bench, serving
from tests.bench.sizes import QUICK
from tests.tier import by_tier

LYING = "tests.interface.lying_worker"
CONFIG = Path(__file__).parent / "schemathesis.toml"
SEED = 20261122
EXAMPLES = by_tier(push=4, nightly=150)
"""Of each operation."""
STORIES = by_tier(push=250, nightly=500)
"""Of requests that follow from each other's answers."""
WITHIN_S = by_tier(push=300.0, nightly=1_800.0)
ENDLESS = "/v1/events/stream"
"""Its answer has no end to wait for; tests/integration/test_event_stream.py reads it."""
CHECKS = (
    *("not_a_server_error", "status_code_conformance", "content_type_conformance"),
    *("response_schema_conformance", "response_headers_conformance", "missing_required_header"),
    *("unsupported_method", "allow_header_conformance", "ignored_auth"),
)
"""Not whether what the document allows is accepted: that an address is one, that a stage exists,
that a lead is known is beyond what a schema says."""


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with running_bench(QUICK) as running:
        yield running


PHASES = {
    "examples,coverage,fuzzing": (
        EXAMPLES,
        {"/v1/events", "/v1/leads/find", "/v1/funnel", "/v1/keys", "/v1/lifecycle"},
    ),
    "stateful": (STORIES, {"/v1/refusals"}),
}
"""What schemathesis does, how often, and which routes must have given it a good answer."""
SEEDS: list[dict[str, Any]] = [
    {"id": "seed-1", "type": "form.submitted", "lead": {"user_id": "0"}, "data": {"form": "f"}},
    {"id": "seed-2", "type": "visit.recorded", "lead": {"anonymous_id": "0"}},
    {
        "id": "seed-4",
        "type": "form.submitted",
        "lead": {"email": "hanako@example.co.jp"},
        "data": {"form": "f"},
    },
    {"id": "seed-5", "type": "unheard.of", "lead": {"anonymous_id": "0"}},
]
"""Leads whom schemathesis thinks of at once, and something that is refused."""


async def seed(server: Server) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(
            f"http://127.0.0.1:{server.port}/v1/events",
            headers={"authorization": f"Bearer {server.key}"},
            json=[{"source": "website", **one} for one in SEEDS],
        )
    assert [one["status"] for one in answer.json()["items"]] == [*["recorded"] * 3, "refused"]


async def examine(server: Server, directory: Path, *arguments: str) -> tuple[int, str]:
    """Run schemathesis; return its exit code, and what it has to say."""
    command = (
        *(sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()"),
        *("--config-file", str(CONFIG), "run", f"http://127.0.0.1:{server.port}/openapi.json"),
        *("--header", f"Authorization: Bearer {server.key}", "--seed", str(SEED)),
        *("--checks", ",".join(CHECKS)),
        *("--exclude-path", ENDLESS, "--generation-database", "none", "--no-color"),
        *("--continue-on-failure", "--workers", "2", *arguments),
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


@pytest.mark.timeout(WITHIN_S + 60)
@pytest.mark.parametrize("phases", PHASES)
async def test_every_answer_is_described(bench: Bench, tmp_path: Path, phases: str) -> None:
    examples, routes = PHASES[phases]
    asked = ("--phases", phases, "--max-examples", str(examples))
    async with founded(bench, f"document_{phases[:1]}") as ledger:
        with serving(bench, ledger, module=SERVICE) as server:
            await seed(server)
            code, said = await examine(server, tmp_path, *asked)
            assert code == 0, said
            answered = server.log.read_text()
    # It is worth something only if it came far: in stories, to things that it has learnt to name.
    came_to = set(re.findall(r'"route":"([^"]+)","status":20', answered))
    assert routes <= came_to
    if phases == "stateful":
        assert any("{" in route for route in came_to), came_to


async def test_an_answer_that_is_not_described_is_found(bench: Bench, tmp_path: Path) -> None:
    """The negative twin."""
    async with founded(bench, "lying") as ledger:
        with serving(bench, ledger, module=LYING) as server:
            paths = "^/(livez|readyz|v1/refusals|v1/lifecycle)$"
            code, said = await examine(
                server,
                tmp_path,
                *("--phases", "fuzzing", "--max-examples", "2", "--include-path-regex", paths),
            )
    assert code == 1
    for kind in (
        "Undocumented status code: 1",
        "Undocumented Content-Type: 1",
        "Response violates schema",
        "Missing required response headers: 1",
    ):
        assert kind in said, said
