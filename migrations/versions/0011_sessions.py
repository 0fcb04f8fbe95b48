"""Sessions of the web pages."""

from alembic import context, op

from migrations.scripts import run_script

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Create the table of sessions."""
    run_script(op.get_bind(), "versions/0011_sessions.sql", context.config.attributes["schema"])
