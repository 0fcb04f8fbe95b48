"""Become a program that runs as another user and does not outlive its parent.

    python -I -S launch.py PARENT SIGNAL KIND UID GID CLUSTER PROGRAM [ARGUMENT ...]

A separate script, because the changes to its own process are safe only with a single thread, before
the program takes its place. It imports next to nothing, because every start waits for it.
"""

import ctypes
import os
import signal
import sys
import time
from pathlib import Path

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1

LEFTOVERS_WAIT_S = 5
POLL_S = 0.005


def processes_in(cluster: str) -> list[int]:
    """Return the server processes of `cluster` that we are allowed to see.

    Each of them works in that directory; no other property of a process is as reliable.
    """
    found = []
    for entry in os.listdir("/proc"):  # noqa: PTH208  pathlib would make an object of each
        if entry.isdecimal():
            try:
                works_here = os.readlink(f"/proc/{entry}/cwd") == cluster  # noqa: PTH115  same reason
                name = Path(f"/proc/{entry}/comm").read_text() if works_here else ""
            except OSError:
                continue  # it has ended in the meantime, or belongs to another user
            if name.strip() == "postgres":
                found.append(int(entry))
    return found


def main(arguments: list[str]) -> None:
    parent, fate, kind, uid, gid, cluster, *program = arguments
    _forget_inherited_signals()
    if kind == "account":
        _become(int(uid), int(gid))
    if cluster:
        # As the account, which may see and end its own processes even if a container's root may
        # not; and before entering the namespace, from which no outside process is visible.
        _end_leftovers(cluster)
    if kind == "namespace":
        _enter_namespace(int(uid), int(gid))
    _die_with(int(parent), int(fate))
    try:
        os.execv(program[0], program)  # noqa: S606  becoming that program is what we are for
    except OSError as error:
        sys.exit(f"{program[0]} cannot be run as user {os.geteuid()}: {error.strerror}")


def _forget_inherited_signals() -> None:
    """Reset signals that a shell, nohup or Python chose to ignore.

    SIGQUIT reports our parent's death. If it were ignored, it would be lost if it came before
    PostgreSQL has set its handlers.
    """
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _become(uid: int, gid: int) -> None:
    if (os.geteuid(), os.getegid()) == (uid, gid):
        return
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)


def _end_leftovers(cluster: str) -> None:
    """Kill server processes that lost their postmaster.

    Idle ones end on their own; a busy one notices only when it next waits, and until then the data
    directory cannot be opened. Work that it had not committed was never promised.
    """
    deadline = time.monotonic() + LEFTOVERS_WAIT_S
    while leftovers := processes_in(cluster):
        if time.monotonic() > deadline:
            sys.exit(f"server processes of {cluster} could not be ended: {leftovers}")
        for process in leftovers:
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(POLL_S)


def _enter_namespace(uid: int, gid: int) -> None:
    outer_uid, outer_gid = os.geteuid(), os.getegid()
    _call("unshare", CLONE_NEWUSER)
    # Unless setgroups is given up, the kernel accepts no group map from an unprivileged process.
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {outer_uid} 1")
    Path("/proc/self/gid_map").write_text(f"{gid} {outer_gid} 1")


def _die_with(parent: int, fate: int) -> None:
    """Ask for the signal `fate` when the parent dies.

    To be repeated after every change of user, because that clears the request. Then the parent is
    checked once more, because a parent that died before the request is not reported.
    """
    _call("prctl", PR_SET_PDEATHSIG, fate, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(f"process {parent}, for which this was started, has ended")


def _call(name: str, *arguments: int) -> None:
    function = getattr(ctypes.CDLL(None, use_errno=True), name)
    if function(*(ctypes.c_ulong(argument) for argument in arguments)) != 0:
        number = ctypes.get_errno()
        sys.exit(f"{name}: {os.strerror(number)}")


if __name__ == "__main__":
    main(sys.argv[1:])
