"""Stays that count no longer, and what waits for a person to judge."""

from alembic import context, op

from migrations.scripts import run_script

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Let one restatement make several stays known, and let contradictions be found."""
    run_script(op.get_bind(), "versions/0010_identity.sql", context.config.attributes["schema"])
