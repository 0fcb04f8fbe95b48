"""`leadledger ledger`: create another ledger in the same database, and list all of them."""

from typing import Annotated

import typer

from service.command.exits import CommandFailed, Exit
from service.command.ledger import settings_of_ledger
from service.command.options import Json
from service.command.printing import print_json, print_lines, print_table
from service.settings import read_settings

COLUMNS = ("name", "node", "position", "size")
_UNITS = ("bytes", "kB", "MB", "GB", "TB")
_UNIT = 1_000

ledger_commands = typer.Typer(
    name="ledger",
    help="Create another ledger in the same database, and list all of them. Each has a log, a "
    "lifecycle, keys and figures of its own, and is served by a `leadledger serve` of its own. Its "
    "name in LEADLEDGER_SCHEMA says which ledger any command means.",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
)


@ledger_commands.command("create")
def create_ledger(
    name: Annotated[
        str,
        typer.Argument(
            help="The name, and that of its schema: a lower-case letter, then up to 47 lower-case "
            "letters, digits or _."
        ),
    ],
    *,
    lifecycle: Annotated[
        str | None,
        typer.Option(
            "--lifecycle",
            show_default=False,
            help="A shipped lifecycle, or the path of a YAML file [default: LEADLEDGER_LIFECYCLE]",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Create a ledger, and print its administrator's key once.

    On a Citus cluster, the coordinator chooses the node; docs/scaling.md shows how to move it.

    Example: leadledger ledger create emea --lifecycle lead_management
    """
    settings = read_settings(schema=name, lifecycle=lifecycle)
    from service.command.in_database.ledgers import create

    prepared = create(settings)
    if prepared is None:
        raise CommandFailed(
            Exit.ANSWERED_NO,
            f"there is a ledger {name} already; `leadledger ledger list` shows all ledgers",
        )
    if as_json:
        print_json({"name": name, "key": prepared.first_key, "lifecycle": settings.lifecycle})
        return
    if prepared.first_key is not None:
        print_lines(
            "The administrator key, shown only once; keep it:",
            "",
            f"    export LEADLEDGER_KEY={prepared.first_key}",
            "",
        )
    print_lines(
        f"The ledger {name} uses the lifecycle {settings.lifecycle}. Serve it, with a port of its "
        "own:",
        "",
        f"    LEADLEDGER_SCHEMA={name} LEADLEDGER_PORT=8081 leadledger serve",
    )


@ledger_commands.command("list")
def list_ledgers(*, as_json: Json = False) -> None:
    """List all ledgers of the database: the node, the last position, the size on disk.

    Example: leadledger ledger list
    """
    settings = settings_of_ledger()
    from service.command.in_database.ledgers import listed

    ledgers = listed(settings)
    if as_json:
        print_json([ledger._asdict() for ledger in ledgers])
        return
    rows = [
        (
            ledger.name,
            ledger.node,
            "" if ledger.position is None else str(ledger.position),
            "" if ledger.bytes is None else size_of(ledger.bytes),
        )
        for ledger in ledgers
    ]
    print_table(COLUMNS, rows, numbers=("position", "size"))


def size_of(count: int) -> str:
    """Write a number of bytes with the unit that leaves one to three digits before the point."""
    value, unit = float(count), 0
    while value >= _UNIT and unit < len(_UNITS) - 1:
        value, unit = value / _UNIT, unit + 1
    return f"{value:.0f} {_UNITS[unit]}" if unit == 0 else f"{value:.1f} {_UNITS[unit]}"
