"""Start a process that Linux ends when we end, and wait for its end."""

import os
import subprocess
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from signal import Signals

PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "HOME", "TMPDIR")

ENVIRONMENT = {
    "LC_ALL": "C",
    **{name: os.environ[name] for name in PASSED_ON if name in os.environ},
}
"""Listed one by one: the service's own variables hold secrets, and PostgreSQL would obey PGDATA and
similar ones."""


@dataclass(frozen=True, slots=True)
class Child:
    """A running process, and the thread that started it and waits for it."""

    process: subprocess.Popen[bytes]
    keeper: threading.Thread

    @property
    def pid(self) -> int:
        return self.process.pid

    def is_running(self) -> bool:
        return self.keeper.is_alive()

    def signal(self, number: Signals) -> None:
        """Send a signal unless it has ended: its pid may then belong to another process."""
        self.process.send_signal(number)

    def has_ended_within(self, wait_s: float) -> bool:
        self.keeper.join(wait_s)
        return not self.keeper.is_alive()


def start_child(command: list[str], *, output: int) -> Child:
    """Start `command`, with its output going to the descriptor `output`.

    To Linux the parent is the *thread*, and the end of the thread counts as the parent's death. So
    a dedicated thread starts the process and lives as long as it does: the caller may be a worker
    thread that ends at any time.
    """
    started: Future[subprocess.Popen[bytes]] = Future()

    def keep() -> None:
        try:
            process = subprocess.Popen(  # noqa: S603  the command is built by this package
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=Path("/"),
                env=ENVIRONMENT,
                # A session of its own: Ctrl-C in the terminal is for us, and we stop the child in
                # order.
                start_new_session=True,
                umask=0o077,
            )
        except BaseException as error:  # noqa: BLE001  it is raised in the caller's thread
            started.set_exception(error)
            return
        started.set_result(process)
        process.wait()

    keeper = threading.Thread(target=keep, name="private-postgres", daemon=True)
    keeper.start()
    return Child(started.result(), keeper)
