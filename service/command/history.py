"""`leadledger history`: what happened to a lead, event by event."""

from typing import Any
from zoneinfo import ZoneInfo

import orjson

from domain.lifecycle.names import LANGUAGE_DEFAULT
from service.command.client import Service
from service.command.leads import (
    LeadName,
    Zone,
    lead_id_of,
    pages,
    shown_move,
    shown_time,
    zone_named,
)
from service.command.limits import SHOWN_VALUE_CHARACTERS_MAX
from service.command.options import URL_DEFAULT, Json, Key, Language, Url
from service.command.printing import print_json, print_lines, print_table


def history(
    lead: LeadName,
    *,
    lang: Language = LANGUAGE_DEFAULT,
    zone: Zone = "UTC",
    url: Url = URL_DEFAULT,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Show what happened to a lead, and why.

    Shows every event, oldest first: time, type, data, move, who sent it and why.

    This includes the events of leads merged into it. With --json, everything the key may see is
    printed, including personal data if the key has personal:read.

    Example: leadledger history hanako@example.co.jp --zone Asia/Tokyo --lang ja
    """
    shown_zone = zone_named(zone)
    with Service(url, key) as service:
        lead_id = lead_id_of(service, lead)
        events = list(pages(service, f"/v1/leads/{lead_id}/history", "events", lang=lang))
    if as_json:
        print_json({"lead": lead_id, "events": events})
        return
    print_lines(f"lead/{lead_id}")
    columns = ("position", f"when ({zone})", "what", "type", "data", "move", "who", "why")
    print_table(columns, [_row(event, shown_zone) for event in events], numbers=("position",))


def _row(event: dict[str, Any], zone: ZoneInfo) -> list[str]:
    who = event["who"]
    names = [who["actor"]] if who.get("actor") else []
    if who.get("key"):
        names.append(f"key {who['key']}")
    if who.get("department"):
        names.append(who["department"])
    return [
        event["position"],
        shown_time(event["time"], zone),
        event["type_label"],
        event["type"],
        ", ".join(f"{name}: {_shown(value)}" for name, value in event.get("data", {}).items()),
        shown_move(event.get("moved_labels")),
        ", ".join(names),
        "; ".join(_reasons(event)),
    ]


def _shown(value: Any) -> str:
    """Return a value in readable form; a restatement's long lists are for programs."""
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return (
        text
        if len(text) <= SHOWN_VALUE_CHARACTERS_MAX
        else f"{text[: SHOWN_VALUE_CHARACTERS_MAX - 1]}…"
    )


def _reasons(event: dict[str, Any]) -> list[str]:
    why = event.get("why", {})
    reasons = []
    if reason := why.get("reason"):
        reasons.append(f"reason {reason}")
    if cause := why.get("cause"):
        reasons.append(f"follows {cause['position']} {cause['type']}")
    if fact := why.get("fact"):
        reasons.append(f"by the earlier {fact['position']} {fact['type']}")
    if passed_over := why.get("passed_over"):
        reasons.append(f"passed over {', '.join(passed_over)}")
    if "late_label" in why:
        reasons.append(why["late_label"])
    if why.get("already"):
        reasons.append("was so already")
    if event.get("moved") and event["effective_time"] != event["time"]:
        reasons.append(f"counts from {event['effective_time']}, the move before it")
    return reasons
