"""`leadledger score`: every point of a lead's score, with its source."""

from typing import Any
from zoneinfo import ZoneInfo

from domain.lifecycle.names import LANGUAGE_DEFAULT
from service.command.client import Service
from service.command.leads import AsOf, LeadName, Zone, lead_id_of, shown_time, zone_named
from service.command.options import URL_DEFAULT, Json, Key, Language, Url
from service.command.printing import print_json, print_lines, print_table


def score(
    lead: LeadName,
    *,
    as_of: AsOf = None,
    lang: Language = LANGUAGE_DEFAULT,
    zone: Zone = "UTC",
    url: Url = URL_DEFAULT,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Explain a lead's score, point by point.

    Shows each point with the event or attribute that gave it.

    Example: leadledger score hanako@example.co.jp --as-of 2026-12-01T00:00:00+09:00 --lang ja
    """
    shown_zone = zone_named(zone)
    with Service(url, key) as service:
        lead_id = lead_id_of(service, lead)
        found = service.get(f"/v1/leads/{lead_id}/score", as_of=as_of, lang=lang)
    if as_json:
        print_json(found)
        return
    print_lines(*_summary(found, shown_zone))
    rows: list[list[object]] = [
        [given["label"] or given["rule"], _seen(given), "", given["points"], "", given["points"]]
        for given in found["attributes"]
    ]
    rows += [_row(given, shown_zone) for given in found["events"]]
    columns = ("rule", "given by", f"when ({zone})", "points", "%", "counts")
    print_table(columns, rows, numbers=("points", "%", "counts"))


def _summary(found: dict[str, Any], zone: ZoneInfo) -> list[str]:
    parts = f"fit {found['fit']} + interest {found['interest']}"
    grade = found["grade_label"] if found["grade"] else "no grade"
    target = f"market {found['market'] or 'none'}, priority {found['priority'] or 'none'}"
    lines = [
        f"lead/{found['lead']}: score {found['score']} = {parts}",
        f"{grade}, {target}",
    ]
    if found["next_grade_change"] is not None:
        moment = shown_time(found["next_grade_change"], zone)
        lines.append(f"the grade changes at {moment} if nothing happens")
    if found.get("obstacle") is not None:
        lines.append(f"not a candidate: {found['obstacle']}")
    return lines


def _seen(given: dict[str, Any]) -> str:
    seen = (f"{path} = {value}" for path, value in given["saw"].items() if value is not None)
    return ", ".join(seen)


def _row(given: dict[str, Any], zone: ZoneInfo) -> list[object]:
    return [
        given["label"] or given["rule"],
        f"{given['type']} ({given['position']})",
        shown_time(given["time"], zone),
        given["points"],
        given["percent"],
        given["counts"],
    ]
