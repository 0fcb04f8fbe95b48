"""From bytes to items: each becomes a signal for the ledger, or a refusal with its reason."""

from collections.abc import Iterable
from typing import Any

from domain.signals import Signal
from events.context import Context
from events.dialects import cloudevents
from events.dialects.parcels import Dialect
from events.dialects.reading import read as read_message
from events.ids import new_id
from events.native import read
from events.refusals import Refusal, Refused
from events.senders import Sender
from events.strict_json import (
    FaultyItem,
    JsonFault,
    JsonValue,
    TooLarge,
    Unacceptable,
    Unreadable,
    read_value,
    write,
)
from events.submissions import Item
from service.problems import Problem

NAME_CHARACTERS_MAX = 255
"""Of what a refused event called itself, to be found again by; no valid event exceeds it."""


def receive_one(body: bytes, context: Context) -> Item | Refused:
    """Read a body that is one event. Raises Problem where no event can be made out."""
    try:
        value = read_value(body)
    except Unacceptable as fault:
        return refuse(_refusal_of(fault), None, body, context.sender)
    except JsonFault as fault:
        reason = "body-unreadable" if isinstance(fault, Unreadable) else "event-too-large"
        raise Problem(reason, str(fault), expected=fault.expected) from None
    return receive(value, body, context)


def receive_line(text: bytes | None, context: Context) -> Item | Refused:
    """Read a line that is one event; a bad line is a refusal, never the end of the stream."""
    if text is None:
        return refuse(_LINE_TOO_LONG, None, b"", context.sender)
    try:
        value = read_value(text)
    except JsonFault as fault:
        return refuse(_refusal_of(fault), None, text, context.sender)
    return receive(value, text, context)


def receive_batch(
    values: Iterable[JsonValue | FaultyItem], context: Context
) -> list[Item | Refused]:
    """Read the items of an array; what is wrong with one is that one's own refusal."""
    items: list[Item | Refused] = []
    for value in values:
        if isinstance(value, FaultyItem):
            refusal, content = _refusal_of(value.fault), b""
            if isinstance(value.fault, Unacceptable):
                content = write(value.value)
            items.append(refuse(refusal, None, content, context.sender))
        else:
            items.append(receive(value, write(value), context))
    return items


def receive(value: JsonValue, content: bytes, context: Context) -> Item | Refused:
    """Read a native event or a CloudEvent; `content` is what a refusal would keep."""
    if isinstance(value, dict) and cloudevents.TELLTALE in value:
        signal = cloudevents.read(value, context)
    else:
        signal = read(value, context)
    if isinstance(signal, Refusal):
        return refuse(signal, value, content, context.sender)
    return Item(signal, new_id(), content)


def receive_messages(
    messages: Iterable[JsonValue | FaultyItem], dialect: Dialect, context: Context
) -> list[Item | Refused]:
    """Read what a client of another service sends.

    Such a client takes any answer but success as a reason to drop everything or to send it again,
    so it is told nothing of a refusal, and every refusal is kept: also those that elsewhere are
    only answered. Of what is too large the bytes are not.
    """
    items: list[Item | Refused] = []
    for message in messages:
        if isinstance(message, FaultyItem):
            signal: Signal | Refusal = _kept(_refusal_of(message.fault))
            value = message.value
            content = write(value) if isinstance(message.fault, Unacceptable) else b""
        else:
            signal, value, content = (
                read_message(message, dialect, context),
                message,
                write(message),
            )
        if isinstance(signal, Refusal):
            id, type = dialect.named(value) if isinstance(value, dict) else (None, None)
            items.append(refuse(signal, {"id": id, "type": type}, content, context.sender))
        else:
            items.append(Item(signal, new_id(), content))
    return items


def _kept(refusal: Refusal) -> Refusal:
    return refusal._replace(reason="event-invalid")


def refuse(refusal: Refusal, reported: JsonValue, content: bytes, sender: Sender) -> Refused:
    """Turn something down, with what it called itself as far as that can be told."""
    named: dict[str, Any] = reported if isinstance(reported, dict) else {}
    return Refused(
        refusal,
        new_id(),
        sender.key_id,
        _name(named.get("source")) or sender.source,
        _name(named.get("id")),
        _name(named.get("type")),
        content,
    )


def _name(value: object) -> str | None:
    """Return it if it can be stored to be found by; what a refused event says may be anything."""
    is_name = isinstance(value, str) and len(value) <= NAME_CHARACTERS_MAX and "\0" not in value
    return str(value) if is_name else None


def _refusal_of(fault: JsonFault) -> Refusal:
    members = {"expected": fault.expected, "found": fault.found}
    if isinstance(fault, Unacceptable):
        return Refusal("event-invalid", str(fault), fault.pointer, members)
    reason = "event-too-large" if isinstance(fault, TooLarge) else "event-unreadable"
    return Refusal(reason, str(fault), None, members)


_LINE_TOO_LONG = _refusal_of(TooLarge(expected="a line of at most 64 KiB", found="a longer one"))
