"""${message}."""

from alembic import context, op

from migrations.scripts import run_script

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    """Say why."""
    run_script(
        op.get_bind(), "versions/${up_revision}.sql", context.config.attributes["schema"]
    )
