"""Start a server on a cluster, wait until it answers, stop it."""

import os
import shutil
import time
from collections import deque
from pathlib import Path
from signal import Signals

from service.limits import (
    POSTGRES_DYING_WAIT_S,
    POSTGRES_LOG_BYTES_MAX,
    POSTGRES_LOG_TAIL_LINES,
    POSTGRES_POLL_S,
    POSTGRES_START_WAIT_S,
)
from service.private_postgres.child import Child, start_child
from service.private_postgres.errors import DataDirectoryInUseError, StartError
from service.private_postgres.launch import processes_in

STOP_STEPS = (
    # Fast: disconnect all clients, roll back, write a checkpoint.
    (Signals.SIGINT, 60.0),
    # Immediate: leave the rest to recovery. It ends within 5 s, whatever its children do.
    (Signals.SIGQUIT, 10.0),
    (Signals.SIGKILL, 10.0),
)


STATUS_LINE = 7
"""The line of postmaster.pid that shows its progress; pg_ctl reads it too."""


def start_postmaster(command: list[str], *, cluster: Path, sockets: Path, log: Path) -> Child:
    """Start the server and return when it accepts connections.

    Raises:
        DataDirectoryInUseError: another server is running on this cluster.
        StartError: it ended, or did not start in time.
    """
    await_dying_postmaster(cluster)
    for note in (cluster / "postmaster.pid", *sockets.glob(".s.PGSQL.*.lock")):
        forget_reused_pid(note)
    bound_log(log)
    output = open_log(log)
    try:
        since = os.fstat(output).st_size
        postmaster = start_child(command, output=output)
    finally:
        os.close(output)
    try:
        _await_ready(postmaster, cluster=cluster, log=log, since=since)
    except BaseException:
        # If the start is interrupted, the caller has nothing with which to stop it later.
        stop_postmaster(postmaster)
        raise
    return postmaster


def _await_ready(postmaster: Child, *, cluster: Path, log: Path, since: int) -> None:
    deadline = time.monotonic() + POSTGRES_START_WAIT_S
    while not _is_ready(cluster, postmaster.pid):
        if postmaster.has_ended_within(POSTGRES_POLL_S):
            raise StartError(
                f"expected PostgreSQL to start on {cluster}, found that it ended with status "
                f"{postmaster.process.returncode}; {log} says: {tail(log, since=since)}"
            )
        if time.monotonic() > deadline:
            raise StartError(
                f"expected PostgreSQL to accept connections within {POSTGRES_START_WAIT_S} s, "
                f"found it still busy, and stopped it; {log} says: {tail(log, since=since)}"
            )


def stop_postmaster(postmaster: Child) -> None:
    """Stop it in order if possible, at once if necessary."""
    for number, wait_s in STOP_STEPS:
        postmaster.signal(number)
        if postmaster.has_ended_within(wait_s):
            return
    raise AssertionError(f"process {postmaster.pid} survived SIGKILL")


def await_dying_postmaster(cluster: Path, *, wait_s: float = POSTGRES_DYING_WAIT_S) -> None:
    """Wait for the server of a supervisor that was killed a moment ago to end.

    A server that does not end was started by someone else: we hold the lock, and our servers die
    with us.
    """
    deadline = time.monotonic() + wait_s
    while (noted := _noted_pid(cluster)) is not None and _is_server_of(noted, cluster):
        if time.monotonic() > deadline:
            raise DataDirectoryInUseError(
                f"expected no server on {cluster}, found one that is not ours, process {noted}; "
                f"stop it (kill -INT {noted}) and start again"
            )
        time.sleep(POSTGRES_POLL_S)


def forget_reused_pid(note: Path) -> None:
    """Remove a lock file, of the cluster or of a socket, that names an unrelated process.

    In containers process ids start from the beginning again, so the id of the server that was
    killed soon belongs to another process, and PostgreSQL would refuse to start. If the id is not
    in use, PostgreSQL notices that itself, with checks of its own that need the file. Call this
    only when no server is running on the cluster: no other server uses the directory of its
    sockets.
    """
    noted = _pid_in(_lines(note))
    if noted is not None and Path(f"/proc/{noted}").exists():
        note.unlink()


def accepting_postmaster(cluster: Path) -> int | None:
    """Return the pid of the server that accepts connections on a cluster, if there is one."""
    noted = _noted_pid(cluster)
    if noted is None or not _is_ready(cluster, noted) or not _is_server_of(noted, cluster):
        return None
    return noted


def _is_ready(cluster: Path, pid: int) -> bool:
    note = _note(cluster)
    return len(note) > STATUS_LINE and note[0] == str(pid) and note[STATUS_LINE].strip() == "ready"


def _noted_pid(cluster: Path) -> int | None:
    return _pid_in(_note(cluster))


def _note(cluster: Path) -> list[str]:
    return _lines(cluster / "postmaster.pid")


def _pid_in(note: list[str]) -> int | None:
    return int(note[0]) if note and note[0].isdecimal() else None


def _lines(note: Path) -> list[str]:
    try:
        return note.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []


def _is_server_of(pid: int, cluster: Path) -> bool:
    """Return whether the process is a server on this cluster.

    If we may not see its directory (root in a container, looking at another account's process), its
    name has to suffice.
    """
    try:
        Path(f"/proc/{pid}/cwd").readlink()
    except FileNotFoundError:
        return False
    except PermissionError:
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip() == "postgres"
    return pid in processes_in(str(cluster))


def open_log(path: Path) -> int:
    """Return a descriptor for the server's standard error.

    It appends, so that the server continues at the beginning after `bound_log` has emptied the
    file.
    """
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


def bound_log(path: Path) -> None:
    """Move a log that has grown too long aside, replacing the previous one.

    It is copied and emptied rather than renamed, because the server keeps the file open. A line
    written in between is lost, which is better than a thread of ours in the path of the server's
    output.
    """
    if not path.exists() or path.stat().st_size <= POSTGRES_LOG_BYTES_MAX:
        return
    shutil.copy(path, path.with_name(f"{path.name}.1"))
    os.truncate(path, 0)


def tail(path: Path, *, since: int) -> str:
    """Return the last lines written after the first `since` bytes."""
    with path.open(encoding="utf-8", errors="replace") as file:
        file.seek(since)
        return "".join(deque(file, POSTGRES_LOG_TAIL_LINES)).strip() or "(nothing)"
