"""Leads with due timers, leads under an older lifecycle, and clocks that run ahead."""

from alembic import context, op

from migrations.scripts import run_script

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Index leads by the time of their next timer, and by the lifecycle that decides them."""
    run_script(op.get_bind(), "versions/0003_timers.sql", context.config.attributes["schema"])
