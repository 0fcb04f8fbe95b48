"""Webhooks: their targets, their pending deliveries, and their dead letters."""

from alembic import context, op

from migrations.scripts import run_script

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Create the tables of webhooks, and the function that checks if an event touches a stage."""
    run_script(op.get_bind(), "versions/0007_webhooks.sql", context.config.attributes["schema"])
