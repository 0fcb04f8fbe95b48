"""Read a client's message into a signal: the shared path of all dialects except the native one."""

from collections.abc import Mapping

from domain.signal import Signal
from events.refusals import Refusal
from events.signals import native
from events.signals.context import Context
from events.signals.dialects.calls import Call, native_of
from events.signals.dialects.parcels import Dialect
from events.signals.dialects.parts import Misshapen
from events.signals.digests import Digests
from events.signals.native import is_event_id
from events.signals.times import SentAt
from events.strict_json import JsonValue


def read(message: JsonValue, dialect: Dialect, context: Context) -> Signal | Refusal:
    """Read one parsed message; a refusal names the place in the message."""
    if not isinstance(message, dict):
        return Refusal(
            "event-invalid", "A message is a JSON object.", "", {"found": type(message).__name__}
        )
    try:
        call, content = dialect.read(message), dialect.content(message)
    except Misshapen as error:
        return misshapen(error)
    reported = native_of(_dated(call, context), message, context.lifecycle)
    reported["id"] = recordable_id(reported["id"], context.digests)
    signal = native.read(reported, context, content=content, sent_at=SentAt.OF_THE_REQUEST)
    if isinstance(signal, Refusal) and signal.pointer:
        return signal._replace(pointer=place_of(signal.pointer, dialect.places))
    return signal


def recordable_id(id: object, digests: Digests) -> object:
    """Return the message's id, or its digest if the id itself must not be in a record.

    A client that derives ids from addresses cannot be asked for others, and would lose the event.
    """
    if isinstance(id, str) and id and not is_event_id(id):
        return digests.event_id(id)
    return id


def _dated(call: Call, context: Context) -> Call:
    """Count back from the receipt if a client states how long ago it was instead of a time."""
    if call.ago is None:
        return call
    return call._replace(time=(context.received_at - call.ago).isoformat(), sent_at=None)


def misshapen(error: Misshapen) -> Refusal:
    """Refuse a message because of one of its parts."""
    members = {"expected": error.expected}
    return Refusal("event-invalid", f"Expected {error.expected}.", error.pointer, members)


def place_of(pointer: str, places: Mapping[str, str]) -> str:
    """Translate a pointer into a native event, by its longest known prefix, to the message."""
    known, rest = pointer, ""
    while known and known not in places:
        known, _, last = known.rpartition("/")
        rest = f"/{last}{rest}"
    return places.get(known, "") + rest
