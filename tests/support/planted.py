"""Unique personal values, planted wherever a sender can put one, and found again."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import orjson


class Planted(NamedTuple):
    """One value, recognised wherever it appears, in any spelling."""

    place: str
    mark: str


class Garden:
    """Everything planted. A class, because each value is new and remembered."""

    def __init__(self) -> None:
        self.planted: list[Planted] = []

    def text(self, place: str) -> str:
        """Plant free text."""
        return f"{self.word(place)} 花子"

    def word(self, place: str) -> str:
        """Plant letters and digits only, where nothing else would be accepted."""
        mark = f"plant{len(self.planted):03}ed"
        self.planted.append(Planted(place, mark))
        return mark.capitalize()

    def email(self, place: str) -> str:
        return f"{self.word(place)}@acme.example"

    def url(self, place: str) -> str:
        """Plant a URL with an e-mail address in its query string."""
        return f"https://www.example.jp/form?mail={self.word(place)}"

    def phone(self, place: str) -> str:
        mark = f"90555{len(self.planted):04}"
        self.planted.append(Planted(place, mark))
        return f"+81{mark}"

    def found_in(self, text: str) -> set[str]:
        """Return the places whose values are in a text."""
        lowered = text.lower()
        return {value.place for value in self.planted if value.mark in lowered}


class Sent(NamedTuple):
    """A request that plants something."""

    path: str
    body: bytes
    content_type: str = "application/json"


def facts(garden: Garden) -> Iterator[Sent]:
    """Return events of every dialect to record, with a value in each place that can hold one."""
    yield _native(form(garden, "native"))
    yield _native(deal(garden))
    yield _native(owner(garden))
    yield Sent("/v1/events", orjson.dumps(_cloudevent(garden)), "application/cloudevents+json")
    yield _posted("/v1/batch", {"batch": [*_segment(garden)]})
    yield _posted("/batch/", {"batch": [*_posthog(garden)]})
    yield _posted("/com.snowplowanalytics.snowplow/tp2", {"data": [*_snowplow(garden)]})


def form(garden: Garden, of: str) -> dict[str, Any]:
    """Return a fact with every member that a native event can have."""
    put = garden
    return {
        "id": put.word(f"{of} id"),
        "source": put.word(f"{of} source"),
        "type": "form.submitted",
        "actor": put.text(f"{of} actor"),
        "lead": {
            "email": put.email(f"{of} email"),
            "phone": put.phone(f"{of} phone"),
            "user_id": put.text(f"{of} user_id"),
            "anonymous_id": put.text(f"{of} anonymous_id"),
            "aliases": [put.text(f"{of} alias")],
            "external_ids": {put.word(f"{of} external system"): put.text(f"{of} external id")},
            "name": put.text(f"{of} name"),
            "profile": {
                "title": put.text(f"{of} title"),
                put.text(f"{of} profile name"): put.text(f"{of} profile value"),
            },
        },
        "account": {
            "name": put.text(f"{of} company"),
            "domain": f"{put.word(f'{of} company domain')}.example",
            "external_ids": {"erp": put.text(f"{of} company id")},
        },
        "data": {
            "form": put.word(f"{of} form"),
            "page": put.url(f"{of} page"),
            put.text(f"{of} data name"): put.text(f"{of} data value"),
            "message": [put.text(f"{of} item"), {"inner": put.text(f"{of} inner")}],
        },
    }


def owner(garden: Garden) -> dict[str, Any]:
    """Return an event that assigns an owner."""
    return {
        "id": "owner-1",
        "type": "owner.assigned",
        "lead": {"user_id": "owned"},
        "data": {"owner": garden.word("owner"), "note": garden.text("owner note")},
    }


def deal(garden: Garden) -> dict[str, Any]:
    return {
        "id": "deal-1",
        "type": "opportunity.created",
        "lead": {"user_id": "owned", "name": garden.text("deal lead")},
        "data": {
            "opportunity": garden.word("opportunity"),
            "product": garden.word("product"),
            "remark": garden.text("deal remark"),
        },
    }


def refused(garden: Garden) -> Iterator[Sent]:
    """Return requests that are refused, for each reason that could repeat what was sent."""
    put = garden
    known = {"lead": {"email": put.email("refused email")}}
    base = {"type": "form.submitted", **known}
    yield _native(form(put, "refused") | {"type": "lead.sales_accepted"})
    yield _native({**base, "id": "r-1", "type": put.word("refused type word")})
    yield _native({**base, "id": "r-2", "type": put.text("refused type")})
    yield _native({**base, "id": put.email("refused id"), "type": "form.submited"})
    yield _native({**base, "id": "r-3", "source": put.email("refused source"), "time": "never"})
    yield _native({**base, "id": "r-4", "time": put.text("refused time")})
    yield _native({**base, "id": "r-5", put.text("refused member"): 1})
    yield _native({**base, "id": "r-6", "lead": {put.text("refused lead member"): 1}})
    yield _native({**base, "id": "r-7", "lead": {"email": put.text("no address")}})
    yield _native({**base, "id": "r-8", "lead": {"phone": put.text("no number")}})
    system = f"account:{put.text('refused system')}"
    yield _native({**base, "id": "r-9", "lead": {"external_ids": {system: "1"}}})
    deep = {put.text("refused name"): [{put.text("inner name"): "a\0b"}]}
    yield _native({**base, "id": "r-10", "data": deep})
    yield _native({**base, "id": "r-11", "data": {"form": put.text("refused value") * 30}})
    yield _native({**base, "id": [put.text("refused list")]})
    days = {"starts_on": "2026-12-28", "ends_on": "2026-12-29", "closed": True}
    changed = {"calendar": put.word("refused calendar"), **days}
    yield _native({"id": "r-12", "type": "calendar.changed", "data": changed})
    yield _native({"id": "r-13", "type": "deal.reopened", "data": {"a": put.text("refused data")}})
    message = {"type": "track", "event": None, "userId": put.text("refused segment user")}
    yield _posted("/v1/batch", {"batch": [{**message, "messageId": put.text("refused message")}]})
    event = {"event": [put.text("refused posthog event")], "uuid": put.text("refused uuid")}
    yield _posted("/batch/", {"batch": [event]})
    payload = {"e": "ue", "ue_pr": put.text("refused payload"), "eid": put.text("refused eid")}
    yield _posted("/com.snowplowanalytics.snowplow/tp2", {"data": [payload]})
    yield Sent("/v1/events", orjson.dumps({**base, "id": "r-14", "data": {"n": "WIDE"}}).replace(
        b'"WIDE"', b'{"%s": %d}' % (put.text("wide name").encode(), 2**70)
    ))  # fmt: skip


def _native(event: Mapping[str, Any]) -> Sent:
    return _posted("/v1/events", event)


def _posted(path: str, content: Any) -> Sent:
    return Sent(path, orjson.dumps(content))


def _cloudevent(garden: Garden) -> dict[str, Any]:
    native = form(garden, "cloudevent")
    return {
        "specversion": "1.0",
        **{name: native[name] for name in ("id", "source", "type", "actor")},
        "subject": garden.text("cloudevent subject"),
        "traceparent": garden.text("cloudevent extension"),
        "data": {name: native[name] for name in ("lead", "account", "data")},
    }


def _segment(garden: Garden) -> Iterator[dict[str, Any]]:
    put = garden
    context = {
        "ip": put.text("segment ip"),
        "userAgent": put.text("segment agent"),
        "page": {
            "url": put.url("segment url"),
            "referrer": put.url("segment referrer"),
            "search": put.text("segment search"),
            "title": put.text("segment page title"),
            "path": "/form",
        },
    }
    who = {"userId": put.text("segment user"), "anonymousId": put.text("segment cookie")}
    common = {**who, "context": context}
    yield {
        **common,
        "type": "identify",
        "messageId": put.word("segment message"),
        "traits": {
            "email": put.email("segment email"),
            "phone": put.phone("segment phone"),
            "name": put.text("segment name"),
            "company": {"name": put.text("segment company"), "id": put.text("segment group")},
            "hobby": put.text("segment trait"),
        },
    }
    yield {
        **common,
        "type": "track",
        "messageId": "s-2",
        "event": put.text("tracked name"),
        "properties": {"note": put.text("segment property")},
    }
    yield {**common, "type": "page", "messageId": "s-3", "name": put.text("segment page name")}
    traits = {"name": put.text("segment group name")}
    group = put.text("segment group id")
    yield {**common, "type": "group", "messageId": "s-4", "groupId": group, "traits": traits}
    previous = put.text("segment previous")
    yield {**common, "type": "alias", "messageId": "s-5", "previousId": previous}


def _posthog(garden: Garden) -> Iterator[dict[str, Any]]:
    put = garden
    yield {
        "event": "Form Submitted",
        "uuid": put.word("posthog uuid"),
        "distinct_id": put.text("posthog user"),
        "properties": {
            "$current_url": put.url("posthog url"),
            "$referrer": put.url("posthog referrer"),
            "$ip": put.text("posthog ip"),
            "$set": {"email": put.email("posthog email"), "name": put.text("posthog name")},
            "$groups": {"company": put.text("posthog company")},
            "note": put.text("posthog property"),
        },
    }


def _snowplow(garden: Garden) -> Iterator[dict[str, Any]]:
    put = garden
    yield {
        "e": "pv",
        "eid": put.word("snowplow eid"),
        "uid": put.text("snowplow user"),
        "duid": put.text("snowplow cookie"),
        "url": put.url("snowplow url"),
        "refr": put.url("snowplow referrer"),
        "page": put.text("snowplow page title"),
        "ip": put.text("snowplow ip"),
    }
