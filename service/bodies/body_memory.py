"""The memory for bodies and for what is built from them, shared by all requests of one process.

The size of one body and the number of connections are limited elsewhere; this module limits what
all bodies take together. Bytes are counted when they are held, not when they are announced, so a
sender that announces much and sends little blocks no other.

There are two budgets. A body that contains its own key belongs to an unknown sender until the key
is found, and all unknown senders share a small budget of their own: however many there are, they
take no memory from senders with a key. In either budget, large bodies leave a reserve for small
ones and for what is built from bodies already held, so that neither waits for a large one to
finish.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from events.limits import DECOMPRESSED_BYTES_MAX
from service.http.problem import Problem
from service.limits import (
    HELD_BYTES_MAX,
    RESERVED_BYTES,
    SMALL_BYTES_MAX,
    STRANGER_BYTES_MAX,
    STRANGERS_BYTES_MAX,
)


class MemoryBudget:
    """What is held, and what may be held. A class, because requests come and go."""

    def __init__(
        self,
        bytes_max: int = HELD_BYTES_MAX,
        *,
        body_bytes_max: int = DECOMPRESSED_BYTES_MAX,
        reserved_bytes: int = RESERVED_BYTES,
    ) -> None:
        self._bytes_max = bytes_max
        self._reserved_bytes = reserved_bytes
        self.body_bytes_max = body_bytes_max
        self.held_bytes = 0

    @contextmanager
    def memory(self) -> Iterator["BodyMemory"]:
        """Hold nothing at first; release everything taken at the end."""
        memory = BodyMemory(self)
        try:
            yield memory
        finally:
            memory.give_back(memory.held_bytes)

    def has(self, size: int, *, for_large: bool = False) -> bool:
        """Return whether `size` more bytes may be held."""
        reserved = self._reserved_bytes if for_large else 0
        return self.held_bytes + size <= self._bytes_max - reserved


def strangers_budget() -> MemoryBudget:
    """Make the budget for bodies whose sender is not known yet."""
    return MemoryBudget(
        STRANGERS_BYTES_MAX,
        body_bytes_max=STRANGER_BYTES_MAX,
        reserved_bytes=STRANGERS_BYTES_MAX // 4,
    )


@dataclass(frozen=True, slots=True)
class MemoryBudgets:
    """The two budgets of one process."""

    senders: MemoryBudget = field(default_factory=MemoryBudget)
    """For bodies of senders whose key is known."""
    strangers: MemoryBudget = field(default_factory=strangers_budget)
    """For bodies that contain their own key, until it is found."""


class BodyMemory:
    """What one request holds."""

    __slots__ = ("budget", "held_bytes")

    def __init__(self, budget: MemoryBudget) -> None:
        self.budget = budget
        self.held_bytes = 0

    def has(self, size: int) -> bool:
        """Return whether there is room to build `size` more bytes."""
        return self.budget.has(size)

    def take(self, size: int) -> None:
        """Hold `size` more bytes of a body. Raises Problem: queue-full."""
        held_bytes = self.held_bytes + size
        if not self.budget.has(size, for_large=held_bytes > SMALL_BYTES_MAX):
            raise _full()
        self._hold(size)

    def build(self, size: int) -> None:
        """Hold `size` more bytes of what is built from a body. Raises Problem: queue-full."""
        if not self.budget.has(size):
            raise _full()
        self._hold(size)

    def give_back(self, size: int) -> None:
        """Release `size` bytes."""
        self.budget.held_bytes -= size
        self.held_bytes -= size

    def move_to(self, budget: MemoryBudget) -> None:
        """Move what is held to another budget. Raises Problem: queue-full."""
        size = self.held_bytes
        if not budget.has(size, for_large=size > SMALL_BYTES_MAX):
            raise _full()
        self.give_back(size)
        self.budget = budget
        self._hold(size)

    def _hold(self, size: int) -> None:
        self.budget.held_bytes += size
        self.held_bytes += size


def _full() -> Problem:
    return Problem(
        "queue-full",
        "Too many large bodies are being read at once. Nothing from this one was recorded; send "
        "the same ids again after the time in Retry-After.",
    )
