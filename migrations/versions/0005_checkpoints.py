"""Checkpoints."""

from alembic import context, op

from migrations.scripts import run_script

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Create the table of projections and how far each has read."""
    run_script(op.get_bind(), "versions/0005_checkpoints.sql", context.config.attributes["schema"])
