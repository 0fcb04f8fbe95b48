"""Alembic's entry point. It always runs on a connection that is already open."""

from alembic import context

from migrations.revision import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    version_table=VERSION_TABLE,
    version_table_schema=context.config.attributes["schema"],
)
context.run_migrations()
