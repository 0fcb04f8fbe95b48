"""Examine processes through /proc: parents, children, and which still run."""

import os
import signal
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Process:
    """A process as seen; its start time distinguishes it from a later one with the same id."""

    pid: int
    parent: int
    started: str
    command: str

    def is_running(self) -> bool:
        """Report whether it is alive; a zombie is not."""
        return self in processes()

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)


def processes() -> list[Process]:
    """Return every process running on this machine."""
    seen = (_seen(directory) for directory in Path("/proc").iterdir() if directory.name.isdecimal())
    return [process for process in seen if process is not None]


def family_of(pid: int) -> list[Process]:
    """Return a process and all its descendants."""
    everyone = processes()
    family = [process for process in everyone if process.pid == pid]
    for member in family:
        family += [process for process in everyone if process.parent == member.pid]
    return family


def _seen(directory: Path) -> Process | None:
    try:
        # The name is in parentheses, and may contain anything.
        fields = (directory / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        command = (directory / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return None
    state, parent, started = fields[0], int(fields[1]), fields[19]
    return None if state == "Z" else Process(int(directory.name), parent, started, command)


def resident_bytes(pid: int) -> int:
    """Return how much memory a process holds."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
