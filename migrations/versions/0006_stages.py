"""Stages."""

from alembic import context, op

from migrations.scripts import run_script

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Create the tables of stays, standing, counts and lifecycles."""
    run_script(op.get_bind(), "versions/0006_stages.sql", context.config.attributes["schema"])
