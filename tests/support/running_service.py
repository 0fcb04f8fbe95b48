"""Run the real command as a separate process, and check what it leaves behind.

with running_service(data_dir, "--workers", "2") as service:
    service.command("import", ...)
"""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from events.remote.roles import Role
from tests.support.processes import Process, family_of

ROOT = Path(__file__).parents[2]
START_WAIT_S = 60
COMMAND_WAIT_S = 1_800
"""Each test has a shorter limit of its own; what a soak has recorded takes minutes to verify."""
END_WAIT_S = 30
POLL_S = 0.05


@dataclass(slots=True)
class RunningService:
    """One process of `leadledger serve`, and what it printed."""

    process: subprocess.Popen[bytes]
    data_dir: Path
    output: Path
    log: Path
    url: str = ""

    @property
    def printed(self) -> str:
        return self.output.read_text(encoding="utf-8")

    @property
    def key(self) -> str:
        """Return the key that the first start printed."""
        found = re.search(r"llk_\w+", self.printed)
        assert found, "no key was printed"
        return found[0]

    def workers(self) -> list[Process]:
        return [one for one in family_of(self.process.pid) if "hosting.worker" in one.command]

    def of_role(self, role: Role) -> list[Process]:
        return [one for one in self.workers() if f" {role} " in one.command]

    def postmaster(self) -> Process | None:
        """Return the database server, or None while there is none."""
        family = family_of(self.process.pid)
        servers = (process for process in family if "/bin/postgres -D" in process.command)
        return next((server for server in servers if server.parent == self.process.pid), None)

    def end(self, number: int) -> int:
        """Send a signal, and return the exit code once no process of the family runs."""
        family = family_of(self.process.pid)
        assert len(family) > 1, "expected workers at least"
        self.process.send_signal(number)
        code = self.process.wait(END_WAIT_S)
        eventually(lambda: not any(process.is_running() for process in family), wait_s=END_WAIT_S)
        return code

    def client(self, key: str) -> httpx.Client:
        return httpx.Client(
            base_url=self.url, headers={"Authorization": f"Bearer {key}"}, trust_env=False
        )

    def command(self, *arguments: str, key: str = "") -> subprocess.CompletedProcess[str]:
        """Run another command against this service, and its data directory."""
        return command(*arguments, data_dir=self.data_dir, url=self.url, key=key)


def command(
    *arguments: str, data_dir: Path, url: str = "", key: str = "", **settings: str
) -> subprocess.CompletedProcess[str]:
    """Run a command to completion."""
    return subprocess.run(
        [sys.executable, "-m", "service.command", *arguments],
        cwd=ROOT,
        env=environment(data_dir, LEADLEDGER_URL=url, LEADLEDGER_KEY=key, **settings),
        capture_output=True,
        text=True,
        timeout=COMMAND_WAIT_S,
        check=False,
    )


def environment(data_dir: Path, **settings: str) -> dict[str, str]:
    """Return an environment in which only the data directory is set, and one process is enough."""
    outside = {name: value for name, value in os.environ.items() if "LEADLEDGER" not in name}
    given = {name: value for name, value in settings.items() if value}
    own = {"LEADLEDGER_DATA_DIR": str(data_dir), "LEADLEDGER_WORKERS": "0"}
    return {**outside, **own, **given}


@contextmanager
def running_service(data_dir: Path, *arguments: str, **settings: str) -> Iterator[RunningService]:
    """Run a service on a free port, and leave nothing behind."""
    service = start_service(data_dir, arguments, settings)
    try:
        yield service
    finally:
        if service.process.poll() is None:
            service.end(signal.SIGKILL)


def start_service(
    data_dir: Path, arguments: Sequence[str], settings: dict[str, str]
) -> RunningService:
    """Start a service, and return when it reports that it is listening.

    It does everything in one process unless `--workers` is given: each further process takes a
    second to start, and most tests are not about processes.
    """
    output, log = data_dir.with_suffix(".out"), data_dir.with_suffix(".err")
    with output.open("wb") as out, log.open("wb") as err:
        process = subprocess.Popen(
            [sys.executable, "-m", "service.command", "serve", "--port", "0", *arguments],
            cwd=ROOT,
            env=environment(data_dir, **{"LEADLEDGER_WORKERS": "0", **settings}),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
        )
    service = RunningService(process, data_dir, output, log)
    eventually(lambda: "Listening on" in service.printed or process.poll() is not None)
    found = re.search(r"Listening on (\S+)", service.printed)
    assert found, f"{service.printed}\n{log.read_text(encoding='utf-8')}"
    service.url = found[1]
    return service


def eventually(holds: Callable[[], object], *, wait_s: float = START_WAIT_S) -> None:
    """Wait until a condition holds; fail if it never does."""
    deadline = time.monotonic() + wait_s
    while not holds():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(POLL_S)
