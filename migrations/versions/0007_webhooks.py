"""Webhooks: where events are sent, what is still to be sent, and what could not be."""

from alembic import context, op

from migrations.scripts import run_script

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Create the tables of webhooks, and the question whether an event touches a stage."""
    run_script(op.get_bind(), "versions/0007_webhooks.sql", context.config.attributes["schema"])
