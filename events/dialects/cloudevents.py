"""CloudEvents 1.0 in JSON: a native event whose `data` holds what stands beside its envelope.

    {"specversion": "1.0", "id": "form-8841", "source": "website", "type": "form.submitted",
     "data": {"lead": {"email": "hanako@example.co.jp"}, "data": {"form": "whitepaper"}}}

Whoever writes CloudEvents chooses the type for us, so an unknown one is told, not kept by name.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from domain.lifecycle.words import normal
from domain.signals import Signal
from events import native
from events.context import Context
from events.dialects.calls import REPORTED
from events.dialects.embedded import embedded_json
from events.dialects.parts import Misshapen, mapping_in, present, required_text
from events.dialects.reading import misshapen, place_of
from events.limits import EVENT_BYTES_MAX
from events.refusals import Refusal
from events.strict_json import TooLarge, Unreadable
from events.strict_json.reading import read_text

TELLTALE = "specversion"
"""The attribute that every CloudEvent has and no native event: content types are often wrong."""
VERSION = "1.0"
HEADER = b"ce-"
"""Before an attribute in binary mode."""

_DATA, _BASE64, _CONTENT_TYPE = "data", "data_base64", "datacontenttype"
_TAKEN: Final = frozenset(
    {TELLTALE, "id", "source", "type", "time", "subject", "actor", _DATA, _BASE64, _CONTENT_TYPE}
)
_INSIDE: Final = ("lead", "account", "data", "sent_at")
PLACES: Final = {
    "/id": "/id",
    "/source": "/source",
    "/type": "/type",
    "/time": "/time",
    "/actor": "/actor",
    "": "/data",
}


def read(event: Mapping[str, Any], context: Context) -> Signal | Refusal:
    """Read one parsed CloudEvent."""
    try:
        event = _with_data(event)
        reported = _native_of(event, context)
    except Misshapen as error:
        return misshapen(error)
    signal = native.read(reported, context, content=_content_of(event))
    if isinstance(signal, Refusal) and signal.pointer:
        return signal._replace(pointer=place_of(signal.pointer, PLACES))
    return signal


def _with_data(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return it with its data as an object, however it was carried."""
    if event[TELLTALE] != VERSION:
        raise Misshapen(TELLTALE, expected=f'"{VERSION}"')
    if event.get(_BASE64) is not None:
        data: Any = embedded_json(required_text(event, _BASE64), _BASE64, is_base64=True)
    else:
        data = mapping_in(event, _DATA)
    for name in data:
        if name not in _INSIDE:
            raise Misshapen(_DATA, name, expected=f"one of {', '.join(_INSIDE)}")
    return {**event, _DATA: data}


def _native_of(event: Mapping[str, Any], context: Context) -> dict[str, Any]:
    lead = dict(mapping_in(event, _DATA, "lead"))
    account = dict(mapping_in(event, _DATA, "account"))
    kind, _, subject_id = str(event.get("subject") or "").partition("/")
    if kind == "lead" and subject_id:
        lead.setdefault("id", subject_id)
    elif kind == "account" and subject_id:
        account.setdefault("id", subject_id)
    extensions = {name: value for name, value in event.items() if name not in _TAKEN}
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


def _type_of(type: Any, context: Context) -> Any:
    """Return an event type of the lifecycle, where the company has listed what the sender says."""
    lifecycle = context.lifecycle
    if not isinstance(type, str) or type in lifecycle.events:
        return type
    return lifecycle.client_names.events.get(normal(type), type)


def _content_of(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the fingerprint is taken over: the same in every mode, however often sent."""
    left_out = (_BASE64, _CONTENT_TYPE, _DATA)
    content = {name: _as_header(event[name]) for name in event if name not in left_out}
    content[_DATA] = {name: value for name, value in event[_DATA].items() if name != "sent_at"}
    return content


def _as_header(value: Any) -> Any:
    """Write a value as it stands in binary mode, where every attribute is text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else value


SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "required": [TELLTALE, "id", "source", "type"],
    "properties": {
        TELLTALE: {"const": VERSION},
        "id": {"type": "string"},
        "source": {"type": "string", "description": "One that the key may speak for."},
        "type": {"type": "string", "description": "An event type, or a name listed for one."},
        "time": {"type": "string", "description": "RFC 3339 with offset."},
        "subject": {"type": "string", "description": "`lead/<id>` or `account/<id>`."},
        "actor": {
            "type": "string",
            "description": "Who did it: personal, and kept apart from the record.",
        },
        _DATA: {"type": "object", "description": "`lead`, `account`, `data`, `sent_at`."},
        _BASE64: {"type": "string", "description": "The same as base64."},
    },
}
"""For the OpenAPI document."""


def of_headers(headers: Iterable[tuple[bytes, bytes]], body: bytes) -> dict[str, Any]:
    """Put a CloudEvent in binary mode together. Raises Unreadable or TooLarge.

    The body is its data whatever the content type says, and the caller judges the whole.
    """
    event: dict[str, Any] = {}
    for name, value in headers:
        if not name.startswith(HEADER):
            continue
        attribute = name.removeprefix(HEADER).decode("latin-1")
        if attribute in event or attribute in (_DATA, _BASE64):
            raise Unreadable(expected="each attribute once", found="one that stands twice")
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
