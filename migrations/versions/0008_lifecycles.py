"""Indexes for lifecycle publications and for the leads of a company."""

from alembic import context, op

from migrations.scripts import run_script

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Index lifecycle publications, and leads by their company."""
    run_script(op.get_bind(), "versions/0008_lifecycles.sql", context.config.attributes["schema"])
