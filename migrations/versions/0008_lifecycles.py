"""Publications, and the leads of a company, can be found."""

from alembic import context, op

from migrations.scripts import run_script

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Let the newest publication and the leads of a company be found."""
    run_script(op.get_bind(), "versions/0008_lifecycles.sql", context.config.attributes["schema"])
