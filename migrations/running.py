"""Upgrade a schema to the newest migration.

Migrations are forward-only: to go back, restore a backup.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.schema import CreateSchema

from events.database.statements import qualify
from migrations.bi import has_views, make_views
from migrations.revision import head_revision
from migrations.scripts import run_script


async def migrate(
    owner: AsyncEngine, *, schema: str, serving_role: str | None, wants_bi: bool = False
) -> str:
    """Create or upgrade the schema, as its owner, and grant the serving role what it needs.

    Runs in one transaction. An advisory lock makes a second migration wait. Returns the revision
    reached. Views for BI tools are created if wanted, and replaced if they exist.

    Raises:
        BiUnavailable: these views cannot be created.
    """
    qualify("", schema)
    async with owner.begin() as connection:
        await connection.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"),
            {"name": f"leadledger migrate {schema}"},
        )
        await connection.run_sync(run_script, "cluster.sql", schema)
        await connection.run_sync(_upgrade, schema)
        if serving_role is not None:
            await connection.execute(
                text("SELECT set_config('leadledger.serving_role', :role, true)"),
                {"role": serving_role},
            )
            await connection.run_sync(run_script, "grants.sql", schema)
        if wants_bi or await connection.run_sync(has_views, schema):
            await connection.run_sync(make_views, schema)
    return head_revision()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    return config


def _upgrade(connection: Connection, schema: str) -> None:
    connection.execute(CreateSchema(schema, if_not_exists=True))
    config = _config()
    config.attributes["connection"] = connection
    config.attributes["schema"] = schema
    command.upgrade(config, "head")
