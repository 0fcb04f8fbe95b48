"""`leadledger refusals`: list, retry and dismiss what was refused."""

from collections.abc import Iterator
from itertools import islice
from typing import Annotated, Any

import typer

from service.command.client import Service
from service.command.exits import CommandFailed, Exit
from service.command.leads import Zone, shown_time, zone_named
from service.command.limits import REFUSALS_LISTED_MAX, REFUSALS_PAGE
from service.command.options import URL_DEFAULT, Json, Key, Url
from service.command.printing import print_json, print_lines, print_table, progress_bar

_COLUMNS = ("refusal", "when", "times", "status", "source", "id", "type", "reason")

refusals_commands = typer.Typer(
    name="refusals",
    help="List what was refused, and retry it once the cause is fixed.",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
)

Refusal = Annotated[
    str, typer.Argument(metavar="ID", help="The id shown by `refusals list` or in an answer.")
]
Reason = Annotated[
    str | None,
    typer.Option("--reason", help="Only refusals for this reason, such as lead-unknown."),
]
Source = Annotated[str | None, typer.Option("--source", help="Only from this source.")]
Sender = Annotated[
    str | None, typer.Option("--sender", metavar="KEY_ID", help="Only from the key with this id.")
]
Type = Annotated[str | None, typer.Option("--type", help="Only events of this type.")]
Since = Annotated[
    str | None,
    typer.Option(
        "--since", metavar="TIME", help="Only those received at this time or later; RFC 3339."
    ),
]
Until = Annotated[
    str | None,
    typer.Option("--until", metavar="TIME", help="Only those received before this time."),
]


@refusals_commands.command("list")
def list_refusals(
    *,
    reason: Reason = None,
    source: Source = None,
    sender: Sender = None,
    type: Type = None,
    since: Since = None,
    until: Until = None,
    status: Annotated[
        str,
        typer.Option(
            "--status", metavar="open|retried|dismissed|all", help="Only refusals with this status."
        ),
    ] = "open",
    limit: Annotated[
        int, typer.Option("--limit", min=1, help="The most to list.")
    ] = REFUSALS_LISTED_MAX,
    zone: Zone = "UTC",
    url: Url = URL_DEFAULT,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """List refusals, newest first: what came, from which source, how often and why it was refused.

    Example: leadledger refusals list --reason lead-unknown
    """
    shown_zone = zone_named(zone)
    wanted = {
        "reason": reason,
        "source": source,
        "key": sender,
        "type": type,
        "since": since,
        "until": until,
        "status": None if status == "all" else status,
    }
    with Service(url, key) as service:
        found = list(islice(_listed(service, wanted), limit))
    if as_json:
        print_json(found)
        return
    rows = [
        [shown_time(row["received_time"], shown_zone) if name == "when" else row[name]
         for name in _COLUMNS]
        for row in found
    ]  # fmt: skip
    print_table(_COLUMNS, rows, numbers=("times",))


@refusals_commands.command("show")
def show_refusal(refusal: Refusal, *, url: Url = URL_DEFAULT, key: Key = None) -> None:
    """Print one refusal as JSON, with its problem and, if the key has personal:read, its bytes.

    Example: leadledger refusals show 5b1e0c5e-8d0f-8a3b-9c54-0d8e5a4b7f21
    """
    with Service(url, key) as service:
        print_json(service.get(f"/v1/refusals/{refusal}"))


@refusals_commands.command("retry")
def retry_refusals(
    refusal: Annotated[
        str | None,
        typer.Argument(
            metavar="[ID]", help="Only this refusal; without it, those that the options select."
        ),
    ] = None,
    *,
    reason: Reason = None,
    source: Source = None,
    sender: Sender = None,
    type: Type = None,
    since: Since = None,
    until: Until = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Every open refusal: required if no option selects some.")
    ] = False,
    url: Url = URL_DEFAULT,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Retry refusals unchanged, once their cause is fixed.

    Oldest first, with the time they were first received, and in the name of the key that sent them.
    What is recorded cannot be taken back, only corrected by another event. If interrupted, run it
    again: nothing is recorded twice.

    Example: leadledger refusals retry --reason department-not-allowed --source crm
    """
    wanted = {
        "reason": reason,
        "source": source,
        "key": sender,
        "type": type,
        "since": since,
        "until": until,
    }
    selected = {name: value for name, value in wanted.items() if value is not None}
    if [refusal is not None, bool(selected), everything].count(True) != 1:
        raise CommandFailed(
            Exit.USAGE,
            "expected one of: an ID, options that select, or --all for every open refusal",
        )
    with Service(url, key) as service:
        if refusal is not None:
            item = service.post(f"/v1/refusals/{refusal}/retry", {})
            items = [item | {"refusal": refusal}]
        else:
            items = _retried(service, selected)
    _print(items, as_json=as_json)


@refusals_commands.command("dismiss")
def dismiss_refusal(
    refusal: Refusal,
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why no further action is needed.")],
    url: Url = URL_DEFAULT,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Settle a refusal without recording it. If it is refused for another reason, it reopens.

    Example: leadledger refusals dismiss 5b1e0c5e-8d0f-8a3b-9c54-0d8e5a4b7f21 --reason 'a test'
    """
    with Service(url, key) as service:
        settled = service.post(f"/v1/refusals/{refusal}/dismiss", {"reason": reason})
    if as_json:
        print_json(settled)
    else:
        print_lines(f"The refusal {refusal} is dismissed.")


def _listed(service: Service, wanted: dict[str, str | None]) -> Iterator[dict[str, Any]]:
    before: str | None = None
    while True:
        page = service.get("/v1/refusals", before=before, limit=REFUSALS_PAGE, **wanted)
        yield from page["refusals"]
        before = page["next"]
        if before is None:
            return


def _retried(service: Service, wanted: dict[str, str]) -> list[dict[str, Any]]:
    """Retry call by call, while the answers say that there is more."""
    items: list[dict[str, Any]] = []
    body: dict[str, Any] = dict(wanted)
    with progress_bar() as on_progress:
        while True:
            answer = service.post("/v1/refusals/retry", body)
            items += answer["items"]
            on_progress(len(items), None)
            if answer["next"] is None:
                return items
            body["after"] = answer["next"]


def _print(items: list[dict[str, Any]], *, as_json: bool) -> None:
    refused = [item for item in items if item["status"] == "refused"]
    if as_json:
        print_json(items)
    else:
        print_lines(f"Now events: {len(items) - len(refused)}; refused again: {len(refused)}.")
        rows = [
            [item["refusal"], item["problem"]["code"], item["problem"]["detail"]]
            for item in refused
        ]
        if rows:
            print_table(("refusal", "reason", "detail"), rows)
    if refused:
        raise typer.Exit(Exit.REFUSED_ROWS)
