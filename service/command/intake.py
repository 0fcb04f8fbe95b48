"""`leadledger intake`: how much came in from each source, and what became of it."""

from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from domain.lifecycle.names import LANGUAGE_DEFAULT
from service.command.client import Service
from service.command.leads import shown_time
from service.command.options import URL_DEFAULT, Csv, Json, Key, Language, Mark, Url, Xlsx
from service.command.printing import print_json, print_lines, print_table
from service.command.tables import write_table

NUMBERS = ("received", "recorded", "duplicates", "refused", "ignored")
REST = "(others)"


def intake(
    *,
    since: Annotated[
        str | None,
        typer.Option("--from", metavar="DATE", help="The first day; by default the last 28."),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", metavar="DATE", help="The last day; by default today.")
    ] = None,
    as_csv: Csv = False,
    has_mark: Mark = False,
    xlsx: Xlsx = None,
    lang: Language = LANGUAGE_DEFAULT,
    url: Url = URL_DEFAULT,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Show how much came in from each source, and what became of it.

    received = recorded + duplicates + refused + ignored. Ignored items were refused, too, but
    nothing of them is kept. A source that has been silent for longer than usual is marked. CSV and
    a workbook have a row for each source and day.

    Example: leadledger intake --from 2026-11-01 --to 2026-11-30
    """
    asked = {"from": since, "to": until, "lang": lang}
    with Service(url, key) as service:
        if as_csv or xlsx is not None:
            write_table(service, "/v1/intake", asked, to=xlsx, has_mark=has_mark)
            return
        answer = service.get("/v1/intake", **asked)
    if as_json:
        print_json(answer)
        return
    zone = ZoneInfo(answer["zone"])
    print_table(
        ("source", *NUMBERS, "last event", ""),
        [
            [
                source["source"] or REST,
                *(source[name] for name in NUMBERS),
                shown_time(source["last_event_time"], zone) if source["last_event_time"] else None,
                f"silent for {source['silent_days']} days, usually at most "
                f"{source['usual_gap_days']}"
                if source["is_silent"]
                else "",
            ]
            for source in answer["sources"]
        ],
        numbers=NUMBERS,
    )
    reasons = answer["total"]["reasons"]
    if reasons:
        print_lines("")
        print_table(
            ("reason", "items", ""),
            [
                [entry["reason"], entry["items"], "" if entry["is_kept"] else "not kept"]
                for entry in reasons
            ],
            numbers=("items",),
        )
    print_lines(f"From {answer['from']} to {answer['to']} ({answer['zone']}).")
