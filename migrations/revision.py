"""The revision of a schema, and the newest one in this code.

Alembic can tell both, but the processes that serve would import it for nothing else.
"""

from functools import cache
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from events.database.statements import load

VERSION_TABLE = "schema_version"
DIGITS = 4


async def revision_of(engine: AsyncEngine, *, schema: str) -> str | None:
    """Return the schema's revision, or None if there is no ledger."""
    statements = load("migrations", "revision.sql", schema)
    async with engine.connect() as connection:
        if not await connection.scalar(statements["has_table"].text):
            return None
        revision: str | None = await connection.scalar(statements["read"].text)
        return revision


@cache
def head_revision() -> str:
    """Return the newest revision in this code: migrations are numbered, without branches."""
    versions = Path(__file__).with_name("versions")
    return max(path.name[:DIGITS] for path in versions.glob("[0-9]*.py"))
