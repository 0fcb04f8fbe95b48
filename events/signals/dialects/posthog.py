"""PostHog: `{api_key, batch: [events], sent_at}`, or one event.

Newer clients send settings that are not properties of an event separately, in `options`.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from domain.lifecycle.client_names import ClientCall
from events.limits import OFFSET_MS_MAX
from events.signals.dialects.calls import GROUP, Call
from events.signals.dialects.parcels import Dialect, Parcel, parcel_of, parcel_of_one
from events.signals.dialects.parts import (
    Misshapen,
    as_id,
    id_in,
    mapping_in,
    present,
    required_text,
    text_in,
)
from events.strict_json import Finding

KEY = "api_key"
_SENT_AT = "sent_at"
_SENT_AT_OF_PYTHON = "sentAt"
SENT_AT_HEADER: Final = ("posthog-request-timestamp", _SENT_AT)
"""The header in which newer clients send the time of a request, because the body must stay the same
on a retry."""
_CALLS: Final = {
    "$identify": ClientCall.IDENTIFY,
    "$set": ClientCall.IDENTIFY,
    "$create_alias": ClientCall.ALIAS,
    "$merge_dangerously": ClientCall.ALIAS,
    "$groupidentify": ClientCall.COMPANY,
    "$pageview": ClientCall.PAGE,
    "$screen": ClientCall.SCREEN,
}
COMPANIES: Final = ("company", "organization", "account")
"""Group types that are companies; teams and projects are not."""
PLACES: Final = {
    "/id": "/uuid",
    "/time": "/timestamp",
    "/sent_at": "/sent_at",
    "/lead/user_id": "/distinct_id",
    "/lead/anonymous_id": "/distinct_id",
    "/lead/aliases/0": "/distinct_id",
    "/lead/aliases/1": "/properties/alias",
    "/lead/email": "/properties/$set/email",
    "/lead/phone": "/properties/$set/phone",
    "/lead/name": "/properties/$set/name",
    "/lead": "/distinct_id",
    "/account/external_ids/group": "/properties/$group_key",
    "/account": "/properties/$group_set",
    "/data/name": "/event",
    "/data": "/properties",
}


def unpack(body: bytes) -> Finding[Parcel]:
    """Unpack a batch. Its time of sending has two names."""
    return parcel_of(body, member="batch", key=KEY, sent_at=(_SENT_AT, _SENT_AT_OF_PYTHON))


def unpack_one(body: bytes) -> Finding[Parcel]:
    """Unpack a single event."""
    return parcel_of_one(body, key=KEY)


def read(message: Mapping[str, Any]) -> Call:
    """Read one event."""
    name = required_text(message, "event")
    kind = _CALLS.get(name, ClientCall.TRACK)
    properties, options = mapping_in(message, "properties"), mapping_in(message, "options")
    common = Call(
        kind,
        message.get("uuid"),
        name=name if kind is ClientCall.TRACK else None,
        properties=properties,
        hints=_hints(properties),
        time=message.get("timestamp"),
        ago=_ago(message),
        sent_at=None if options.get("disable_skew_correction") is True else message.get(_SENT_AT),
    )
    if kind is ClientCall.COMPANY:
        return common._replace(account=_described_company(message, properties))
    who = as_id(message.get("distinct_id")) or as_id(properties.get("distinct_id"))
    if kind is ClientCall.ALIAS:
        # Libraries disagree about which of the two is the older id, so neither takes precedence.
        return common._replace(aliases=(who, properties.get("alias")))
    is_anonymous = _is_anonymous(who, properties, options)
    return common._replace(
        user_id=None if is_anonymous else who,
        anonymous_id=who if is_anonymous else properties.get("$anon_distinct_id"),
        traits=_traits(message),
        account=_company(mapping_in(message, "properties", "$groups")),
    )


def _ago(message: Mapping[str, Any]) -> timedelta | None:
    """Read `offset`: the milliseconds between the event and its sending.

    Browsers send it instead of a time, because their clock may be wrong. As in PostHog, an explicit
    time takes precedence.
    """
    offset = message.get("offset")
    if offset is None or message.get("timestamp") is not None:
        return None
    if type(offset) is not int or not 0 <= offset <= OFFSET_MS_MAX:
        raise Misshapen("offset", expected=f"milliseconds: an integer from 0 to {OFFSET_MS_MAX}")
    return timedelta(milliseconds=offset)


def _is_anonymous(who: object, properties: Mapping[str, Any], options: Mapping[str, Any]) -> bool:
    """Return whether an id is a browser's rather than a person's: only its context shows which."""
    return (
        properties.get("$process_person_profile") is False
        or options.get("process_person_profile") is False
        or properties.get("$is_identified") is False
        or (who is not None and who == as_id(properties.get("$device_id")))
    )


def _traits(message: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **mapping_in(message, "$set_once"),
        **mapping_in(message, "properties", "$set_once"),
        **mapping_in(message, "$set"),
        **mapping_in(message, "properties", "$set"),
    }


def _company(groups: Mapping[str, Any]) -> dict[str, Any]:
    found = next((key for type in COMPANIES if (key := id_in(groups, type))), None)
    return {"external_ids": {GROUP: found}} if found else {}


def _described_company(message: Mapping[str, Any], properties: Mapping[str, Any]) -> dict[str, Any]:
    if properties.get("$group_type") not in COMPANIES:
        raise Misshapen(
            "properties", "$group_type", expected=f"a company: one of {', '.join(COMPANIES)}"
        )
    traits = mapping_in(message, "properties", "$group_set")
    names = {"name": text_in(traits, "name"), "domain": text_in(traits, "domain")}
    return {**present(names), "external_ids": {GROUP: as_id(properties.get("$group_key"))}}


def _hints(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "page": properties.get("$pathname"),
        "campaign": properties.get("utm_campaign"),
        "channel": properties.get("utm_medium"),
    }


def named(message: Mapping[str, Any]) -> tuple[Any, Any]:
    """Return the id and type that a refused event stated."""
    return message.get("uuid"), message.get("event")


def content(message: Mapping[str, Any]) -> Mapping[str, Any]:
    """Leave out the offset: the same event is older each time it is sent."""
    return {name: value for name, value in message.items() if name != "offset"}


POSTHOG: Final = Dialect("posthog", KEY, read, named, PLACES, content)
