"""Appending."""

from alembic import context, op

from migrations.scripts import run_script

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the function that appends a batch."""
    run_script(op.get_bind(), "versions/0003_append.sql", context.config.attributes["schema"])
