"""Unexpected errors, without their messages.

An error's message and the variables around it may contain personal data. Its class and the call
stack cannot, and a developer needs these first.
"""

from collections import deque
from collections.abc import Callable
from pathlib import PurePath
from traceback import walk_tb
from typing import NamedTuple

from events.limits import FAULT_FRAMES_MAX


class Fault(NamedTuple):
    """An unexpected error in a form that is safe to show to anyone."""

    error: str
    """Its class."""
    where: tuple[str, ...]
    """The call stack, innermost last: file, line, function."""

    @property
    def place(self) -> str:
        """Where it was raised."""
        return self.where[-1] if self.where else ""


OnFault = Callable[[str], None]
"""Called with the name of the work in which an unexpected error was caught."""


def uncounted(_: str) -> None:
    """Count nothing. Used where no metrics are collected."""


def fault_of(error: BaseException) -> Fault:
    """Keep the parts of an error that may be shown."""
    frames = deque(walk_tb(error.__traceback__), maxlen=FAULT_FRAMES_MAX)
    where = tuple(
        f"{_short(frame.f_code.co_filename)}:{line} {frame.f_code.co_name}"
        for frame, line in frames
    )
    return Fault(type(error).__name__, where)


def _short(filename: str) -> str:
    """Name a file by its package, independent of where it is installed."""
    return "/".join(PurePath(filename).parts[-2:])
