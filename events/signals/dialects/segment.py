"""Segment and RudderStack: `{batch: [messages]}`, or one message; from servers and browsers.

RudderStack's messages differ in `originalTimestamp` and `channel` (where the client runs), and have
the traits of an identify in the context.
"""

from collections.abc import Mapping
from typing import Any, Final

from domain.lifecycle.client_names import ClientCall
from events.signals.dialects.calls import GROUP, Call
from events.signals.dialects.parcels import Dialect, Parcel, parcel_of, parcel_of_one
from events.signals.dialects.parts import (
    Misshapen,
    id_in,
    mapping_in,
    present,
    required_id,
    required_text,
    text_in,
)
from events.strict_json import Finding

KEY = "writeKey"
BROWSER_LIBRARY = "analytics.js"
_SENT_AT = "sentAt"
_CALLS: Final = {
    str(call): call
    for call in (
        ClientCall.IDENTIFY,
        ClientCall.TRACK,
        ClientCall.PAGE,
        ClientCall.SCREEN,
        ClientCall.GROUP,
        ClientCall.ALIAS,
    )
}
PLACES: Final = {
    "/id": "/messageId",
    "/time": "/timestamp",
    "/sent_at": "/sentAt",
    "/lead/user_id": "/userId",
    "/lead/anonymous_id": "/anonymousId",
    "/lead/aliases/0": "/previousId",
    "/lead/aliases/1": "/userId",
    "/lead/email": "/traits/email",
    "/lead/phone": "/traits/phone",
    "/lead/name": "/traits/name",
    "/lead": "/userId",
    "/account/external_ids/group": "/groupId",
    "/account": "/traits",
    "/data/name": "/event",
    "/data": "/properties",
}


def unpack_batch(body: bytes) -> Finding[Parcel]:
    """Unpack a batch. Its time of sending applies to every message."""
    return parcel_of(body, member="batch", key=KEY, sent_at=(_SENT_AT,))


def unpack_one(body: bytes, call: ClientCall) -> Finding[Parcel]:
    """Unpack a single message, whose type may be given by its path alone."""
    return parcel_of_one(body, key=KEY, defaults={"type": str(call)})


def read(message: Mapping[str, Any]) -> Call:
    """Read one message."""
    kind = _CALLS.get(str(message.get("type")))
    if kind is None:
        raise Misshapen("type", expected=f"one of {', '.join(_CALLS)}")
    own_traits = mapping_in(message, "traits")
    traits = mapping_in(message, "context", "traits")
    if kind is not ClientCall.GROUP:
        traits = {**traits, **own_traits}
    user_id: Any = message.get("userId")
    aliases: tuple[Any, ...] = ()
    if kind is ClientCall.ALIAS:
        aliases, user_id = (required_id(message, "previousId"), user_id), None
    return Call(
        kind,
        message.get("messageId"),
        name=required_text(message, "event") if kind is ClientCall.TRACK else None,
        user_id=user_id,
        anonymous_id=message.get("anonymousId"),
        aliases=aliases,
        traits=traits,
        account=_account(message, own_traits, kind),
        properties=mapping_in(message, "properties"),
        hints=_hints(message),
        time=message.get("originalTimestamp") or message.get("timestamp"),
        sent_at=message.get(_SENT_AT),
    )


def _account(
    message: Mapping[str, Any], traits: Mapping[str, Any], kind: ClientCall
) -> dict[str, Any]:
    """Name the company: the subject of a group call, or the context of any other call."""
    if kind is not ClientCall.GROUP:
        group = id_in(mapping_in(message, "context"), "groupId")
        return {"external_ids": {GROUP: group}} if group else {}
    names = {"name": text_in(traits, "name"), "domain": text_in(traits, "domain")}
    return {**present(names), "external_ids": {GROUP: required_id(message, "groupId")}}


def _hints(message: Mapping[str, Any]) -> dict[str, Any]:
    page, own = mapping_in(message, "context", "page"), mapping_in(message, "properties")
    campaign = mapping_in(message, "context", "campaign")
    return {
        "page": own.get("path") or page.get("path"),
        "campaign": campaign.get("name"),
        "channel": campaign.get("medium"),
    }


def named(message: Mapping[str, Any]) -> tuple[Any, Any]:
    """Return the id and type that a refused message stated."""
    return message.get("messageId"), message.get("event") or message.get("type")


def content(message: Mapping[str, Any]) -> Mapping[str, Any]:
    """Leave out the user id, which the browser client fills in at the moment of sending.

    A retry of a page call from before an identify carries the user identified since.
    """
    if mapping_in(message, "context", "library").get("name") != BROWSER_LIBRARY:
        return message
    return {name: value for name, value in message.items() if name != "userId"}


SEGMENT: Final = Dialect("segment", KEY, read, named, PLACES, content)
