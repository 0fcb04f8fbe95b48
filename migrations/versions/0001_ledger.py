"""The ledger itself: head, events, personal data, subjects, identifiers, refusals."""

from alembic import context, op

from migrations.scripts import run_script

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the tables of one ledger, and the trigger that keeps its events unchanged."""
    run_script(op.get_bind(), "versions/0001_ledger.sql", context.config.attributes["schema"])
