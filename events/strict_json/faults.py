"""Describe what is wrong with a JSON body, without repeating its content.

A body is personal data, and its keys may be too: a fault names places, kinds and bounds, never a
value. Each class maps to one HTTP response, but knows nothing of HTTP.
"""


class JsonFault(Exception):
    """The JSON cannot be accepted."""

    def __init__(self, *, expected: str, found: str) -> None:
        super().__init__(expected, found)
        self.expected = expected
        self.found = found

    def __str__(self) -> str:
        return f"{type(self).__doc__} Expected {self.expected}; found {self.found}."


class Unreadable(JsonFault):
    """The body cannot be read as JSON."""


class TooLarge(JsonFault):
    """The event is too large."""


class Unacceptable(JsonFault):
    """The event can be read, but contains a value that cannot be stored exactly."""

    def __init__(self, *, expected: str, found: str, pointer: str) -> None:
        """Name the place by its JSON pointer (RFC 6901); the root is the empty string."""
        super().__init__(expected=expected, found=found)
        self.pointer = pointer

    def __str__(self) -> str:
        place = f"at {self.pointer}" if self.pointer else "at its root"
        return f"{type(self).__doc__} Expected {self.expected}; found {self.found} {place}."
