"""Snowplow's tracker protocol: `{schema, data: [payloads]}`, or one payload as a query string.

Every value is a string. Trackers send no credentials, but every tracker can be configured with an
application id, so the key is sent there: `aid`.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from domain.lifecycle.client_names import ClientCall
from events.signals.dialects.calls import Call
from events.signals.dialects.embedded import embedded_json
from events.signals.dialects.parcels import Dialect, Parcel, parcel_of, parcel_of_one
from events.signals.dialects.parts import Misshapen, required_text, text_in
from events.strict_json import Finding, JsonValue, Unreadable, write

KEY = "aid"
KEY_BEGINS = "llk_"
"""Prefix of keys. Other values stay in the payload: an application may have its own id."""
_CALLS: Final = {"pv": ClientCall.PAGE}
_NAMES: Final = {"pp": "page_ping", "tr": "transaction", "ti": "transaction_item"}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECONDS_DIGITS_MAX: Final = 13
PLACES: Final = {
    "/id": "/eid",
    "/time": "/dtm",
    "/sent_at": "/stm",
    "/lead/user_id": "/uid",
    "/lead/anonymous_id": "/duid",
    "/lead": "/uid",
    "/data/name": "/e",
    "/data": "/ue_pr",
}


def unpack(body: bytes) -> Finding[Parcel]:
    """Unpack a POST."""
    return parcel_of(body, member="data", key=KEY, key_begins=KEY_BEGINS)


def body_of_query(query: bytes) -> bytes:
    """Write the payload of a GET, its query string, as a POST would send it.

    Raises:
        Unreadable: it is not a query string.
    """
    try:
        text = query.decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=True, errors="strict")
    except ValueError:
        raise Unreadable(expected="a query string in UTF-8", found="something else") from None
    payload: dict[str, JsonValue] = dict(pairs)
    if len(payload) < len(pairs):
        raise Unreadable(expected="each parameter once", found="a duplicate")
    return write(payload)


def unpack_one(body: bytes) -> Finding[Parcel]:
    """Unpack a single payload."""
    return parcel_of_one(body, key=KEY, key_begins=KEY_BEGINS)


def read(message: Mapping[str, Any]) -> Call:
    """Read one payload."""
    kind = _CALLS.get(required_text(message, "e"), ClientCall.TRACK)
    name, properties = (None, {}) if kind is ClientCall.PAGE else _tracked(message)
    return Call(
        kind,
        message.get("eid"),
        name=name,
        user_id=message.get("uid"),
        anonymous_id=message.get("duid") or message.get("nuid") or message.get("tnuid"),
        properties=properties,
        hints=_hints(text_in(message, "url") or ""),
        time=_moment(message, "ttm") or _moment(message, "dtm"),
        sent_at=_moment(message, "stm"),
    )


def _tracked(message: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """Return the name and properties of an event that is not a page view.

    A structured event is named after its action, a self-describing one after its schema.
    """
    match message["e"]:
        case "se":
            return required_text(message, "se_ac"), {}
        case "ue":
            return _self_described(message)
        case other:
            return _NAMES.get(other, other), {}


def _self_described(message: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """Read `iglu:com.acme/form_submitted/jsonschema/1-0-0` and its data from their wrapper."""
    member = "ue_px" if message.get("ue_px") is not None else "ue_pr"
    wrapper = embedded_json(required_text(message, member), member, is_base64=member == "ue_px")
    inner = wrapper.get("data")
    schema = inner.get("schema") if isinstance(inner, dict) else None
    path = schema.removeprefix("iglu:").split("/") if isinstance(schema, str) else []
    if not isinstance(inner, dict) or len(path) < 2 or not path[1]:  # noqa: PLR2004 - vendor/name
        raise Misshapen(member, expected="a self-describing event: {schema, data: {schema, data}}")
    properties = inner.get("data")
    return path[1], properties if isinstance(properties, dict) else {}


def _hints(url: str) -> dict[str, Any]:
    try:
        parts = urlsplit(url)
        query = dict(parse_qsl(parts.query))
    except ValueError:
        return {}
    return {
        "page": parts.path or None,
        "campaign": query.get("utm_campaign"),
        "channel": query.get("utm_medium"),
    }


def _moment(message: Mapping[str, Any], name: str) -> str | None:
    """Write milliseconds since 1970 as RFC 3339."""
    value = message.get(name)
    if value in (None, ""):
        return None
    is_number = isinstance(value, str) and value.isascii() and value.isdigit()
    if not is_number or len(value) > _MILLISECONDS_DIGITS_MAX:
        raise Misshapen(name, expected="milliseconds since 1970, in digits")
    return (_EPOCH + timedelta(milliseconds=int(value))).isoformat(timespec="milliseconds")


def named(message: Mapping[str, Any]) -> tuple[Any, Any]:
    """Return the id and type that a refused payload stated."""
    return message.get("eid"), message.get("se_ac") or message.get("e")


SNOWPLOW: Final = Dialect("snowplow", KEY, read, named, PLACES)
