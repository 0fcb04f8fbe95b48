"""`leadledger deadlines`: list what is due, by when and from whom."""

from enum import StrEnum
from typing import Annotated

import typer

from domain.lifecycle.names import LANGUAGE_DEFAULT
from service.command.client import Service
from service.command.leads import Zone, pages, shown_time, zone_named
from service.command.limits import DEADLINES_MAX
from service.command.options import URL_DEFAULT, Json, Key, Language, Url
from service.command.printing import print_json, print_lines, print_table


class DeadlineStatus(StrEnum):
    """The status of a deadline."""

    OPEN = "open"
    BREACHED = "breached"
    MET = "met"
    LATE = "late"
    LEFT = "left"


def deadlines(
    *,
    status: Annotated[
        DeadlineStatus | None,
        typer.Option("--status", help="Default: open and breached, those not yet answered."),
    ] = None,
    due_by: Annotated[
        str | None, typer.Option("--due-by", metavar="TIME", help="Due by this time, RFC 3339.")
    ] = None,
    deadline: Annotated[
        str | None, typer.Option("--deadline", help="Only this deadline, by any of its names.")
    ] = None,
    owner: Annotated[str | None, typer.Option("--owner", help="Only those of this owner.")] = None,
    team: Annotated[str | None, typer.Option("--team", help="Only those of this team.")] = None,
    zone: Zone = "UTC",
    lang: Language = LANGUAGE_DEFAULT,
    url: Url = URL_DEFAULT,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Show deadlines, earliest due first.

    open: still running. breached: passed and not yet answered. met: answered in time.
    late: answered after it was due. left: the lead left the stage another way.

    Example: leadledger deadlines --team inside_sales --lang ja
    """
    shown = zone_named(zone)
    rows = []
    with Service(url, key) as service:
        found = pages(
            service,
            "/v1/deadlines",
            "deadlines",
            status=str(status) if status is not None else None,
            due_by=due_by,
            deadline=deadline,
            owner=owner,
            team=team,
            lang=lang,
        )
        for row in found:
            rows.append(row)
            if len(rows) == DEADLINES_MAX:
                break
    if as_json:
        print_json({"deadlines": rows})
        return
    print_table(
        ("due", "status", "deadline", "stage", "owner", "team", "lead"),
        [
            [
                shown_time(row["due_at"], shown),
                row["status"],
                row["deadline_label"],
                row["stage"],
                row["owner"],
                row["team"],
                row["lead"],
            ]
            for row in rows
        ],
    )
    if len(rows) == DEADLINES_MAX:
        print_lines(f"Only the first {DEADLINES_MAX:,}; narrow with --due-by, --owner or --team.")
