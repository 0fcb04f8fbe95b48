"""The memory for bodies, and for what is built of them, shared by all requests of one process.

One body is bounded, and so is the number of connections; what a thousand bodies take together is
bounded here. Bytes are counted as they are held, not as they are announced, so that a sender who
announces much and sends little keeps nobody out.

There are two rooms. A body whose key is inside it is a stranger's until the key is found, and all
strangers share a small room of their own: however many there are, a sender with a key finds its
memory free. In either room large bodies leave a part to small ones, and to what is built of those
already there, so that neither waits for a large one to go.
"""

from collections.abc import Iterator
from contextlib import contextmanager

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
    """What is held, and what may be. A class, because requests come and go."""

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
    def place(self) -> Iterator["BodyMemory"]:
        """Hold nothing yet; whatever is taken is given back at the end."""
        place = BodyMemory(self)
        try:
            yield place
        finally:
            place.give_back(place.held_bytes)

    def has(self, size: int, *, for_large: bool = False) -> bool:
        """Tell whether so much more may be held."""
        reserved = self._reserved_bytes if for_large else 0
        return self.held_bytes + size <= self._bytes_max - reserved


def strangers_room() -> MemoryBudget:
    """Make the room for bodies whose sender is not known yet."""
    return MemoryBudget(
        STRANGERS_BYTES_MAX,
        body_bytes_max=STRANGER_BYTES_MAX,
        reserved_bytes=STRANGERS_BYTES_MAX // 4,
    )


class BodyMemory:
    """What one request holds."""

    __slots__ = ("held_bytes", "room")

    def __init__(self, room: MemoryBudget) -> None:
        self.room = room
        self.held_bytes = 0

    def has(self, size: int) -> bool:
        """Tell whether there is room to build so much."""
        return self.room.has(size)

    def take(self, size: int) -> None:
        """Hold so much more of a body. Raises Problem: queue-full."""
        held_bytes = self.held_bytes + size
        if not self.room.has(size, for_large=held_bytes > SMALL_BYTES_MAX):
            raise _full()
        self._hold(size)

    def build(self, size: int) -> None:
        """Hold so much more of what is built of a body. Raises Problem: queue-full."""
        if not self.room.has(size):
            raise _full()
        self._hold(size)

    def give_back(self, size: int) -> None:
        """Hold so much less."""
        self.room.held_bytes -= size
        self.held_bytes -= size

    def move_to(self, room: MemoryBudget) -> None:
        """Hold the same elsewhere. Raises Problem: queue-full."""
        size = self.held_bytes
        if not room.has(size, for_large=size > SMALL_BYTES_MAX):
            raise _full()
        self.give_back(size)
        self.room = room
        self._hold(size)

    def _hold(self, size: int) -> None:
        self.room.held_bytes += size
        self.held_bytes += size


def _full() -> Problem:
    return Problem(
        "queue-full",
        "Too many large bodies are being read at once. Nothing of this one is recorded; send the "
        "same ids again after the time in Retry-After.",
    )
