"""`leadledger migrate`: migrate the schema to this version."""

from service.command.printing import print_lines
from service.settings import read_settings


def migrate() -> None:
    """Migrate the database to this version.

    Creates the ledger's schema if there is none. `serve` does both automatically.

    Migrations are forward-only: to go back, restore a backup made before. Services of the previous
    version may keep running meanwhile, unless the release notes say otherwise.

    Example: LEADLEDGER_OWNER_URL=postgresql://owner:…@db/leads leadledger migrate
    """
    settings = read_settings()
    from service.command.in_database.migrate import migrate as migrate_ledger

    revision = migrate_ledger(settings)
    print_lines(f"The schema {settings.schema_name} is at revision {revision}.")
