"""Files that contain a secret: read only if they are closed to other users."""

import os
import stat
from pathlib import Path

OPEN_TO_OTHERS = 0o037
"""Permissions that must not be set: any for others, and more than reading for the group. The group
may read, because orchestrators mount secrets as root's for the group of a process (mode 0440)."""


class FileExposed(Exception):
    """A file with a secret can be read by others than its owner and group, or changed by them."""


def read_private(path: Path) -> str:
    """Read a file that contains a secret.

    Raises:
        FileNotFoundError: the file does not exist.
        FileExposed: others may read it, or its group may change it.
    """
    with path.open(encoding="ascii") as file:
        # The mode of exactly the file that is read, wherever a link leads.
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        if mode & OPEN_TO_OTHERS:
            raise FileExposed(
                f"expected {path} to be closed to others (mode 0600, or 0640 for a group), found "
                f"mode {mode:04o}: chmod 600 {path}, and consider who may have read it"
            )
        return file.read()
