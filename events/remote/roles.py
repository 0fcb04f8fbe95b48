"""The processes of a service, by what they do."""

from enum import StrEnum


class Role(StrEnum):
    WRITER = "writer"
    """Decides and appends. There is one."""
    FRONT = "front"
    """Answers requests."""
    READER = "reader"
    """Keeps projections up to date, delivers webhooks, finds due timers, and tidies up. There is
    one."""
    WHOLE = "whole"
    """All of these in one process."""
