"""Business: what was told of deals and orders, and who was touched by marketing."""

from alembic import context, op

from migrations.scripts import run_script

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Create the tables that business is projected into."""
    run_script(op.get_bind(), "versions/0005_business.sql", context.config.attributes["schema"])
