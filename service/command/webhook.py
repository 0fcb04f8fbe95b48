"""`leadledger webhook`: send events to other systems, and handle failed deliveries."""

from typing import Annotated, Any

import typer

from service.command.client import Service
from service.command.exits import CommandFailed, Exit
from service.command.leads import pages
from service.command.options import URL_DEFAULT, Json, Key, Url
from service.command.printing import print_json, print_lines, print_table

webhook_commands = typer.Typer(
    name="webhook",
    help="Send events to other systems as they happen. Calls the service with a key that has the "
    "scope webhooks:admin.",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
)

PATH = "/v1/webhooks"
COLUMNS = ("id", "url", "types", "stages", "enabled", "position", "pending", "dead", "state")

Id = Annotated[str, typer.Argument(metavar="ID", help="The id shown by `webhook list`.")]
Types = Annotated[
    list[str] | None,
    typer.Option("--type", help="Only events of this type; repeatable.", show_default=False),
]
Stages = Annotated[
    list[str] | None,
    typer.Option(
        "--stage",
        help="Only events that move a lead or account into or out of this stage, by any of its "
        "names; repeatable.",
        show_default=False,
    ),
]
Description = Annotated[
    str | None,
    typer.Option(
        "--description", help="What the webhook is for, as a note to readers.", show_default=False
    ),
]


@webhook_commands.command("create")
def create_webhook(
    address: Annotated[
        str, typer.Argument(metavar="URL", help="The address to send to: https://…")
    ],
    *,
    types: Types = None,
    stages: Stages = None,
    description: Description = None,
    after: Annotated[
        int | None,
        typer.Option(
            "--after",
            min=0,
            help="Start after this position; 0 sends the whole log [default: from now on]",
            show_default=False,
        ),
    ] = None,
    url: Url = URL_DEFAULT,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Create a webhook, and print its id and secret. The secret is shown only once.

    Example: leadledger webhook create https://crm.example.com/hooks --stage MQL --stage SAL
    """
    asked = {
        "url": address,
        "description": description or "",
        "types": types or [],
        "stages": stages or [],
        "after": None if after is None else str(after),
    }
    with Service(url, key) as service:
        made = service.post(PATH, asked)
    if as_json:
        print_json(made)
    else:
        print_lines(f"id      {made['id']}", f"secret  {made['secret']}")


@webhook_commands.command("list")
def list_webhooks(*, url: Url = URL_DEFAULT, key: Key = None, as_json: Json = False) -> None:
    """List all webhooks: position, pending events, dead letters and any failure.

    Example: leadledger webhook list
    """
    with Service(url, key) as service:
        webhooks = service.get(PATH)["webhooks"]
    if as_json:
        print_json(webhooks)
        return
    rows = [[_cell(webhook, column) for column in COLUMNS] for webhook in webhooks]
    print_table(COLUMNS, rows, numbers=("position", "pending", "dead"))


@webhook_commands.command("update")
def update_webhook(
    webhook_id: Id,
    *,
    address: Annotated[
        str | None, typer.Option("--address", help="The new address to send to.")
    ] = None,
    types: Types = None,
    stages: Stages = None,
    description: Description = None,
    enabled: Annotated[
        bool | None,
        typer.Option(
            "--enable/--disable",
            help="Enable: send what is pending at once. Disable: keep it pending.",
            show_default=False,
        ),
    ] = None,
    url: Url = URL_DEFAULT,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Change a webhook. Options you leave out keep their values.

    Example: leadledger webhook update 01a213da-e96a-77af-aa5c-bbee42f2960a --enable
    """
    given = {
        "url": address,
        "description": description,
        "types": types,
        "stages": stages,
        "enabled": enabled,
    }
    change = {name: value for name, value in given.items() if value is not None}
    if not change:
        raise CommandFailed(
            Exit.USAGE, "nothing to change: give at least one option; --help lists them"
        )
    with Service(url, key) as service:
        changed = service.patch(f"{PATH}/{webhook_id}", change)
    if as_json:
        print_json(changed)
    else:
        print_lines(f"The webhook {webhook_id} is {_state(changed)}.")


@webhook_commands.command("delete")
def delete_webhook(webhook_id: Id, *, url: Url = URL_DEFAULT, key: Key = None) -> None:
    """Delete a webhook permanently, with its queued events and its dead letters.

    Example: leadledger webhook delete 01a213da-e96a-77af-aa5c-bbee42f2960a
    """
    with Service(url, key) as service:
        service.delete(f"{PATH}/{webhook_id}")
    print_lines(f"The webhook {webhook_id} is removed.")


@webhook_commands.command("rotate-secret")
def rotate_secret(webhook_id: Id, *, url: Url = URL_DEFAULT, key: Key = None) -> None:
    """Create a new secret and print it once. Both secrets sign for the next 24 hours.

    Example: leadledger webhook rotate-secret 01a213da-e96a-77af-aa5c-bbee42f2960a
    """
    with Service(url, key) as service:
        print_lines(service.post(f"{PATH}/{webhook_id}/rotate-secret")["secret"])


@webhook_commands.command("test")
def try_webhook(
    webhook_id: Id, *, url: Url = URL_DEFAULT, key: Key = None, as_json: Json = False
) -> None:
    """Send a test message that is not in the ledger; exit code 9 if it does not arrive.

    Example: leadledger webhook test 01a213da-e96a-77af-aa5c-bbee42f2960a
    """
    with Service(url, key) as service:
        trial = service.post(f"{PATH}/{webhook_id}/test")
    if as_json:
        print_json(trial)
    else:
        print_lines(f"{trial['failure'] or 'delivered'} ({trial['ms']} ms)")
    if not trial["delivered"]:
        raise typer.Exit(Exit.ANSWERED_NO)


@webhook_commands.command("dead-letters")
def list_dead_letters(
    webhook_id: Id, *, url: Url = URL_DEFAULT, key: Key = None, as_json: Json = False
) -> None:
    """List the events that failed every delivery attempt, and why.

    Example: leadledger webhook dead-letters 01a213da-e96a-77af-aa5c-bbee42f2960a
    """
    with Service(url, key) as service:
        path = f"{PATH}/{webhook_id}/dead-letters"
        letters = list(pages(service, path, "dead_letters"))
    if as_json:
        print_json(letters)
        return
    columns = ("position", "type", "attempts", "failure", "failed_at")
    rows = [[letter[column] for column in columns] for letter in letters]
    print_table(columns, rows, numbers=("position", "attempts"))


@webhook_commands.command("replay")
def replay_dead_letters(
    webhook_id: Id,
    position: Annotated[
        int | None,
        typer.Argument(
            metavar="POSITION",
            help="Only the one at this position [default: all]",
            show_default=False,
        ),
    ] = None,
    *,
    url: Url = URL_DEFAULT,
    key: Key = None,
) -> None:
    """Send dead letters again, each with a full set of attempts.

    Example: leadledger webhook replay 01a213da-e96a-77af-aa5c-bbee42f2960a 17
    """
    path = "dead-letters/replay" if position is None else f"dead-letters/{position}/replay"
    with Service(url, key) as service:
        replayed = service.post(f"{PATH}/{webhook_id}/{path}")["replayed"]
    print_lines(f"{replayed} events are queued again.")


def _cell(webhook: dict[str, Any], column: str) -> object:
    if column == "state":
        return _state(webhook)
    value = webhook[column]
    if isinstance(value, list):
        return ", ".join(value) or "all"
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value


def _state(webhook: dict[str, Any]) -> str:
    if not webhook["enabled"]:
        return f"disabled: {webhook['disabled_reason']}"
    failing_since = webhook["failing_since"]
    return f"failing since {failing_since}" if failing_since else "well"
