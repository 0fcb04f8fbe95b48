"""Run a program as root where user namespaces are forbidden, as in most containers.

    python tests/support/without_namespaces.py PROGRAM [ARGUMENT ...]

It uses a namespace itself: one that has all users of this machine, but cannot create others.
"""

import ctypes
import os
import sys
from pathlib import Path

CLONE_NEWUSER = 0x10000000

EVERYONE = "0 0 65536"


def main() -> None:
    entered, mapped = os.pipe(), os.pipe()
    inside = os.fork()
    if inside == 0:
        assert ctypes.CDLL(None).unshare(CLONE_NEWUSER) == 0
        os.write(entered[1], b".")
        os.read(mapped[0], 1)
        os.setresgid(0, 0, 0)
        os.setresuid(0, 0, 0)
        Path("/proc/sys/user/max_user_namespaces").write_text("0")
        os.execv(sys.argv[1], sys.argv[1:])
    os.read(entered[0], 1)
    # More than one user can only be mapped from outside.
    Path(f"/proc/{inside}/uid_map").write_text(EVERYONE)
    Path(f"/proc/{inside}/gid_map").write_text(EVERYONE)
    os.write(mapped[1], b".")
    os.waitpid(inside, 0)


if __name__ == "__main__":
    main()
