"""Business."""

from alembic import context, op

from migrations.scripts import run_script

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Create the tables of deals, orders and touches."""
    run_script(op.get_bind(), "versions/0008_business.sql", context.config.attributes["schema"])
