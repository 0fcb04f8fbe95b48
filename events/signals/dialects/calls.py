"""Calls: the messages of analytics clients, independent of their wire format.

A dialect reads a client's message into a call, and this module turns a call into a native event.
The meaning of an `identify` is therefore defined once, for all dialects.
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
from events.signals.fields import coded, mismatch

REPORTED = "reported"
"""The whole message is stored outside the record under this name. No field may have this name."""
GROUP = "group"
"""The system that a group id belongs to: all analytics clients share one namespace of groups."""


class Call(NamedTuple):
    """One message of an analytics client.

    Values that are passed on unchanged may be anything here: the native reader checks them.
    """

    kind: ClientCall
    id: Any
    name: str | None = None
    """The sender's name for a tracked event."""
    user_id: Any = None
    anonymous_id: Any = None
    aliases: Sequence[Any] = ()
    traits: Mapping[str, Any] = {}
    """What is reported about the person."""
    account: Mapping[str, Any] = {}
    """What is reported about the company, as a native account reference."""
    properties: Mapping[str, Any] = {}
    hints: Mapping[str, Any] = {}
    """Fields of the event that the client sends outside the properties."""
    time: Any = None
    sent_at: Any = None
    ago: timedelta | None = None
    """How long before its receipt it happened, if the client sends that instead of a time."""


def native_of(
    call: Call, message: Mapping[str, Any], lifecycle: Lifecycle, *, type: str | None = None
) -> dict[str, Any]:
    """Write a call as the native event that it reports. Pass `type` if the sender chose it."""
    if type is None:
        type = _type_of(call, lifecycle)
    event_type = lifecycle.events.get(type)
    is_unlisted = type == lifecycle.client_names.calls[ClientCall.TRACK]
    named = {"name": call.name} if is_unlisted and call.name is not None else {}
    data = _fields(call, event_type, named) if event_type is not None else {}
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
    """Name the person, and return the traits that the rules may use.

    Only an id, an address, a number or a name makes a person known. Other traits are kept with the
    message: a visitor's colour scheme does not identify anyone. Explicit identifiers and traits
    take precedence over those in a form.
    """
    traits = call.traits
    explicit = {
        "user_id": as_id(call.user_id),
        "anonymous_id": as_id(call.anonymous_id),
        "aliases": [as_id(alias) for alias in call.aliases if alias not in (None, "")],
        "email": traits.get("email"),
        "phone": as_id(traits.get("phone")),
        "name": traits.get("name"),
        "profile": _fitting(lifecycle.attributes, traits),
    }
    return {**_identified_in(call.properties, type, lifecycle), **present(explicit)}


def _identified_in(
    properties: Mapping[str, Any], type: str, lifecycle: Lifecycle
) -> dict[str, str]:
    """Find the person in the fields of a form, if people identify themselves in this event type.

    A value that is not a valid address or number stays with the message: it does not cause the form
    to be refused.
    """
    identifying = lifecycle.client_names.identifying
    if type not in identifying.types:
        return {}
    found: dict[str, str] = {}
    for name, value in properties.items():
        field = identifying.properties.get(normal(name))
        if field is not None and (text := _identifier(field, value, lifecycle)):
            found.setdefault(field, text)
    return found


def _identifier(field: PersonField, value: object, lifecycle: Lifecycle) -> str | None:
    text = value if field in (PersonField.EMAIL, PersonField.NAME) else as_id(value)
    if not isinstance(text, str) or not text.strip() or len(text) > IDENTIFIER_CHARACTERS_MAX:
        return None
    match field:
        case PersonField.EMAIL:
            return text if identifiers.email(text) else None
        case PersonField.PHONE:
            return text if identifiers.phone(text, lifecycle.phone_country) else None
    return text


def _company(company: object) -> dict[str, Any]:
    """Read the trait `company`: a name or an object. Anything else is kept but not read."""
    if isinstance(company, str):
        return present({"name": company})
    if not isinstance(company, Mapping):
        return {}
    group = id_in(company, "id")
    ids = {GROUP: group} if group else None
    return present({"name": text_in(company, "name"), "external_ids": ids})


def _fields(call: Call, event_type: EventType, named: Mapping[str, Any]) -> dict[str, Any]:
    """Return the declared fields among hints, properties and the event's name, the last first."""
    return {
        name: value
        for values in (call.hints, call.properties, named)
        for name, value in _fitting(event_type.fields, values).items()
    }


def _fitting(fields: Mapping[str, Field], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that have the type declared in the lifecycle.

    A sender may use a property with the name of one of our fields by coincidence. A value of the
    wrong type, or one that no record may hold, is therefore kept with the message, and is not a
    reason to refuse it.
    """
    return {
        name: value
        for name, value in values.items()
        if value is not None
        and (field := fields.get(name)) is not None
        and mismatch(field, coded(field, value)) is None
    }
