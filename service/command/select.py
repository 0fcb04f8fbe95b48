"""`leadledger select`: narrow the candidates to as many as inside sales can screen."""

from typing import Annotated, Any

import typer

from service.command.client import Service
from service.command.options import URL_DEFAULT, Json, Key, Url
from service.command.printing import print_json, print_lines, print_table


def select(
    *,
    team: Annotated[str, typer.Option("--team", help="The team that will screen.")],
    starts_on: Annotated[
        str,
        typer.Option("--from", metavar="DAY", help="The period's first day, such as 2026-11-30."),
    ],
    ends_on: Annotated[str, typer.Option("--to", metavar="DAY", help="The period's last day.")],
    market: Annotated[
        str | None, typer.Option("--market", help="Only leads of this market. Default: all.")
    ] = None,
    capacity: Annotated[
        int | None,
        typer.Option(
            "--capacity",
            metavar="K",
            help="Leads that can be screened in the period. Default: from capacity.declared.",
        ),
    ] = None,
    run_id: Annotated[
        str | None,
        typer.Option("--id", help="An idempotency key: the same id again is the same run."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show which leads would be selected.")
    ] = False,
    url: Url = URL_DEFAULT,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Qualify the best candidates.

    Qualifies as many leads as inside sales can screen.

    Capacity already in use is deducted: the unscreened backlog, contact requests and earlier
    selections of the period. Try it with --dry-run first, and with a different --capacity: what is
    recorded is never taken back.

    Example: leadledger select --team inside-1 --from 2026-11-30 --to 2026-12-04 --dry-run
    """
    asked = {
        "id": run_id,
        "team": team,
        "market": market,
        "starts_on": starts_on,
        "ends_on": ends_on,
        "capacity": capacity,
    }
    body = {name: value for name, value in asked.items() if value is not None}
    with Service(url, key) as service:
        run = service.post("/v1/selections", body, dry_run="true" if dry_run else None)
    if as_json:
        print_json(run)
        return
    print_lines(*_summary(run))
    print_table(
        ("rank", "lead", "score", ""),
        [_row(lead) for lead in run["leads"]],
        numbers=("rank", "score"),
    )
    if run["next"] is not None:
        print_lines(f"… and {run['candidates'] - run['next']} more")


def _summary(run: dict[str, Any]) -> list[str]:
    taken = (
        f"{run['backlog']} unscreened, {run['requests']} requests, "
        f"{run['selected_before']} selected before"
    )
    lines = [
        f"selection {run['id']} ({run['status']}), leads read at position {run['read_at']}",
        f"capacity {run['capacity']} less {taken}: {run['places']} places",
        f"{run['candidates']} candidates, {run['selected']} selected, {run['deferred']} deferred"
        + (f", cut line {run['cut_line']}" if run["cut_line"] is not None else ""),
    ]
    lines += [f"skipped {skipped['lead']}: {skipped['reason']}" for skipped in run["skipped"]]
    return lines


def _row(lead: dict[str, Any]) -> list[object]:
    outcome = "selected" if lead["selected"] else "deferred"
    return [lead["rank"], lead["lead"], lead["score"], outcome]
