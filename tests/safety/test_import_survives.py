"""An import resumes where a killed service stopped, and records nothing twice."""

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

from tests.support.http_service import LIFECYCLE_AT
from tests.support.running_service import (
    ROOT,
    RunningService,
    environment,
    eventually,
    running_service,
)

ROWS = 8_000
VISITORS = 500

MAPPING = """
format: 1
source: test
time: {column: at, zone: UTC}
lead: {anonymous_id: '{visitor}'}
events: [{id: '{n}', type: visit.recorded}]
"""


def test_an_import_waits_for_a_killed_service_and_records_every_row_once(
    data_dir: Path, tmp_path: Path
) -> None:
    table, mapping = tmp_path / "visits.csv", tmp_path / "visits.yaml"
    rows = (f"{number},2026-01-01T00:00:00Z,v{number % VISITORS}\n" for number in range(ROWS))
    table.write_text("n,at,visitor\n" + "".join(rows), encoding="utf-8")
    mapping.write_text(MAPPING, encoding="utf-8")
    port = free_port()
    with running_service(data_dir, "--port", port) as service:
        key = service.key
        importing = subprocess.Popen(
            [
                *(sys.executable, "-m", "service.command", "import", str(table)),
                *("--mapping", str(mapping), "--batch", "200", "--json"),
            ],
            cwd=ROOT,
            env=environment(data_dir, LEADLEDGER_URL=service.url, LEADLEDGER_KEY=key),
            stdout=subprocess.PIPE,
        )
        eventually(lambda: recorded(service, key) > ROWS // 10)
        before = recorded(service, key)
        service.end(signal.SIGKILL)
    with running_service(data_dir, "--port", port) as service:
        printed, _ = importing.communicate(timeout=60)
        summary = json.loads(printed)
        verified = service.command("verify", "--json")
        # Each visitor has one linked identifier; the lifecycle and the key come first.
        assert recorded(service, key) == ROWS + VISITORS + LIFECYCLE_AT + 1
        assert (importing.returncode, verified.returncode) == (0, 0)
    assert before < ROWS, "the service was killed too late to prove anything"
    assert summary["recorded"] + summary["duplicates"] == ROWS
    assert (summary["refused"], summary["rows_refused"]) == (0, 0)


def recorded(service: RunningService, key: str) -> int:
    with service.client(key) as client:
        return int(client.get("/v1/events", params={"limit": 1}).json()["head"])


def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as lent:
        return str(lent.getsockname()[1])
