"""The memory for bodies, shared by all requests of one process.

One body is bounded, and so is the number of connections; what a thousand bodies hold together is
bounded here. Bytes are counted as they are held, not as they are announced, so that who announces
much and sends little keeps nobody out.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from service.limits import HELD_BYTES_MAX
from service.problems import Problem


class Room:
    """What is held, and what may be. A class, because requests come and go."""

    def __init__(self, bytes_max: int = HELD_BYTES_MAX) -> None:
        self._bytes_max = bytes_max
        self.held_bytes = 0

    @contextmanager
    def place(self) -> Iterator["Place"]:
        """Hold nothing yet; whatever is taken is given back at the end."""
        place = Place(self)
        try:
            yield place
        finally:
            place.give_back(place.held_bytes)

    def has(self, size: int) -> bool:
        """Tell whether so much more may be held; who is alone may always hold it."""
        return not self.held_bytes or self.held_bytes + size <= self._bytes_max


class Place:
    """What one request holds."""

    __slots__ = ("_room", "held_bytes")

    def __init__(self, room: Room) -> None:
        self._room = room
        self.held_bytes = 0

    def has(self, size: int) -> bool:
        """Tell whether there is room for so much more."""
        return self._room.has(size)

    def take(self, size: int) -> None:
        """Hold so much more. Raises Problem: queue-full."""
        if not self._room.has(size):
            raise Problem(
                "queue-full",
                "Too many large bodies are being read at once. Nothing of this one is recorded; "
                "send the same ids again after the time in Retry-After.",
            )
        self._room.held_bytes += size
        self.held_bytes += size

    def give_back(self, size: int) -> None:
        """Hold so much less."""
        self._room.held_bytes -= size
        self.held_bytes -= size
