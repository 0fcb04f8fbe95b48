"""`leadledger replay`: a lead's state after each event, or at one moment."""

from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from domain.lifecycle.names import LANGUAGE_DEFAULT
from service.command.client import Service
from service.command.leads import (
    AsOf,
    KnownAt,
    LeadName,
    Zone,
    lead_id_of,
    pages,
    shown_move,
    shown_time,
    zone_named,
)
from service.command.options import URL_DEFAULT, Json, Key, Language, Url
from service.command.printing import print_json, print_lines, print_table


def replay(
    lead: LeadName,
    *,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    position: Annotated[
        int | None,
        typer.Option("--position", help="Use only what was recorded up to this position."),
    ] = None,
    last: Annotated[
        bool, typer.Option("--last", help="Only the last state, not the steps that led to it.")
    ] = False,
    lang: Language = LANGUAGE_DEFAULT,
    zone: Zone = "UTC",
    url: Url = URL_DEFAULT,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Replay a lead: show its state after each event.

    Replays up to now, or up to any earlier moment.

    --as-of selects what was true then; --known-at and --position select what was known then. If
    you give several, all of them apply.

    Example: leadledger replay crm:0031 --as-of 2026-04-01T00:00:00+09:00 --last
    """
    shown_zone = zone_named(zone)
    moment: dict[str, str | int | None] = {
        "as_of": as_of,
        "known_at": known_at,
        "position": position,
        "lang": lang,
    }
    with Service(url, key) as service:
        lead_id = lead_id_of(service, lead)
        path = f"/v1/leads/{lead_id}/replay"
        if last:
            step = service.get(path, last="true", **moment)["last"]
            steps = [] if step is None else [step]
        else:
            steps = list(pages(service, path, "steps", **moment))
    if as_json:
        print_json({"lead": lead_id, "steps": steps})
        return
    print_lines(f"lead/{lead_id}")
    if not steps:
        print_lines("This lead had no events at that moment.")
        return
    columns = ("position", f"when ({zone})", "after", "move", "stage", "label", "pass", "owner")
    rows = [_row(step, shown_zone) for step in steps]
    print_table(columns, rows, numbers=("position", "pass"))


def _row(step: dict[str, Any], zone: ZoneInfo) -> list[object]:
    state = step["state"]
    return [
        step["position"],
        shown_time(step["time"], zone),
        step["type"],
        shown_move(step.get("moved")),
        state["stage"] or "unplaced",
        state.get("stage_label"),
        state["pass"],
        state["owner"],
    ]
