"""The settings of a command that looks at a ledger, which therefore has to be there."""

from service.command.exits import CommandFailed, Exit
from service.settings import Settings, read_settings


def settings_of_ledger() -> Settings:
    """Read the settings, and see that they name a ledger, before all that a command imports for it.

    A command that looks at a ledger makes none: in the wrong place that would only confuse.

    Raises:
        SettingsInvalid: with every complaint at once.
        CommandFailed: there is no ledger in the data directory.
    """
    settings = read_settings()
    if settings.database_url is not None:
        return settings
    from service.private_postgres.layout import Layout  # noqa: PLC0415  its package has SQLAlchemy

    data_dir = settings.data_dir.resolve()
    if not Layout(data_dir).cluster.exists():
        raise CommandFailed(
            Exit.DATABASE_UNAVAILABLE,
            f"there is no ledger in {data_dir}; name its directory with LEADLEDGER_DATA_DIR, or "
            "its database with LEADLEDGER_DATABASE_URL",
        )
    return settings
