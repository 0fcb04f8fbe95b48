"""Parcels: the messages in one request of a client, each read separately.

The messages may contain the key. It is not looked up here, because the sender must be known before
a body is split. But the key is removed from each message on reading, so it is never stored.
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
    """Return the whole message: most clients retry with identical content."""
    return message


class Dialect(NamedTuple):
    """The format of one kind of client."""

    name: str
    key: str
    """The member that holds the key, if the key is inside the body."""
    read: Callable[[Mapping[str, Any]], Call]
    """Read a message. Raises Misshapen."""
    named: Callable[[Mapping[str, Any]], tuple[Any, Any]]
    """Return id and type as the message states them, of any JSON type."""
    places: Mapping[str, str]
    """Pointers into a native event → pointers into a message, for refusals."""
    content: Callable[[Mapping[str, Any]], Mapping[str, Any]] = whole
    """The content that the fingerprint covers: a message without the members that its client
    changes on a retry. Members that every transport changes are removed elsewhere."""


class Parcel(NamedTuple):
    """An opened body."""

    items: Items
    """The messages, as sent."""
    key: str
    """The member of a message that may hold the key."""
    key_begins: str
    """The prefix of a key. Any other value is not a key, and stays in the message."""
    defaults: Mapping[str, JsonValue]
    """Values that the request states for every message without its own."""

    def read(self, text: bytes) -> JsonValue | FaultyItem:
        """Read one of the messages, remove the key, and fill in the request's defaults."""
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
    """Open an object with a list of messages. Raises JsonFault if the object is unreadable.

    `sent_at` lists the names of the time of sending, the messages' own name first. The request's
    time is copied to each message, so that a message can be read without its request.
    """
    envelope = yield from find_envelope(body, member)
    rest = read_members(envelope, member)
    sent = next((rest[name] for name in sent_at if rest.get(name) is not None), None)
    defaults = {} if sent is None else {sent_at[0]: sent}
    return Parcel(envelope.items, key, key_begins, defaults)


def parcel_of_one(
    body: bytes, *, key: str, key_begins: str = "", defaults: Mapping[str, JsonValue] | None = None
) -> Finding[Parcel]:
    """Open a body that is one message. Raises JsonFault if it is unreadable."""
    yield from ()
    message = read_item(body)
    if isinstance(message, FaultyItem) and message.is_unreadable:
        raise message.fault
    return Parcel(only_item(body), key, key_begins, defaults or {})
