"""Refusals."""

from alembic import context, op

from migrations.scripts import run_script

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the table of what was refused."""
    run_script(op.get_bind(), "versions/0002_refusals.sql", context.config.attributes["schema"])
