"""From bytes to items: each becomes a signal for the ledger, or a refusal with its reason."""

import re
from collections.abc import Mapping
from typing import Any

from events.limits import LINE_BYTES_MAX
from events.refusals import NATIVE, Refusal, Refused, refusal_id_of
from events.signals.context import Context
from events.signals.dialects import cloudevents
from events.signals.dialects.parcels import Dialect
from events.signals.dialects.parts import Misshapen
from events.signals.dialects.reading import read as read_message
from events.signals.dialects.reading import recordable_id
from events.signals.native import is_event_id, read
from events.signals.native_schema import ASCII
from events.signals.sender import Sender
from events.strict_json import (
    FaultyItem,
    JsonFault,
    JsonValue,
    TooLarge,
    Unacceptable,
    Unreadable,
    read_item,
    read_value,
    write,
)
from events.submission import Item
from service.http.problem import Problem
from service.limits import NAME_CHARACTERS_MAX


def receive_one(body: bytes, context: Context) -> Item | Refused:
    """Read a body that is one event. Raises Problem if it contains no readable event."""
    try:
        value = read_value(body)
    except Unacceptable as fault:
        return refuse(_refusal_of(fault), None, body, context)
    except JsonFault as fault:
        reason = "body-unreadable" if isinstance(fault, Unreadable) else "event-too-large"
        raise Problem(reason, str(fault), expected=fault.expected) from None
    return receive(value, body, context)


def receive_line(text: bytes | None, context: Context) -> Item | Refused:
    """Read a line that is one event; a bad line becomes a refusal and never ends the stream."""
    if text is None:
        return refuse(_LINE_TOO_LONG, None, b"", context)
    try:
        value = read_value(text)
    except JsonFault as fault:
        return refuse(_refusal_of(fault), None, text, context)
    return receive(value, text, context)


def receive_item(text: bytes, context: Context) -> Item | Refused:
    """Read one item of an array; each error becomes a refusal of its own."""
    value = read_item(text)
    if isinstance(value, FaultyItem):
        refusal, content = _refusal_of(value.fault), b""
        if isinstance(value.fault, Unacceptable):
            content = write(value.value)
        return refuse(refusal, None, content, context)
    return receive(value, write(value), context)


def receive(value: JsonValue, content: bytes, context: Context) -> Item | Refused:
    """Read a native event or a CloudEvent; a refusal would keep `content`."""
    if isinstance(value, dict) and cloudevents.TELLTALE in value:
        signal = cloudevents.read(value, context)
    else:
        signal = read(value, context)
    if isinstance(signal, Refusal):
        return refuse(signal, value, content, context)
    return Item(signal, content, context)


def receive_message(
    message: JsonValue | FaultyItem, dialect: Dialect, context: Context
) -> Item | Refused:
    """Read one message from a client of another service.

    Any answer but success makes the client drop everything or send it again. So it does not learn
    of refusals, and every refusal is kept, including those that other senders only get as an
    answer. The bytes of a message that is too large or unreadable are not kept.
    """
    if isinstance(message, FaultyItem):
        value, refusal = message.value, _kept(_refusal_of(message.fault))
        content = write(value) if isinstance(message.fault, Unacceptable) else b""
        return _refuse_message(refusal, value, content, dialect, context, text=message.text)
    signal, content = read_message(message, dialect, context), write(message)
    if isinstance(signal, Refusal):
        return _refuse_message(signal, message, content, dialect, context)
    return Item(signal, content, context, dialect.name)


def _refuse_message(
    refusal: Refusal,
    message: JsonValue,
    content: bytes,
    dialect: Dialect,
    context: Context,
    *,
    text: bytes = b"",
) -> Refused:
    id, type = dialect.named(message) if isinstance(message, dict) else (None, None)
    called: dict[str, Any] = {"id": recordable_id(id, context.digests), "type": type}
    if isinstance(message, dict) and content:
        compared = _compared(message, dialect)
    else:
        # Unreadable messages can be distinguished only by their text.
        compared = called if message is not None else {"text": text.decode("latin-1")}
    return refuse(refusal, called, content, context, compared=compared, dialect=dialect.name)


def _compared(message: Mapping[str, Any], dialect: Dialect) -> Mapping[str, Any]:
    """Return what identifies a refused message: the parts that its client does not change."""
    try:
        return dialect.content(message)
    except Misshapen:
        return message


def _kept(refusal: Refusal) -> Refusal:
    return refusal._replace(reason="event-invalid")


def refuse(
    refusal: Refusal,
    reported: JsonValue,
    content: bytes,
    context: Context,
    *,
    compared: Mapping[str, Any] | None = None,
    dialect: str = NATIVE,
) -> Refused:
    """Refuse input, and keep the names that it gave itself as far as they are readable."""
    sender, digests = context.sender, context.digests
    named: dict[str, Any] = reported if isinstance(reported, dict) else {}
    compared = named if compared is None else compared
    fingerprint = digests.fingerprint(compared) if compared else None
    return Refused(
        refusal,
        refusal_id_of(sender.key_id, fingerprint or digests.fingerprint_of_bytes(content)),
        context.received_at,
        sender.key_id,
        _code(named.get("source")) or sender.source,
        _name(named.get("id")),
        _code(named.get("type")),
        content,
        fingerprint,
        dialect,
        _counted_as(named.get("source"), sender),
    )


def _counted_as(value: object, sender: Sender) -> str:
    """Return the source that refused input counts for: the named one only if it may be recorded."""
    source = _code(value)
    if source is not None and sender.speaks_for(source) and is_event_id(source):
        return source
    return sender.source


def _name(value: object) -> str | None:
    """Return a name that can be stored for lookup; a refused event may contain anything here."""
    is_name = isinstance(value, str) and len(value) <= NAME_CHARACTERS_MAX and "\0" not in value
    return str(value) if is_name else None


def _code(value: object) -> str | None:
    """Return a valid source or type; anything else could be arbitrary, even personal data."""
    return value if isinstance(value, str) and _CODE.fullmatch(value) else None


def _refusal_of(fault: JsonFault) -> Refusal:
    members = {"expected": fault.expected, "found": fault.found}
    if isinstance(fault, Unacceptable):
        return Refusal("event-invalid", str(fault), fault.pointer, members)
    reason = "event-too-large" if isinstance(fault, TooLarge) else "event-unreadable"
    return Refusal(reason, str(fault), None, members)


_CODE = re.compile(ASCII)
_LINE_TOO_LONG = _refusal_of(
    TooLarge(expected=f"a line of at most {LINE_BYTES_MAX} bytes", found="a longer one")
)
