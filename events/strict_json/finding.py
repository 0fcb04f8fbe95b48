"""Find where the items of a body begin and end, without parsing any of them.

A parsed value takes up to forty times the memory of its text, and parsing blocks all other
requests until it is done. So a body of many items is never parsed as a whole: its items are
located first, by brackets and strings alone, and then parsed one at a time, like lines of NDJSON.
A fault inside an item therefore affects only that item. A fault between items affects the whole
body.

Finding takes linear time for any body. It is a generator that pauses, so that its caller can serve
other requests in between: no step takes more than a few milliseconds, even in a body of 20 MiB.
"""

import re
from array import array
from collections.abc import Generator, Iterator
from typing import Final, NamedTuple, TypeVar

import orjson

from events.limits import BATCH_ITEMS_MAX, ITEM_TEXT_BYTES_MAX
from events.strict_json.faults import TooLarge, Unacceptable, Unreadable

Found = TypeVar("Found")
Finding = Generator[None, None, Found]
"""Work that pauses, and returns its result."""

# Short strings and non-brackets, up to the bound of one step, then a run of brackets.
_TO_NEXT_BRACKETS: Final = re.compile(
    rb'(?:[^"\[\]{}]{1,1024}|"[^"\\]{0,1024}+(?:\\.[^"\\]{0,1024}+){0,16}+"){0,100}'
    rb"(?:([\[{]+)|([\]}]+))?",
    re.DOTALL,
)
_STRING_PART: Final = re.compile(rb'(?:[^"\\]{1,1024}|\\.){1,1000}+', re.DOTALL)
_SCALAR: Final = re.compile(rb'[^\s",:\[\]{}]+')
_SPACE: Final = re.compile(rb"[ \t\n\r]*")
_STEPS: Final = 200
"""Matches or items between two pauses."""


class Items:
    """The texts of the items of one body. A class, because the texts are sliced lazily.

    Each item takes two numbers in an array: thousands of any other object take megabytes. A text
    that is too long to be read is cut one byte beyond the limit.
    """

    __slots__ = ("_body", "_places")

    def __init__(self, body: bytes, places: "array[int]") -> None:
        self._body = body
        self._places = places

    def __len__(self) -> int:
        return len(self._places) // 2

    def __iter__(self) -> Iterator[bytes]:
        places = iter(self._places)
        for start in places:
            yield self._body[start : min(next(places), start + ITEM_TEXT_BYTES_MAX + 1)]


class ItemList(NamedTuple):
    """An object with a list of items, split but not parsed."""

    rest: bytes
    """The object with a number in place of the list."""
    items: Items


def only_item(body: bytes) -> Items:
    """Treat a body that is one item as a list of one."""
    return Items(body, array("L", (0, len(body))))


def find_items(body: bytes) -> Finding[Items]:
    """Find the items of an array, which is the whole body.

    Raises:
        Unreadable: the boundaries between items cannot be determined.
        Unacceptable: it is not an array.
        TooLarge: it has more items than a body of real events can hold.
    """
    start = _past_space(body, 0)
    if body[start : start + 1] != b"[":
        if body[start : start + 1] == b"{":
            raise _no_array("")
        raise _unreadable("something else")
    items, end = yield from _elements(body, start)
    _expect_end(body, end)
    return items


def find_envelope(body: bytes, member: str) -> Finding[ItemList]:
    """Find the items of the array in an object's `member`, the format that analytics SDKs send.

    Raises:
        Unreadable: the body's own structure cannot be read.
        Unacceptable: it is not an object with that array.
        TooLarge: it has more items than a body of real events can hold.
    """
    items, rest, kept_from = None, [], 0
    at = _past_space(body, 0)
    if body[at : at + 1] != b"{":
        raise _no_envelope(member) if body[at : at + 1] == b"[" else _unreadable("something else")
    at = _past_space(body, at + 1)
    while body[at : at + 1] != b"}":
        key_end = yield from _past_value(body, at)
        is_ours = items is None and _is_key(body[at:key_end], member)
        at = _past_space(body, _past(body, _past_space(body, key_end), b":"))
        if is_ours and body[at : at + 1] == b"[":
            items, end = yield from _elements(body, at)
            # A second list of this name stays in the rest, where the duplicate key is refused.
            rest += [body[kept_from:at], b"0"]
            kept_from = end
        elif is_ours:
            raise _no_array(f"/{member}")
        else:
            end = yield from _past_value(body, at)
        at = _past_separator(body, end, b"}")
    _expect_end(body, at + 1)
    if items is None:
        raise _no_envelope(member)
    return ItemList(b"".join([*rest, body[kept_from:]]), items)


def _elements(body: bytes, start: int) -> Finding[tuple[Items, int]]:
    """Return the elements of the array that begins at `start`, and its end."""
    places = array("L")
    at = _past_space(body, start + 1)
    while body[at : at + 1] != b"]":
        end = yield from _past_value(body, at)
        places.append(at)
        places.append(end)
        count = len(places) // 2
        if count > BATCH_ITEMS_MAX:
            raise TooLarge(
                expected=f"a batch of at most {BATCH_ITEMS_MAX} events", found="more in one body"
            )
        if not count % _STEPS:
            yield
        at = _past_separator(body, end, b"]")
    return Items(body, places), at + 1


def _past_value(body: bytes, at: int) -> Finding[int]:
    """Return the end of the value that begins at `at`; its validity is checked when it is read."""
    first = body[at : at + 1]
    if first == b'"':
        return (yield from _past_string(body, at))
    if first not in (b"[", b"{"):
        found = _SCALAR.match(body, at)
        if found is None:
            raise _unreadable("something else")
        return found.end()
    depth, steps = 0, 0
    while True:
        found = _TO_NEXT_BRACKETS.match(body, at)
        assert found, "it also matches the empty string"
        end = found.end()
        if found.end(1) >= 0:
            depth += end - found.start(1)
        elif found.end(2) >= 0:
            depth -= end - found.start(2)
            if depth <= 0:
                # The last run of brackets may close more than this value.
                return end + depth
        elif end == at:
            end = yield from _past_string(body, at)
        at, steps = end, steps + 1
        if not steps % _STEPS:
            yield


def _past_string(body: bytes, at: int) -> Finding[int]:
    """Return the end of a string of any length."""
    at = _past(body, at, b'"')
    while found := _STRING_PART.match(body, at):
        at = found.end()
        yield
    return _past(body, at, b'"')


def _past_space(body: bytes, at: int) -> int:
    found = _SPACE.match(body, at)
    assert found, "it also matches the empty string"
    return found.end()


def _past_separator(body: bytes, at: int, last: bytes) -> int:
    """Return the start of the next part, or the place of the closing bracket `last`."""
    at = _past_space(body, at)
    if body[at : at + 1] == last:
        return at
    at = _past_space(body, _past(body, at, b","))
    if body[at : at + 1] == last:
        raise _unreadable("a comma before the end")
    return at


def _past(body: bytes, at: int, character: bytes) -> int:
    if body[at : at + 1] != character:
        raise _unreadable("a bracket, a string or a separator missing between the items")
    return at + 1


def _expect_end(body: bytes, at: int) -> None:
    if _past_space(body, at) != len(body):
        raise _unreadable("more after its end")


def _is_key(text: bytes, member: str) -> bool:
    try:
        return bool(orjson.loads(text) == member)
    except orjson.JSONDecodeError:
        return False


def _unreadable(found: str) -> Unreadable:
    return Unreadable(expected="JSON as RFC 8259 defines it", found=found)


def _no_array(pointer: str) -> Unacceptable:
    return Unacceptable(expected="an array of events", found="something else", pointer=pointer)


def _no_envelope(member: str) -> Unacceptable:
    expected = f"an object with the member {member}"
    return Unacceptable(expected=expected, found="something else", pointer="")
