"""Deadlines."""

from alembic import context, op

from migrations.scripts import run_script

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Create the table of deadlines."""
    run_script(op.get_bind(), "versions/0009_deadlines.sql", context.config.attributes["schema"])
