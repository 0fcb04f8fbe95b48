"""Become a program that runs as someone else and does not outlive its parent.

    python -I -S launch.py PARENT SIGNAL KIND UID GID CLUSTER PROGRAM [ARGUMENT ...]

A script of its own, because what it does to itself is safe only in a process with one thread,
before the program takes its place; and it imports next to nothing, because it stands between the
user and every start.
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

    Every one of them works in that directory; nothing else about a process is as hard to mistake.
    """
    found = []
    for entry in os.listdir("/proc"):  # noqa: PTH208  pathlib would make an object of each
        if entry.isdecimal():
            try:
                works_here = os.readlink(f"/proc/{entry}/cwd") == cluster  # noqa: PTH115  likewise
                name = Path(f"/proc/{entry}/comm").read_text() if works_here else ""
            except OSError:
                continue  # it has ended meanwhile, or belongs to someone else
            if name.strip() == "postgres":
                found.append(int(entry))
    return found


def main(arguments: list[str]) -> None:
    parent, fate, kind, uid, gid, cluster, *program = arguments
    _forget_inherited_signals()
    if kind == "account":
        _become(int(uid), int(gid))
    if cluster:
        # As the account, which may see and end its own processes where a container's root may
        # not; and before the namespace, from within which nobody outside can be seen.
        _end_leftovers(cluster)
    if kind == "namespace":
        _enter_namespace(int(uid), int(gid))
    _die_with(int(parent), int(fate))
    try:
        os.execv(program[0], program)  # noqa: S606  becoming that program is what we are for
    except OSError as error:
        sys.exit(f"{program[0]} cannot be run as user {os.geteuid()}: {error.strerror}")


def _forget_inherited_signals() -> None:
    """Undo what a shell, nohup or Python chose to ignore.

    An ignored SIGQUIT would be lost if it came before PostgreSQL has set its handlers, and it is
    the one that tells of our parent's death.
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
    """Kill what lost its postmaster.

    Idle ones end by themselves; one that is computing notices only when it next waits, and until
    then the data directory cannot be opened. What it had not committed was never promised.
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
    # Without giving up setgroups the kernel takes no group map from the unprivileged.
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {outer_uid} 1")
    Path("/proc/self/gid_map").write_text(f"{gid} {outer_gid} 1")


def _die_with(parent: int, fate: int) -> None:
    """Ask for the signal `fate` when the parent dies.

    After every change of user, because that clears the request; and looked at once more, because
    a parent that died before we asked is not reported.
    """
    _call("prctl", PR_SET_PDEATHSIG, fate, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(f"process {parent}, for which this was started, is gone")


def _call(name: str, *arguments: int) -> None:
    function = getattr(ctypes.CDLL(None, use_errno=True), name)
    if function(*(ctypes.c_ulong(argument) for argument in arguments)) != 0:
        number = ctypes.get_errno()
        sys.exit(f"{name}: {os.strerror(number)}")


if __name__ == "__main__":
    main(sys.argv[1:])
