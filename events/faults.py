"""Unexpected errors, without a word of theirs.

An error's message, and the variables around it, may quote somebody's data. Its kind and the calls
that led to it cannot, and are what a developer needs first.
"""

from collections import deque
from collections.abc import Callable
from pathlib import PurePath
from traceback import walk_tb
from typing import NamedTuple

from events.limits import FAULT_FRAMES_MAX


class Fault(NamedTuple):
    """An unexpected error as it may be shown to anybody."""

    error: str
    """Its class."""
    where: tuple[str, ...]
    """The calls that led to it, the innermost last: file, line, function."""

    @property
    def place(self) -> str:
        """Where it was raised."""
        return self.where[-1] if self.where else ""


OnFault = Callable[[str], None]
"""Called with the name of the work in which an unexpected error was caught."""


def uncounted(_: str) -> None:
    """Count nothing, where nobody collects metrics."""


def fault_of(error: BaseException) -> Fault:
    """Keep of an error what may be shown."""
    frames = deque(walk_tb(error.__traceback__), maxlen=FAULT_FRAMES_MAX)
    where = tuple(
        f"{_short(frame.f_code.co_filename)}:{line} {frame.f_code.co_name}"
        for frame, line in frames
    )
    return Fault(type(error).__name__, where)


def _short(filename: str) -> str:
    """Name a file by its package, wherever it is installed."""
    return "/".join(PurePath(filename).parts[-2:])
