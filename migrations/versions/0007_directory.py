"""The directory."""

from alembic import context, op

from migrations.scripts import run_script

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Create the tables of current leads and accounts."""
    run_script(op.get_bind(), "versions/0007_directory.sql", context.config.attributes["schema"])
