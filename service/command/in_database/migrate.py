"""Bring the database of the settings to this version."""

import asyncio

from migrations.bi import name_of
from service.command.exits import CommandFailed, Exit
from service.command.printing import print_lines
from service.hosting.database import open_database
from service.hosting.preparing import bring_up_to_date
from service.settings import Settings


def migrate(settings: Settings, *, wants_bi: bool) -> None:
    """Migrate, and print the revision reached.

    Raises:
        BiUnavailable: the views for BI tools cannot be created.
    """
    if wants_bi and settings.database_url is None:
        raise CommandFailed(
            Exit.SETTINGS,
            "--bi needs a database of your own (LEADLEDGER_DATABASE_URL): no tool can connect to "
            "the private one",
        )
    with open_database(settings, may_attach=True) as database:
        revision = asyncio.run(bring_up_to_date(settings, database, wants_bi=wants_bi))
    schema = settings.schema_name
    print_lines(f"The schema {schema} is at revision {revision}.")
    if wants_bi:
        name = name_of(schema)
        print_lines(
            f"BI tools read the views of the schema {name}, as the role {name}. Set its password "
            f"in psql with \\password {name}; docs/bi.md describes the views."
        )
