"""Check one event's value against its limits and against what can be kept exactly.

Faults of shape come first, then of size, then of content, the first in the order of the text, so
that the same event always gets the same answer.
"""

from collections.abc import Iterator
from typing import TypeAlias

from events.limits import Limits
from events.strict_json.faults import TooLarge, Unacceptable, Unreadable
from events.strict_json.writing import JsonValue, OversizedInteger

Path: TypeAlias = tuple[str | int, ...]


def is_surely_within(text: bytes, limits: Limits) -> bool:
    """Tell from counts alone that an event cannot exceed its limits; False means: look closely.

    `text` is the event's JSON. A value and what separates it take two bytes at least; there are
    at least as many brackets as levels; and every member follows a comma or opens a container.
    Brackets and commas inside strings only make this say False more often.
    """
    length = len(text)
    if length > limits.string_bytes_max:
        return False
    containers = text.count(b"{") + text.count(b"[")
    if containers > limits.depth_max:
        return False
    return length <= 2 * limits.members_max or text.count(b",") + containers <= limits.members_max


def check_value(value: JsonValue, limits: Limits) -> None:
    """Check everything that may be wrong with a value that was read, its bytes' length apart.

    Raises:
        Unreadable: it nests too deep or has too many members.
        TooLarge: a key or a string is too long.
        Unacceptable: NUL in a key or a string, or an integer beyond 64 bits.
    """
    places = _shape(value, limits)
    for _, found in places:
        _check_lengths(found, limits.string_bytes_max)
    for path, found in places:
        _check_content(found, path)


def pointer_to(path: Path) -> str:
    """Write a path as a JSON pointer (RFC 6901)."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in path)


def _shape(value: JsonValue, limits: Limits) -> list[tuple[Path, JsonValue]]:
    """List every value with its path, in the order of the text, within the bounds of shape."""
    places: list[tuple[Path, JsonValue]] = []
    for path, found in _walk(value, ()):
        if isinstance(found, dict | list) and len(path) >= limits.depth_max:
            raise Unreadable(
                expected=f"at most {limits.depth_max} levels of nesting", found="more than that"
            )
        if len(places) > limits.members_max:
            raise Unreadable(
                expected=f"at most {limits.members_max} members and elements in one event",
                found="more than that",
            )
        places.append((path, found))
    return places


def _walk(value: JsonValue, path: Path) -> Iterator[tuple[Path, JsonValue]]:
    """Visit a value, then what is in it; recursion ends where the visitor finds it too deep."""
    yield path, value
    if isinstance(value, dict):
        for key, member in value.items():
            yield from _walk(member, (*path, key))
    elif isinstance(value, list):
        for index, element in enumerate(value):
            yield from _walk(element, (*path, index))


def _check_lengths(value: JsonValue, string_bytes_max: int) -> None:
    strings = value if isinstance(value, dict) else (value,)
    for string in strings:
        if isinstance(string, str) and len(string.encode()) > string_bytes_max:
            raise TooLarge(
                expected=f"strings of at most {string_bytes_max} bytes in UTF-8",
                found="a longer one",
            )


def _check_content(value: JsonValue, path: Path) -> None:
    """Refuse what a store would have to change.

    A key with NUL is reported at its object: its own pointer could not be stored either.
    """
    if isinstance(value, str) and "\0" in value:
        _refuse(path, expected="text without NUL (U+0000)", found="NUL in the string")
    elif isinstance(value, dict) and any("\0" in key for key in value):
        _refuse(path, expected="keys without NUL (U+0000)", found="NUL in a key of the object")
    elif isinstance(value, OversizedInteger):
        _refuse(path, expected="integers of 64 bits, signed", found="a larger integer")


def _refuse(path: Path, *, expected: str, found: str) -> None:
    raise Unacceptable(expected=expected, found=found, pointer=pointer_to(path))
