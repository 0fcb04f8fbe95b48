"""Events about the ledger itself, found by their type."""

from alembic import context, op

from migrations.scripts import run_script

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Let selection runs be found without reading the log."""
    run_script(op.get_bind(), "versions/0010_selections.sql", context.config.attributes["schema"])
