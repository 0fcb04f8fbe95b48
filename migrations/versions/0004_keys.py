"""API keys."""

from alembic import context, op

from migrations.scripts import run_script

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create the table of keys."""
    run_script(op.get_bind(), "versions/0004_keys.sql", context.config.attributes["schema"])
