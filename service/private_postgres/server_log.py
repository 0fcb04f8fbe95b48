"""Keep what the server says about itself, within bounds."""

import os
import shutil
from collections import deque
from pathlib import Path

LOG_BYTES_MAX = 10 * 1024 * 1024
"""A busy server writes some kilobytes an hour; twice this is the most that is ever kept."""

TAIL_LINES = 20
"""What of the log an error quotes: a failed start says why in its last lines."""


def open_log(path: Path) -> int:
    """Return a descriptor for the server's standard error.

    It appends, so that the server goes on at the beginning after `bound_log` has emptied the file.
    """
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


def bound_log(path: Path) -> None:
    """Move a log that has grown too long aside, over the one before it.

    Copied and emptied rather than renamed, because the server keeps the file open. A line written
    in between is lost, which is better than a thread of ours in the way of the server's output.
    """
    if not path.exists() or path.stat().st_size <= LOG_BYTES_MAX:
        return
    shutil.copy(path, path.with_name(f"{path.name}.1"))
    os.truncate(path, 0)


def tail(path: Path, *, since: int) -> str:
    """Return the last lines written after the first `since` bytes."""
    with path.open(encoding="utf-8", errors="replace") as file:
        file.seek(since)
        return "".join(deque(file, TAIL_LINES)).strip() or "(nothing)"
