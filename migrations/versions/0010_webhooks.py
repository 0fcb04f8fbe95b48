"""Webhooks."""

from alembic import context, op

from migrations.scripts import run_script

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Create the tables of webhooks, their secrets and deliveries."""
    run_script(op.get_bind(), "versions/0010_webhooks.sql", context.config.attributes["schema"])
