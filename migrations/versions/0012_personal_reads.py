"""Who saw whose personal data on the pages, and what was searched for."""

from alembic import context, op

from migrations.scripts import run_script

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Create the tables of reads and of searches."""
    schema = context.config.attributes["schema"]
    run_script(op.get_bind(), "versions/0012_personal_reads.sql", schema)
