"""What a request of a client holds: its messages, each to be read by itself.

The key may be among them. Nobody looks for it here: who sends must be known before a body is taken
apart. But no message has the key in it any more when it is read, so that a key is nowhere stored.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from events.signals.dialects.calls import Call
from events.strict_json import (
    FaultyItem,
    Finding,
    Items,
    JsonValue,
    find_envelope,
    only_item,
    read_item,
    read_members,
)


def whole(message: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return all of a message: most clients send again what they sent."""
    return message


class Dialect(NamedTuple):
    """How one kind of client writes."""

    name: str
    key: str
    """The member that holds the key, where it is inside the body."""
    read: Callable[[Mapping[str, Any]], Call]
    """Read a message. Raises Misshapen."""
    named: Callable[[Mapping[str, Any]], tuple[Any, Any]]
    """Return id and type, as the message calls them, whatever they are."""
    places: Mapping[str, str]
    """Pointers into a native event to those into a message, for refusals."""
    content: Callable[[Mapping[str, Any]], Mapping[str, Any]] = whole
    """What the fingerprint is taken over: a message without what its client changes on its own
    when it sends it again, beside what every transport changes."""


class Parcel(NamedTuple):
    """An opened body."""

    items: Items
    """The messages, as they were written."""
    key: str
    """The member of a message that may hold the key."""
    key_begins: str
    """What begins otherwise is no key, and stays in the message."""
    defaults: Mapping[str, JsonValue]
    """What the request says of each message that does not say it itself."""

    def read(self, text: bytes) -> JsonValue | FaultyItem:
        """Read one of the messages, so that it says all that is known of it."""
        message = read_item(text)
        value = message.value if isinstance(message, FaultyItem) else message
        if isinstance(value, dict):
            found = value.get(self.key)
            if isinstance(found, str) and found.startswith(self.key_begins):
                del value[self.key]
            for name, default in self.defaults.items():
                if value.get(name) is None:
                    value[name] = default
        return message


def parcel_of(
    body: bytes, *, member: str, key: str, key_begins: str = "", sent_at: tuple[str, ...] = ()
) -> Finding[Parcel]:
    """Open an object with a list of messages. Raises JsonFault where the whole is unreadable.

    `sent_at` are the names that the time of sending goes by, the messages' own first: what the
    whole tells is told each message, so that a message can be read without what it came in.
    """
    envelope = yield from find_envelope(body, member)
    rest = read_members(envelope, member)
    sent = next((rest[name] for name in sent_at if rest.get(name) is not None), None)
    defaults = {} if sent is None else {sent_at[0]: sent}
    return Parcel(envelope.items, key, key_begins, defaults)


def parcel_of_one(
    body: bytes, *, key: str, key_begins: str = "", defaults: Mapping[str, JsonValue] | None = None
) -> Finding[Parcel]:
    """Open a body that is one message. Raises JsonFault where it is unreadable."""
    yield from ()
    message = read_item(body)
    if isinstance(message, FaultyItem) and message.is_unreadable:
        raise message.fault
    return Parcel(only_item(body), key, key_begins, defaults or {})
