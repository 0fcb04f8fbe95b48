"""The directory: leads and accounts as they stand, and who is on which list."""

from alembic import context, op

from migrations.scripts import run_script

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create the tables that the directory is projected into."""
    run_script(op.get_bind(), "versions/0004_directory.sql", context.config.attributes["schema"])
