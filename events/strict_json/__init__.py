"""Read JSON bodies strictly: accept exactly what was sent, or refuse it with a clear reason.

Ordinary parsers accept NaN, duplicate keys, NUL, lone surrogates and integers of any size, and
later stages change or lose each of these. A ledger that is compared, hashed and replayed for years
cannot afford that, so all of it is refused on receipt.

Strict reading takes three to four times as long as the bare parser (orjson), and three quarters of
the time of the standard library's parser without any check. `reading` explains how.

A body of several events is not parsed as a whole: its items are located (`finding`) and parsed one
at a time. A fault inside an item therefore affects only that item, and memory is bounded by the
size of one item.
"""

import re
from dataclasses import dataclass
from typing import Final, TypeAlias

from events.limits import EVENT_LIMITS, ITEM_TEXT_BYTES_MAX, VALUE_BYTES_MAX, Limits
from events.strict_json.checking import check_value, is_surely_within
from events.strict_json.faults import JsonFault, TooLarge, Unacceptable, Unreadable
from events.strict_json.finding import (
    Finding,
    ItemList,
    Items,
    find_envelope,
    find_items,
    only_item,
)
from events.strict_json.reading import read_text
from events.strict_json.writing import JsonValue, write

__all__ = [
    "Envelope",
    "FaultyItem",
    "Finding",
    "Items",
    "JsonFault",
    "JsonObject",
    "JsonValue",
    "TooLarge",
    "Unacceptable",
    "Unreadable",
    "built_bytes_max",
    "find_envelope",
    "find_items",
    "is_array",
    "only_item",
    "read_item",
    "read_members",
    "read_value",
    "write",
]

JsonObject: TypeAlias = dict[str, JsonValue]


_ARRAY_BEGINS: Final = re.compile(rb"[ \t\n\r]*\[")


@dataclass(frozen=True, slots=True)
class FaultyItem:
    """One item of several that cannot become an event.

    Pass its value only to `write`, which returns the bytes that a refusal keeps. An item that
    cannot be parsed has no value.
    """

    fault: JsonFault
    value: JsonValue
    text: bytes

    @property
    def is_unreadable(self) -> bool:
        """Return whether the text is not JSON at all, rather than JSON that is not accepted."""
        return isinstance(self.fault, Unreadable) and self.value is None


def read_value(body: bytes, limits: Limits = EVENT_LIMITS) -> JsonValue:
    """Read one event: a whole body, or one line of NDJSON.

    Raises:
        TooLarge: the body, a string or a key is longer than the limits allow.
        Unreadable: it is not strict JSON, nests too deep or has too many members.
        Unacceptable: NUL in a string or key, or an integer beyond 64 bits.
    """
    if len(body) > limits.event_bytes_max:
        raise _too_large(limits)
    value, plain = read_text(body)
    if not (plain and is_surely_within(body, limits)):
        check_value(value, limits)
    return value


def read_item(text: bytes, limits: Limits = EVENT_LIMITS) -> JsonValue | FaultyItem:
    """Read one item of a body of several. A fault in it does not affect the others.

    Its size is that of its text or of its compact form (see `write`), whichever is less. So white
    space and escapes do not count, up to a bound on the text that is parsed to find out.
    """
    if len(text) > ITEM_TEXT_BYTES_MAX:
        return FaultyItem(_too_large(limits), None, text)
    value: JsonValue = None
    try:
        value, plain = read_text(text)
        if len(text) > limits.event_bytes_max and len(write(value)) > limits.event_bytes_max:
            raise _too_large(limits)
        if not (plain and is_surely_within(text, limits)):
            check_value(value, limits)
    except JsonFault as fault:
        return FaultyItem(fault.with_traceback(None), value, text)
    return value


def read_members(envelope: ItemList, member: str, limits: Limits = EVENT_LIMITS) -> JsonObject:
    """Read the members of an object other than its list of items, within the limits of one event.

    Raises:
        TooLarge: it is longer than allowed.
        Unreadable: it is not strict JSON, or exceeds limits.
        Unacceptable: it contains a value that cannot be stored exactly.
    """
    value = read_item(envelope.rest, limits)
    if isinstance(value, FaultyItem):
        raise value.fault
    assert isinstance(value, dict), "its brackets have been checked"
    del value[member]
    return value


def built_bytes_max(text: bytes) -> int:
    """Return the maximum bytes of memory that a value takes, from counts in its text alone.

    Each value follows a comma or opens a container, except the first. The most expensive value is
    an object with one member.
    """
    values = 1 + text.count(b",") + text.count(b"{") + text.count(b"[")
    return 2 * len(text) + VALUE_BYTES_MAX * values


def is_array(body: bytes) -> bool:
    """Return whether a body, if it is JSON, is an array, without parsing it."""
    return _ARRAY_BEGINS.match(body) is not None


def _too_large(limits: Limits) -> TooLarge:
    return TooLarge(
        expected=f"an event of at most {limits.event_bytes_max} bytes", found="a longer one"
    )
