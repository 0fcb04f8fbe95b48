"""Check one event's value against its limits, and that it can be stored exactly.

Faults of shape are reported first, then of size, then of content, each the first in text order, so
that the same event always gets the same answer.
"""

from collections.abc import Iterator
from typing import TypeAlias

from events.limits import Limits
from events.strict_json.faults import TooLarge, Unacceptable, Unreadable
from events.strict_json.writing import JsonValue, OversizedInteger

Path: TypeAlias = tuple[str | int, ...]


def is_surely_within(text: bytes, limits: Limits) -> bool:
    """Return True if counts alone prove an event within its limits; False requires a full check.

    `text` is the event's JSON. A value and its separator take at least two bytes, there are at
    least as many brackets as levels, and every member follows a comma or opens a container.
    Brackets and commas inside strings only make False more frequent.
    """
    length = len(text)
    if length > limits.string_bytes_max:
        return False
    containers = text.count(b"{") + text.count(b"[")
    if containers > limits.depth_max:
        return False
    return length <= 2 * limits.members_max or text.count(b",") + containers <= limits.members_max


def check_value(value: JsonValue, limits: Limits) -> None:
    """Check a value that was read for every fault except its length in bytes.

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
    """List every value with its path, in text order, within the bounds of shape."""
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
    """Yield a value, then its contents; the caller stops the recursion when it is too deep."""
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
    """Refuse values that storage would have to change.

    A key with NUL is reported at its object, because its own pointer could not be stored either.
    """
    if isinstance(value, str) and "\0" in value:
        _refuse(path, expected="text without NUL (U+0000)", found="NUL in the string")
    elif isinstance(value, dict) and any("\0" in key for key in value):
        _refuse(path, expected="keys without NUL (U+0000)", found="NUL in a key of the object")
    elif isinstance(value, OversizedInteger):
        _refuse(path, expected="integers of 64 bits, signed", found="a larger integer")


def _refuse(path: Path, *, expected: str, found: str) -> None:
    raise Unacceptable(expected=expected, found=found, pointer=pointer_to(path))
