"""The directory: current leads and accounts, and their lists."""

from alembic import context, op

from migrations.scripts import run_script

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create the tables of the directory projection."""
    run_script(op.get_bind(), "versions/0004_directory.sql", context.config.attributes["schema"])
