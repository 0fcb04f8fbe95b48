"""Read JSON bodies strictly: what is taken is exactly what was sent, the rest is refused clearly.

Ordinary parsers take NaN, duplicate keys, NUL, half characters and integers of any size, and each
of these is changed or lost somewhere behind them. A ledger that is compared, hashed and replayed
for years cannot afford that, so all of it is refused at the door.

Strictness costs three to four times the bare parser (orjson), and three quarters of the standard
library's parser without any check. `reading` says how that is possible.

A body of several events is not read as a whole: its items are found (`finding`), and each is read
by itself. So a fault inside an item is that item's alone, and no more is built at once than one
item may hold.
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

    Its value is good for nothing but `write`, which gives the bytes that a refusal keeps. Where the
    fault is that it cannot be read, there is none.
    """

    fault: JsonFault
    value: JsonValue
    text: bytes

    @property
    def is_unreadable(self) -> bool:
        """Tell whether the text is no JSON, rather than JSON of something that nobody takes."""
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
    """Read one item of a body of several: whatever is wrong with it spoils no other.

    Its size is that of its text or of its compact form (see `write`), whichever is less: white
    space and escapes are not counted, up to a bound for what is built to find out.
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
    """Read what an object has beside its list of items: it is held to the limits of one event.

    Raises:
        TooLarge: it is longer than allowed.
        Unreadable: it is not strict JSON, or exceeds limits.
        Unacceptable: a value of it cannot be kept exactly.
    """
    value = read_item(envelope.rest, limits)
    if isinstance(value, FaultyItem):
        raise value.fault
    assert isinstance(value, dict), "its brackets were looked at"
    del value[member]
    return value


def built_bytes_max(text: bytes) -> int:
    """Return how much memory a value takes at most, from counts in its text alone.

    Each value follows a comma or opens a container, except the first. The dearest is an object with
    one member.
    """
    values = 1 + text.count(b",") + text.count(b"{") + text.count(b"[")
    return 2 * len(text) + VALUE_BYTES_MAX * values


def is_array(body: bytes) -> bool:
    """Tell whether a body that is JSON at all is an array, without reading it."""
    return _ARRAY_BEGINS.match(body) is not None


def _too_large(limits: Limits) -> TooLarge:
    return TooLarge(
        expected=f"an event of at most {limits.event_bytes_max} bytes", found="a longer one"
    )
