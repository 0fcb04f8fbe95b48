"""The ledger."""

from alembic import context, op

from migrations.scripts import run_script

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the log, the state of its subjects and their identifiers."""
    run_script(op.get_bind(), "versions/0001_ledger.sql", context.config.attributes["schema"])
