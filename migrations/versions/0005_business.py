"""Business: reports of deals and orders, and marketing touches."""

from alembic import context, op

from migrations.scripts import run_script

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Create the tables of the business projection."""
    run_script(op.get_bind(), "versions/0005_business.sql", context.config.attributes["schema"])
