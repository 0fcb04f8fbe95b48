"""How much came in."""

from alembic import context, op

from migrations.scripts import run_script

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Create the counts of what came in, by source and day."""
    run_script(op.get_bind(), "versions/0014_intake.sql", context.config.attributes["schema"])
