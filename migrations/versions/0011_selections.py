"""An index of events about the ledger itself, by type."""

from alembic import context, op

from migrations.scripts import run_script

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Make selection runs findable without reading the log."""
    run_script(op.get_bind(), "versions/0011_selections.sql", context.config.attributes["schema"])
