"""Personal values in every place where a sender can put text, for every client's format.

The fields are those that the lifecycle declares, so a new field is covered as soon as it exists.
"""

import re
import unicodedata
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote
from uuid import NAMESPACE_URL, uuid5
from zoneinfo import ZoneInfo

import orjson

from domain.lifecycle.definition import EventKind, EventType, Field, Lifecycle, SubjectKind
from domain.lifecycle.service_events import is_offered
from service.command.importing.mapping_text import read_mapping
from service.command.importing.translation import translation_of
from service.command.importing.values.readers import Surroundings
from tests.support.planted import Sent

ADDRESS, PHONE = "hanako.himitsu@planted.example", "9055501234"
NAME, DOMAIN, TOKEN = "秘密花子", "himitsu-planted.example", "Zk3xQ9vT7rB2mN8wL5pD1sYc"
VALUES: Mapping[str, str] = {
    "address": ADDRESS,
    "address in capitals": ADDRESS.upper(),
    "encoded address": ADDRESS.replace("@", "%40"),
    "twice encoded address": ADDRESS.replace("@", "%2540"),
    "international number": f"+81{PHONE}",
    "spaced number": "+81 90 5550 1234",
    "national number": f"0{PHONE}",
    "dashed number": "090-5550-1234",
    "number in parentheses": "(090) 5550-1234",
    "number with prefix": "0081-90-5550-1234",
    "wide number": "０９０－５５５０－１２３４",
    "number in text": "call-090-5550-1234",
    "name": NAME,
    "encoded name": quote(NAME),
    "signed token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJoaW1pdHN1In0.c2lnbmF0dXJl",
}
"""What people write where a code belongs."""
TOKENS: Mapping[str, str] = {
    "random token": TOKEN,
    "hexadecimal token": "0a1b2c3d4e5f60718293a4b5c6d7e8f9",
    "uuid": "8c0a3f6e-5d1b-4c2a-9e7f-1b2d3c4e5f60",
    "encoded address as a token": urlsafe_b64encode(ADDRESS.encode()).decode(),
}
"""What a path holds for one person alone. As an id, each is as opaque as an id should be."""

_MARKS = (
    *("himitsu", NAME.lower(), quote(NAME).lower(), "eyjhbgcioijiuzi1nij9"),
    *(token.lower() for token in TOKENS.values()),
    *(b64encode(text.encode()).decode().lower()[:16] for text in (ADDRESS, NAME)),
)
_BETWEEN_DIGITS = re.compile(r"[\s().-]")


def found_in(text: str) -> set[str]:
    """Return the planted values that a text holds, in any spelling."""
    plain = unicodedata.normalize("NFKC", unquote(unquote(text))).lower()
    found = {mark for mark in _MARKS if mark in plain or mark in text.lower()}
    return found | ({PHONE} if PHONE in _BETWEEN_DIGITS.sub("", plain) else set())


def reports(lifecycle: Lifecycle, *, corrected: str) -> Iterator[tuple[str, Sent]]:
    """Return the requests of every format, each with a name.

    `corrected` is the position of a form that corrections change.
    """
    native = [*_native(lifecycle, corrected)]
    yield "native", _posted("/v1/events", native)
    yield "native import", _posted("/v1/events", [*_imported()])
    # Once unpacked, every format takes the same path, so the others need not repeat each field.
    clouds = [*map(_cloudevent, native[::7])]
    batch = "application/cloudevents-batch+json"
    yield "cloudevents batch", Sent("/v1/events", orjson.dumps(clouds), batch)
    yield (
        "cloudevent",
        Sent("/v1/events", orjson.dumps(_with_everything("ce")), "application/cloudevents+json"),
    )
    messages = [*_messages(lifecycle)]
    yield "segment", _posted("/v1/batch", {"batch": [*map(_segment, messages)]})
    brief = [message for message in messages if message[1] in ("Form Submitted", message[2])]
    yield "rudderstack", _posted("/v1/batch", {"batch": [*map(_rudder, brief)]})
    yield "posthog", _posted("/batch/", {"batch": [*map(_posthog, brief)]})
    tp2 = "/com.snowplowanalytics.snowplow/tp2"
    yield "snowplow", _posted(tp2, {"data": [*map(_snowplow, brief)]})


def _native(lifecycle: Lifecycle, corrected: str) -> Iterator[dict[str, Any]]:
    """Return one event per field and value, and one per value in each other place."""
    for field, event_type in _fields(lifecycle):
        values = {**VALUES, **TOKENS} if field.type == "page" else VALUES
        for name, value in values.items():
            for spelling in _spelled(field, value):
                data = {**_required(event_type), field.name: spelling}
                yield _event(f"{field.name}: {name}: {spelling}", event_type, data=data)
    form = lifecycle.events["form.submitted"]
    for name, value in VALUES.items():
        for attribute in lifecycle.attributes:
            lead = {"user_id": "u", "profile": {attribute: value}}
            yield _event(f"{attribute}: {name}", form, lead=lead)
        yield {**_event(name, form), "id": value}
        yield {**_event(f"source {name}", form), "source": value}
        yield _event(f"system {name}", form, lead={"external_ids": {value: "1"}})
        yield _event(f"company's {name}", form, account={"external_ids": {value: "1"}})
        yield {**_event(f"type {name}", form), "type": value}
        yield {**_event(f"department {name}", form), "department": value}
        fields = {"form": value, "page": f"/a/{value}", "owner": value, "note": value}
        for corrected_field, text in fields.items():
            correction = {"event": corrected, "fields": {corrected_field: text}}
            yield _event(
                f"corrected {corrected_field} {name}",
                lifecycle.events["event.corrected"],
                data=correction,
            )
        yield {**_with_everything(f"everything {name}", value), "type": "form.submitted"}


def _fields(lifecycle: Lifecycle) -> Iterator[tuple[Field, EventType]]:
    """Return every field of the lifecycle, with the first type that a sender can report it in."""
    found: dict[str, tuple[Field, EventType]] = {}
    for event_type in lifecycle.events.values():
        if not event_type.reserved and not is_offered(event_type):
            for field in event_type.fields.values():
                is_fact = event_type.kind is EventKind.FACT
                if field.name not in found or (is_fact and found[field.name][1].kind != "fact"):
                    found[field.name] = (field, event_type)
    yield from found.values()


def _spelled(field: Field, value: str) -> Iterator[Any]:
    if field.type == "page":
        encoded = quote(value)
        yield f"https://www.example.jp/a/{value}/b?mail={value}#{value}"
        yield f"https://{encoded}:{encoded}@www.example.jp/{encoded};id={encoded}/b"
        yield f"/a/{encoded}"
        yield f"mailto:{value}"
    yield value


def _event(id: str, event_type: EventType, **members: Any) -> dict[str, Any]:
    """Return a valid event whose id says nothing."""
    event = {"id": _opaque(id + event_type.name), "type": event_type.name, **members}
    who = {"user_id": _opaque(id)}
    match event_type.subject:
        case SubjectKind.LEAD if not {"lead", "account"} & members.keys():
            if not is_offered(event_type):
                event["lead"] = who
        case SubjectKind.ACCOUNT:
            event["account"] = {"external_ids": {"crm": _opaque(id)}}
    event.setdefault("data", _required(event_type))
    return event


def _opaque(text: str) -> str:
    return str(uuid5(NAMESPACE_URL, text))


_SAMPLES: Mapping[str, Any] = {
    "code": "x",
    "integer": 1,
    "amount": "1",
    "boolean": True,
    "page": "/",
    "currency": "JPY",
    "time": "2026-11-20T00:00:00Z",
    "date": "2026-11-20",
    "position": "1",
    "positions": ["1"],
    "subject": "0" * 8 + "-0000-0000-0000-" + "0" * 12,
    "fields": {"form": "x"},
}


def _required(event_type: EventType) -> dict[str, Any]:
    return {
        field.name: field.values[0] if field.values else _SAMPLES[field.type]
        for field in event_type.fields.values()
        if field.required
    }


def _with_everything(id: str, value: str = ADDRESS) -> dict[str, Any]:
    """Return an event with a value in every place for personal data: it is recorded."""
    event = {
        "id": _opaque(id),
        "type": "form.submitted",
        "actor": value,
        "lead": {
            "email": ADDRESS,
            "phone": f"+81{PHONE}",
            "user_id": value,
            "anonymous_id": value,
            "aliases": [value],
            "external_ids": {"crm": value},
            "name": value,
            "profile": {value: value},
        },
        "account": {"name": value, "domain": DOMAIN, "external_ids": {"erp": value}},
        "data": {value: value, "nested": [{value: [value]}]},
    }
    return event if not id.startswith("ce") else _cloudevent(event)


def _cloudevent(event: Mapping[str, Any]) -> dict[str, Any]:
    inside = {name: event[name] for name in ("lead", "account", "data") if name in event}
    envelope = {name: event[name] for name in ("id", "type", "source", "actor") if name in event}
    cloud = {"specversion": "1.0", "source": "website", "traceparent": ADDRESS, **envelope}
    return {**cloud, "id": _clouded(str(event["id"])), "data": inside}


def _clouded(id: str) -> str:
    return id if found_in(id) else f"ce-{id}"


_MAPPING = """
format: 1
source: table
time: {constant: 2026-11-20}
lead: {email: '{address}', name: '{value}', external_ids: {table: '{value}'}}
account: {name: '{value}'}
events:
  - {id: '{key}', type: form.submitted}
  - {id: '{n}/apart', type: form.submitted, actor: '{value}', data: {note: '{value}'}}
  - {id: '{n}/code', type: form.submitted, data: {campaign: '{value}'}}
  - {id: '{n}/page', type: form.submitted, data: {page: 'https://www.example.jp/{value}/a'}}
"""


def _imported() -> Iterator[dict[str, Any]]:
    """Translate a table whose cells hold the values, as `leadledger import` does."""
    around = Surroundings(ZoneInfo("Asia/Tokyo"), datetime(2026, 11, 29, tzinfo=UTC))
    translate = translation_of(read_mapping(_MAPPING), ("n", "address", "value", "key"), around)
    for number, value in enumerate(VALUES.values()):
        yield from translate((str(number), ADDRESS, value, value))


Message = tuple[str, str, str, Mapping[str, Any]]
"""The client's id of a message, its name, a planted value, and its properties."""


def _messages(lifecycle: Lifecycle) -> Iterator[Message]:
    names = {type: name for name, type in lifecycle.client_names.events.items()}
    fields = {field.name for field, _ in _fields(lifecycle)} | lifecycle.attributes.keys()
    for value in VALUES.values():
        properties = dict.fromkeys(fields, value) | {value: value}
        yield value, "Form Submitted", value, properties
        yield _opaque(f"named {value}"), value, value, properties
        for type, name in names.items():
            yield _opaque(f"{type} {value}"), name, value, properties
    for value in (*VALUES.values(), *TOKENS.values()):
        pages = {"page": f"/a/{value}", "link": f"https://www.example.jp/{quote(value)}"}
        yield _opaque(f"paged {value}"), "Form Submitted", "x", pages


def _segment(message: Message) -> dict[str, Any]:
    id, name, value, properties = message
    url = f"https://www.example.jp/{value}?q={value}"
    context = {
        "ip": value,
        "userAgent": value,
        "page": {"url": url, "path": f"/{quote(value)}", "referrer": url, "title": value},
        "campaign": {"name": value, "medium": value, "source": value},
        "traits": {"email": ADDRESS, "company": {"name": value, "id": value}, value: value},
    }
    who = {"userId": value, "anonymousId": value}
    return {
        "type": "track",
        "event": name,
        "messageId": id,
        **who,
        "properties": properties,
        "context": context,
    }


def _rudder(message: Message) -> dict[str, Any]:
    return {**_segment(message), "channel": message[2], "originalTimestamp": None}


def _posthog(message: Message) -> dict[str, Any]:
    id, name, value, properties = message
    more = {
        "$current_url": f"https://x.example/{value}",
        "$pathname": f"/{quote(value)}",
        "$ip": value,
        "utm_campaign": value,
        "utm_medium": value,
        "$set": {"email": ADDRESS, value: value},
        "$groups": {"company": value},
    }
    return {
        "event": name,
        "uuid": id,
        "distinct_id": value,
        "properties": {**properties, **more},
    }


def _snowplow(message: Message) -> dict[str, Any]:
    id, name, value, properties = message
    schema = {"schema": f"iglu:com.acme/{quote(name, safe='')}/jsonschema/1-0-0"}
    described = {"data": {**schema, "data": dict(properties)}}
    url = f"https://www.example.jp/{quote(value)}?utm_campaign={quote(value)}&utm_medium={value}"
    return {
        "e": "ue",
        "eid": id,
        "uid": value,
        "duid": value,
        "url": url,
        "page": value,
        "se_ac": value,
        "refr": url,
        "ip": value,
        "ue_pr": orjson.dumps(described).decode(),
    }


def _posted(path: str, content: Any) -> Sent:
    return Sent(path, orjson.dumps(content))
