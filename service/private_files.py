"""Files that hold secrets: read only where no stranger can read or replace them.

The owner's group may read: that is how orchestrators mount secrets for a process that is not root.
"""

from pathlib import Path

STRANGERS = 0o027
"""Writing by the group, and anything by everybody else."""


class SecretExposed(Exception):
    """A file that holds a secret can be read, or replaced, by others on this machine."""


def read_private(path: Path) -> str:
    """Read a file that holds a secret. Raises SecretExposed, FileNotFoundError."""
    mode = path.stat().st_mode & 0o777
    if mode & STRANGERS:
        raise SecretExposed(
            f"expected that only its owner and group can read {path}, found mode {mode:03o}: "
            f"run chmod 600 {path}, and consider what is in it as known to everybody who could "
            "read it"
        )
    return path.read_text(encoding="ascii").strip()
