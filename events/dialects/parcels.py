"""What a request of a client holds: the key, where the body has one, and the messages."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from events.dialects.calls import Call
from events.strict_json import FaultyItem, JsonValue, Unacceptable, read_envelope, read_item


class Parcel(NamedTuple):
    """An unpacked body. No message has the key in it any more: a key is nowhere stored."""

    key: str | None
    messages: list[JsonValue | FaultyItem]


def whole(message: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return all of a message: most clients send again what they sent."""
    return message


class Dialect(NamedTuple):
    """How one kind of client writes."""

    name: str
    read: Callable[[Mapping[str, Any]], Call]
    """Read a message. Raises Misshapen."""
    named: Callable[[Mapping[str, Any]], tuple[Any, Any]]
    """Return id and type, as the message calls them, whatever they are."""
    places: Mapping[str, str]
    """Pointers into a native event to those into a message, for refusals."""
    content: Callable[[Mapping[str, Any]], Mapping[str, Any]] = whole
    """What the fingerprint is taken over: a message without what its client changes on its own
    when it sends it again, beside what every transport changes."""


def parcel_of(
    body: bytes, *, member: str, key: str, key_begins: str = "", sent_at: tuple[str, ...] = ()
) -> Parcel:
    """Unpack an object with a list of messages. Raises JsonFault where the whole is unreadable.

    `sent_at` are the names that the time of sending goes by, the messages' own first: what the
    whole tells is told each message, so that a message can be read without what it came in.
    """
    rest, messages = read_envelope(body, member)
    keys = [rest.get(key), *(_take_key(one, key, key_begins) for one in messages)]
    sent = next((rest[name] for name in sent_at if rest.get(name) is not None), None)
    if sent is not None:
        for message in messages:
            if isinstance(message, dict) and message.get(sent_at[0]) is None:
                message[sent_at[0]] = sent
    return _parcel(keys, messages)


def parcel_of_one(
    body: bytes, *, key: str, key_begins: str = "", defaults: Mapping[str, Any] | None = None
) -> Parcel:
    """Unpack a body that is one message. Raises JsonFault where it is unreadable."""
    message = read_item(body)
    found = _take_key(message, key, key_begins)
    if isinstance(message, dict) and defaults:
        message = {**defaults, **message}
    return _parcel([found], [message])


def _take_key(message: JsonValue | FaultyItem, key: str, begins: str) -> object:
    """Take the key out of a message, faulty or not."""
    value = message.value if isinstance(message, FaultyItem) else message
    if not isinstance(value, dict):
        return None
    found = value.get(key)
    if isinstance(found, str) and found.startswith(begins):
        del value[key]
        return found
    return None


def _parcel(keys: list[object], messages: list[JsonValue | FaultyItem]) -> Parcel:
    """Join them. One request has one sender: the key is the same wherever it stands."""
    found = {key for key in keys if isinstance(key, str) and key}
    if len(found) > 1:
        raise Unacceptable(expected="one key in one request", found="several", pointer="")
    return Parcel(found.pop() if found else None, messages)
