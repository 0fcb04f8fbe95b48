"""The first projection: stage intervals, and the counts of the current funnel."""

from alembic import context, op

from migrations.scripts import run_script

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the tables of the stage intervals projection."""
    run_script(op.get_bind(), "versions/0002_projections.sql", context.config.attributes["schema"])
