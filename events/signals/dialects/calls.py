"""What the clients of analytics tools say, whatever their wire looks like: a call.

A dialect reads a client's message into a call, and here a call becomes a native event. So what an
`identify` means is said once, for all of them.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from domain.lifecycle.client_names import ClientCall, PersonField
from domain.lifecycle.definition import EventType, Field, Lifecycle
from domain.lifecycle.names import normal
from events.limits import IDENTIFIER_CHARACTERS_MAX
from events.signals import identifiers
from events.signals.dialects.parts import as_id, id_in, present, text_in
from events.signals.fields import mismatch

REPORTED = "reported"
"""Under this name the whole message is kept beside the record; no field may be called so."""
GROUP = "group"
"""The system that an id of a group call is of: all analytics clients share one naming of groups."""


class Call(NamedTuple):
    """One message of an analytics client.

    Values that go on as they are, are checked where native events are: they may be anything here.
    """

    kind: ClientCall
    id: Any
    name: str | None = None
    """What a tracked event is called by its sender."""
    user_id: Any = None
    anonymous_id: Any = None
    aliases: Sequence[Any] = ()
    traits: Mapping[str, Any] = {}
    """What is said of the person."""
    account: Mapping[str, Any] = {}
    """What is said of the company, as a native account reference."""
    properties: Mapping[str, Any] = {}
    hints: Mapping[str, Any] = {}
    """Fields of the event that the client tells elsewhere than in the properties."""
    time: Any = None
    sent_at: Any = None
    ago: timedelta | None = None
    """How long before its receipt it happened, where the client tells that in place of a time."""


def native_of(
    call: Call, message: Mapping[str, Any], lifecycle: Lifecycle, *, type: str | None = None
) -> dict[str, Any]:
    """Write a call as the native event that it reports; `type` where the sender chose it."""
    if type is None:
        type = _type_of(call, lifecycle)
    event_type = lifecycle.events.get(type)
    data = _fields(call, event_type) if event_type is not None else {}
    if call.name is not None and type == lifecycle.client_names.calls[ClientCall.TRACK]:
        data["name"] = call.name
    native = {
        "type": type,
        "time": call.time,
        "sent_at": call.sent_at,
        "lead": _lead(call, type, lifecycle),
        "account": {**_company(call.traits.get("company")), **present(call.account)},
        "data": {**data, REPORTED: message},
    }
    return {"id": call.id, **present(native)}


def _type_of(call: Call, lifecycle: Lifecycle) -> str:
    names = lifecycle.client_names
    if call.name is not None:
        listed = names.events.get(normal(call.name))
        if listed is not None:
            return listed
    return names.calls[call.kind]


def _lead(call: Call, type: str, lifecycle: Lifecycle) -> dict[str, Any]:
    """Name the person, and tell what the rules may use of the traits.

    Only an id, an address, a number or a name makes somebody known. Other traits are kept with the
    message: a visitor's colour scheme tells nobody who he is. What is said of the person outright
    comes before what a form holds.
    """
    traits = call.traits
    outright = {
        "user_id": as_id(call.user_id),
        "anonymous_id": as_id(call.anonymous_id),
        "aliases": [as_id(one) for one in call.aliases if one not in (None, "")],
        "email": traits.get("email"),
        "phone": as_id(traits.get("phone")),
        "name": traits.get("name"),
        "profile": _fitting(lifecycle.attributes, traits),
    }
    return {**told_among(call.properties, type, lifecycle), **present(outright)}


def told_among(properties: Mapping[str, Any], type: str, lifecycle: Lifecycle) -> dict[str, str]:
    """Find who acted among what a form held, if the event is one in which people say so.

    What is no address or number stays with the message: a form is not refused for a field.
    """
    identifying = lifecycle.client_names.identifying
    if type not in identifying.types:
        return {}
    found: dict[str, str] = {}
    for name, value in properties.items():
        told = identifying.properties.get(normal(name))
        if told is not None and (text := _identifier(told, value, lifecycle)):
            found.setdefault(told, text)
    return found


def _identifier(told: PersonField, value: object, lifecycle: Lifecycle) -> str | None:
    text = value if told in (PersonField.EMAIL, PersonField.NAME) else as_id(value)
    if not isinstance(text, str) or not text.strip() or len(text) > IDENTIFIER_CHARACTERS_MAX:
        return None
    match told:
        case PersonField.EMAIL:
            return text if identifiers.email(text) else None
        case PersonField.PHONE:
            return text if identifiers.phone(text, lifecycle.phone_country) else None
    return text


def _company(company: object) -> dict[str, Any]:
    """Read the trait `company`: its name, or what is known of it. Anything else is only kept."""
    if isinstance(company, str):
        return present({"name": company})
    if not isinstance(company, Mapping):
        return {}
    group = id_in(company, "id")
    ids = {GROUP: group} if group else None
    return present({"name": text_in(company, "name"), "external_ids": ids})


def _fields(call: Call, event_type: EventType) -> dict[str, Any]:
    """Take the declared fields out of what was told, properties first."""
    return {
        **_fitting(event_type.fields, call.hints),
        **_fitting(event_type.fields, call.properties),
    }


def _fitting(fields: Mapping[str, Field], told: Mapping[str, Any]) -> dict[str, Any]:
    """Take what is of the type that the lifecycle declares.

    A sender who has never heard of our fields means nothing by a property of the same name: what
    does not fit is kept with the message, and is no reason to refuse it.
    """
    return {
        name: value
        for name, value in told.items()
        if value is not None and name in fields and mismatch(fields[name], value) is None
    }
