"""Leads that something is due for, or that are under an older lifecycle; clocks that are turned."""

from alembic import context, op

from migrations.scripts import run_script

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Let leads be found by when something is due, and by the lifecycle that decides them."""
    run_script(op.get_bind(), "versions/0003_timers.sql", context.config.attributes["schema"])
