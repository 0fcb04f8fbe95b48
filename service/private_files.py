"""Files that hold a secret: read only if they are closed to everybody else."""

import os
import stat
from pathlib import Path

OPEN_TO_OTHERS = 0o037
"""What such a file may not permit: anything to all, and more than reading to its group. The group
may read, because orchestrators mount secrets as root's for the group of a process (mode 0440)."""


class FileExposed(Exception):
    """Others than its owner and its group can read a file that holds a secret, or change it."""


def read_private(path: Path) -> str:
    """Read a file that holds a secret.

    Raises:
        FileNotFoundError: there is none.
        FileExposed: others may read it, or its group may change it.
    """
    with path.open(encoding="ascii") as file:
        # Of the very file that is read, wherever a link leads.
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        if mode & OPEN_TO_OTHERS:
            raise FileExposed(
                f"expected {path} to be closed to others (mode 0600, or 0640 for a group), found "
                f"mode {mode:04o}: chmod 600 {path}, and consider who may have read it"
            )
        return file.read()
