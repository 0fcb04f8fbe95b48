"""Keys for browsers, and refusals that can be retried."""

from alembic import context, op

from migrations.scripts import run_script

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add origins to keys, and a status, a dialect and a count to refusals."""
    run_script(
        op.get_bind(), "versions/0006_keys_and_refusals.sql", context.config.attributes["schema"]
    )
