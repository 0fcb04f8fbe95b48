"""`leadledger migrate`: migrate the schema to this version."""

from typing import Annotated

import typer

from service.settings import read_settings


def migrate(
    *,
    bi: Annotated[
        bool,
        typer.Option(
            "--bi",
            help="Also create a schema of views for BI tools, and the role that reads only them. "
            "Later migrations keep them up to date.",
        ),
    ] = False,
) -> None:
    """Migrate the database to this version.

    Creates the ledger's schema if there is none. `serve` does both automatically.

    Migrations are forward-only: to go back, restore a backup made before. Services of the previous
    version may keep running meanwhile, unless the release notes say otherwise.

    Example: LEADLEDGER_OWNER_URL=postgresql://owner:…@db/leads leadledger migrate
    """
    settings = read_settings()
    from service.command.in_database.migrate import migrate as migrate_ledger

    migrate_ledger(settings, wants_bi=bi)
