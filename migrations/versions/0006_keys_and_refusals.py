"""Keys for browsers, and refusals that get a second chance."""

from alembic import context, op

from migrations.scripts import run_script

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Give keys their origins, and refusals a status, a dialect and a count."""
    run_script(
        op.get_bind(), "versions/0006_keys_and_refusals.sql", context.config.attributes["schema"]
    )
