"""The migrations produce the schema recorded in tests/data/schema.txt.

After a new migration, run LEADLEDGER_TEST_WRITE_SCHEMA=1 make test, and review the difference.
"""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from events.database.sessions import borrowed
from events.database.statements import SchemaNameInvalid
from migrations import running
from migrations.describing import describe
from migrations.revision import head_revision, revision_of
from migrations.running import migrate
from service.private_postgres import PrivatePostgres
from tests.support.postgres import drop_database, fresh_database

WRITTEN_DOWN = Path(__file__).parents[1] / "data" / "schema.txt"


@pytest.fixture
async def owner(postgres_server: PrivatePostgres) -> AsyncIterator[AsyncEngine]:
    owner_url, _ = fresh_database(postgres_server)
    engine = create_async_engine(owner_url)
    yield engine
    await engine.dispose()
    drop_database(postgres_server, owner_url)


async def described(owner: AsyncEngine, schema: str) -> list[str]:
    async with borrowed(owner) as driver:
        lines = (await describe(driver, schema=schema)).objects
    return [line.replace(f"{schema}.", "ledger.") for line in lines]


async def test_the_schema_matches_the_recorded_one(owner: AsyncEngine) -> None:
    await migrate(owner, schema="ledger", serving_role=None)
    found = await described(owner, "ledger")
    if os.environ.get("LEADLEDGER_TEST_WRITE_SCHEMA"):
        WRITTEN_DOWN.write_text("\n".join(found) + "\n", encoding="utf-8")
    assert found == WRITTEN_DOWN.read_text(encoding="utf-8").splitlines()


async def test_migrating_again_changes_nothing(owner: AsyncEngine) -> None:
    await migrate(owner, schema="ledger", serving_role="leadledger_app")
    once = await described(owner, "ledger")
    assert await migrate(owner, schema="ledger", serving_role="leadledger_app") == head_revision()
    assert await described(owner, "ledger") == once
    assert await revision_of(owner, schema="ledger") == head_revision()


def test_the_newest_revision_is_that_of_alembic() -> None:
    directory = Path(running.__file__).parent
    assert ScriptDirectory(str(directory)).get_current_head() == head_revision()


async def test_a_database_without_a_ledger_has_no_revision(owner: AsyncEngine) -> None:
    assert await revision_of(owner, schema="ledger") is None


async def test_two_ledgers_in_one_database_have_the_same_schema(owner: AsyncEngine) -> None:
    await migrate(owner, schema="ledger", serving_role=None)
    await migrate(owner, schema="second", serving_role=None)
    first, second = await described(owner, "ledger"), await described(owner, "second")

    def without_bodies(lines: list[str]) -> list[str]:
        return [line for line in lines if not line.startswith(("function", "view"))]

    assert without_bodies(second) == without_bodies(first)


@pytest.mark.parametrize("name", ["", "Ledger", "led-ger", "pg_ledger", 'l"; DROP SCHEMA x', "1a"])
async def test_an_invalid_schema_name_is_refused(owner: AsyncEngine, name: str) -> None:
    with pytest.raises(SchemaNameInvalid):
        await migrate(owner, schema=name, serving_role=None)
