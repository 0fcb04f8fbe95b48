"""CloudEvents 1.0 in JSON: a native event whose `data` holds the members outside the envelope.

    {"specversion": "1.0", "id": "form-8841", "source": "website", "type": "form.submitted",
     "data": {"lead": {"email": "hanako@example.co.jp"}, "data": {"form": "whitepaper"}}}

Or its `data` is the sender's own, and is read like the properties of any client:

    {"specversion": "1.0", "id": "form-8841", "source": "website", "type": "form.submitted",
     "subject": "user-1", "data": {"form": "whitepaper", "email": "hanako@example.co.jp"}}

Senders of CloudEvents choose the type for us, so an unknown type is refused, not kept as a name.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from domain.lifecycle.client_names import ClientCall
from domain.lifecycle.names import normal
from domain.signal import Signal
from events.limits import EVENT_BYTES_MAX
from events.refusals import Refusal
from events.signals import native
from events.signals.context import Context
from events.signals.dialects.calls import REPORTED, Call, native_of
from events.signals.dialects.embedded import embedded_json
from events.signals.dialects.parts import Misshapen, mapping_in, present, required_text
from events.signals.dialects.reading import misshapen, place_of
from events.strict_json import TooLarge, Unreadable
from events.strict_json.reading import read_text

TELLTALE = "specversion"
"""The attribute that distinguishes CloudEvents from native events: content types are often wrong.
"""
VERSION = "1.0"
HEADER = b"ce-"
"""Prefix of an attribute in binary mode."""

_DATA, _BASE64, _CONTENT_TYPE = "data", "data_base64", "datacontenttype"
_TAKEN: Final = frozenset(
    {TELLTALE, "id", "source", "type", "time", "subject", "actor", _DATA, _BASE64, _CONTENT_TYPE}
)
LEAD, ACCOUNT = "lead", "account"
_INSIDE: Final = ("lead", "account", "data", "sent_at")
PLACES: Final = {
    "/id": "/id",
    "/source": "/source",
    "/type": "/type",
    "/time": "/time",
    "/actor": "/actor",
    "": "/data",
}
PLACES_OF_OWN: Final = {
    **{name: name for name in ("/id", "/source", "/type", "/time", "/actor")},
    "/lead/user_id": "/subject",
    "/lead": "/data",
    "": "",
}
"""If the data is the sender's own."""
SHAPE: Final = (
    'In a CloudEvent, name a person as {"subject": "<user id>"}, as {"data": {"lead": {"email": '
    '"…"}, "data": {…}}}, or by a property of your own data that the lifecycle lists for the '
    "type under client_names.identifying."
)


def read(event: Mapping[str, Any], context: Context) -> Signal | Refusal:
    """Read one parsed CloudEvent."""
    try:
        event = _with_data(event)
        is_own = _is_own(event[_DATA])
        reported = _of_own(event, context) if is_own else _native_of(event, context)
    except Misshapen as error:
        return misshapen(error)
    signal = native.read(reported, context, content=_content_of(event))
    if not isinstance(signal, Refusal) or not signal.pointer:
        return signal
    names_nobody = signal.pointer in ("/lead", "/account")
    return signal._replace(
        detail=f"{signal.detail} {SHAPE}" if names_nobody else signal.detail,
        pointer=place_of(signal.pointer, PLACES_OF_OWN if is_own else PLACES),
    )


def _is_own(data: Mapping[str, Any]) -> bool:
    """Return whether the data is the sender's own; in our format, an unknown name is refused."""
    if any(isinstance(data.get(party), dict) for party in ("lead", "account")):
        return False
    return not data or any(name not in _INSIDE for name in data)


def _with_data(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the event with its data as an object, in whichever encoding it was sent."""
    if event[TELLTALE] != VERSION:
        raise Misshapen(TELLTALE, expected=f'"{VERSION}"')
    if event.get(_BASE64) is not None:
        data: Any = embedded_json(required_text(event, _BASE64), _BASE64, is_base64=True)
    else:
        data = mapping_in(event, _DATA)
    return {**event, _DATA: data}


def _native_of(event: Mapping[str, Any], context: Context) -> dict[str, Any]:
    for name in event[_DATA]:
        if name not in _INSIDE:
            raise Misshapen(_DATA, name, expected=f"one of {', '.join(_INSIDE)}")
    lead = dict(mapping_in(event, _DATA, "lead"))
    account = dict(mapping_in(event, _DATA, "account"))
    kind, id = _subject_of(event)
    if kind in (LEAD, ACCOUNT):
        (lead if kind == LEAD else account).setdefault("id", id)
    elif id and not lead and not account:
        lead["user_id"] = id
    extensions = _extensions_of(event)
    optional = {
        "time": event.get("time"),
        "actor": event.get("actor"),
        "sent_at": event[_DATA].get("sent_at"),
        "lead": lead,
        "account": account,
        "data": {**mapping_in(event, _DATA, "data"), **present({REPORTED: extensions})},
    }
    return {
        "id": event.get("id"),
        "source": required_text(event, "source"),
        "type": _type_of(event.get("type"), context),
        **present(optional),
    }


def _of_own(event: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Read the sender's own data as a client's properties; all of it is stored with the event.

    A subject that is not one of our ids is the sender's user id.
    """
    type = _type_of(event.get("type"), context)
    kind, id = _subject_of(event)
    call = Call(
        ClientCall.TRACK,
        event.get("id"),
        user_id=None if kind else id,
        properties=event[_DATA],
        time=event.get("time"),
    )
    reported = present({**_extensions_of(event), _DATA: event[_DATA]})
    type_name = type if isinstance(type, str) else ""
    native = native_of(call, reported, context.lifecycle, type=type_name)
    if not reported:
        del native["data"][REPORTED]
    if kind:
        native[kind] = {**native.get(kind, {}), "id": id}
    native |= {"source": required_text(event, "source"), "type": type}
    return {**native, **present({"actor": event.get("actor")})}


def _subject_of(event: Mapping[str, Any]) -> tuple[str, str]:
    """Return the subject's kind, if it is one of ours, and its id."""
    subject = str(event.get("subject") or "")
    kind, _, id = subject.partition("/")
    return (kind, id) if kind in (LEAD, ACCOUNT) and id else ("", subject)


def _extensions_of(event: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name not in _TAKEN}


def _type_of(type: Any, context: Context) -> Any:
    """Return the lifecycle's event type if the company has listed the sender's name for it."""
    lifecycle = context.lifecycle
    if not isinstance(type, str) or type in lifecycle.events:
        return type
    return lifecycle.client_names.events.get(normal(type), type)


def _content_of(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content that the fingerprint covers, identical in every mode and on retries."""
    left_out = (_BASE64, _CONTENT_TYPE, _DATA)
    content = {name: _as_header(event[name]) for name in event if name not in left_out}
    content[_DATA] = {name: value for name, value in event[_DATA].items() if name != "sent_at"}
    return content


def _as_header(value: Any) -> Any:
    """Write a value as binary mode does, where every attribute is text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else value


SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "required": [TELLTALE, "id", "source", "type"],
    "properties": {
        TELLTALE: {"const": VERSION},
        "id": {"type": "string"},
        "source": {"type": "string", "description": "A source that the key may name."},
        "type": {"type": "string", "description": "An event type, or a name listed for one."},
        "time": {"type": "string", "description": "RFC 3339 with offset."},
        "subject": {
            "type": "string",
            "description": "`lead/<id>`, `account/<id>`, or a user's id.",
        },
        "actor": {
            "type": "string",
            "description": "The person who acted. Personal data, stored outside the record.",
        },
        _DATA: {
            "type": "object",
            "description": "`lead`, `account`, `data`, `sent_at`; or the sender's own.",
        },
        _BASE64: {"type": "string", "description": "The same, encoded as base64."},
    },
}
"""For the OpenAPI document."""


def of_headers(headers: Iterable[tuple[bytes, bytes]], body: bytes) -> dict[str, Any]:
    """Assemble a CloudEvent sent in binary mode. Raises Unreadable or TooLarge.

    The body is its data, whatever the content type, and the caller validates the whole event.
    """
    event: dict[str, Any] = {}
    for name, value in headers:
        if not name.startswith(HEADER):
            continue
        attribute = name.removeprefix(HEADER).decode("latin-1")
        if attribute in event or attribute in (_DATA, _BASE64):
            raise Unreadable(expected="each attribute once", found="a duplicate")
        event[attribute] = _header_text(value)
    if len(body) > EVENT_BYTES_MAX:
        raise TooLarge(
            expected=f"an event of at most {EVENT_BYTES_MAX} bytes", found="a longer one"
        )
    if body:
        event[_DATA] = read_text(body)[0]
    return event


def _header_text(value: bytes) -> str:
    try:
        return unquote_to_bytes(value).decode()
    except UnicodeDecodeError:
        raise Unreadable(expected="headers of percent-encoded UTF-8", found="other bytes") from None
