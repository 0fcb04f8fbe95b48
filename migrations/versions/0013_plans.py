"""What departments plan, and which periods are closed."""

from alembic import context, op

from migrations.scripts import run_script

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Create the tables of plans."""
    schema = context.config.attributes["schema"]
    run_script(op.get_bind(), "versions/0013_plans.sql", schema)
