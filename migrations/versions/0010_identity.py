"""Stays that no longer count, and events that await a person's judgement."""

from alembic import context, op

from migrations.scripts import run_script

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Number the stays that one restatement makes known, and index contradictions."""
    run_script(op.get_bind(), "versions/0010_identity.sql", context.config.attributes["schema"])
