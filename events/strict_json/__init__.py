"""Read JSON bodies strictly: what is taken is exactly what was sent, the rest is refused clearly.

Ordinary parsers take NaN, duplicate keys, NUL, half characters and integers of any size, and each
of these is changed or lost somewhere behind them. A ledger that is compared, hashed and replayed
for years cannot afford that, so all of it is refused at the door.

Strictness costs three to four times the bare parser (orjson), and three quarters of the standard
library's parser without any check. `reading` says how that is possible.

A body has faults of two kinds. Those of the text (`Unreadable`) spoil the whole body: where one
item ends can no longer be trusted. Those of one value spoil only the event they stand in.
"""

import re
from dataclasses import dataclass
from typing import Final

from events.limits import BATCH_ITEMS_MAX, EVENT_LIMITS, Limits
from events.strict_json.checking import check_value, is_surely_within
from events.strict_json.faults import JsonFault, TooLarge, Unacceptable, Unreadable
from events.strict_json.reading import is_plain, read_text
from events.strict_json.writing import JsonValue, write

__all__ = [
    "FaultyItem",
    "JsonFault",
    "JsonValue",
    "TooLarge",
    "Unacceptable",
    "Unreadable",
    "is_array",
    "read_batch",
    "read_envelope",
    "read_item",
    "read_value",
    "write",
]

_ARRAY_BEGINS: Final = re.compile(rb"[ \t\n\r]*\[")


@dataclass(frozen=True, slots=True)
class FaultyItem:
    """One item of several that cannot become an event.

    Its value is good for nothing but `write`, which gives the bytes that a refusal keeps.
    """

    fault: JsonFault
    value: JsonValue


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


def read_item(body: bytes, limits: Limits = EVENT_LIMITS) -> JsonValue | FaultyItem:
    """Read a body that is one event as if it were the only item of a batch.

    Raises:
        Unreadable: the body is not strict JSON.
    """
    value, plain = read_text(body)
    return _judged(value, plain=plain, limits=limits)


def read_batch(body: bytes, limits: Limits = EVENT_LIMITS) -> list[JsonValue | FaultyItem]:
    """Read an array of events; one bad item does not spoil the others.

    The limits hold for each item, whose size is that of its compact form (see `write`): the white
    space around and in an item is not counted. Who received the body has bounded its size.

    Raises:
        Unreadable: the body as a whole is not strict JSON.
        Unacceptable: it is not an array.
        TooLarge: it has more items than a body of real events can hold.
    """
    value, plain = read_text(body)
    return _items(value, plain=plain, limits=limits, pointer="")


def read_envelope(
    body: bytes, member: str, limits: Limits = EVENT_LIMITS
) -> tuple[dict[str, JsonValue], list[JsonValue | FaultyItem]]:
    """Read an object whose `member` is an array of events, as analytics SDKs send it.

    Returns the object's other members, which are held to the limits of one event, and the items.

    Raises:
        TooLarge: there are too many items, or the other members are longer than allowed.
        Unreadable: the body as a whole is not strict JSON, or the other members exceed limits.
        Unacceptable: the body is not such an object, or another member cannot be kept exactly.
    """
    value, plain = read_text(body)
    if not isinstance(value, dict) or member not in value:
        expected = f"an object with the member {member}"
        raise Unacceptable(expected=expected, found="something else", pointer="")
    items = _items(value.pop(member), plain=plain, limits=limits, pointer=f"/{member}")
    rest = _judged(value, plain=plain, limits=limits)
    if isinstance(rest, FaultyItem):
        raise rest.fault
    return value, items


def is_array(body: bytes) -> bool:
    """Tell whether a body that is JSON at all is an array, without reading it."""
    return _ARRAY_BEGINS.match(body) is not None


def _items(
    value: JsonValue, *, plain: bool, limits: Limits, pointer: str
) -> list[JsonValue | FaultyItem]:
    if not isinstance(value, list):
        raise Unacceptable(expected="an array of events", found="no array", pointer=pointer)
    if len(value) > BATCH_ITEMS_MAX:
        raise TooLarge(
            expected=f"a batch of at most {BATCH_ITEMS_MAX} events", found="more in one body"
        )
    return [_judged(item, plain=plain, limits=limits) for item in value]


def _judged(value: JsonValue, *, plain: bool, limits: Limits) -> JsonValue | FaultyItem:
    written = write(value)
    try:
        if len(written) > limits.event_bytes_max:
            raise _too_large(limits)
        if not ((plain or is_plain(written)) and is_surely_within(written, limits)):
            check_value(value, limits)
    except JsonFault as fault:
        return FaultyItem(fault.with_traceback(None), value)
    return value


def _too_large(limits: Limits) -> TooLarge:
    return TooLarge(
        expected=f"an event of at most {limits.event_bytes_max} bytes", found="a longer one"
    )
