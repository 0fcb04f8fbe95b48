"""The first start of a ledger, and every start after it."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from domain.lifecycle.text.complaints import LifecycleInvalid
from events.append.ledger import Ledger
from events.database.failures import FormatUnknown, LedgerUnavailable, NotMigrated, SecretDiffers
from events.database.statements import SchemaNameInvalid
from events.founding import found
from events.lifecycles.shipped import read_lifecycle_text
from events.outcomes import Recorded
from events.signals.digests import Digests
from migrations.running import migrate
from service.command.exits import Exit
from service.private_postgres import PrivatePostgres
from tests.support.http_service import LIFECYCLE_AT, SECRET, prepare
from tests.support.ledger_on_postgres import form, send
from tests.support.postgres import ask, drop_database, fresh_database
from tests.support.running_service import ROOT, environment
from tests.support.verified import verify

DIGESTS, OTHER_DIGESTS = Digests(bytes(32)), Digests(b"\x01" * 32)
LIFECYCLE = read_lifecycle_text("demand_funnel")


@pytest.fixture
async def owner(postgres_server: PrivatePostgres) -> AsyncIterator[AsyncEngine]:
    owner_url, _ = fresh_database(postgres_server)
    engine = create_async_engine(owner_url, pool_size=8)
    await migrate(engine, schema="ledger", serving_role=None)
    yield engine
    await engine.dispose()
    drop_database(postgres_server, owner_url)


async def start(
    owner: AsyncEngine,
    *,
    schema: str = "ledger",
    digests: Digests = DIGESTS,
    lifecycle_text: str = LIFECYCLE,
) -> bool:
    return await found(owner, schema=schema, digests=digests, lifecycle_text=lifecycle_text)


async def published(owner: AsyncEngine, schema: str = "ledger") -> list[tuple[int, str, str]]:
    async with owner.connect() as connection:
        rows = await connection.execute(
            text(f"SELECT position, id, type FROM {schema}.events ORDER BY position")
        )
        return [(row.position, row.id, row.type) for row in rows]


FIRST = [
    (1, "ledger.founded", "ledger.founded"),
    *(
        (2 + number, f"part.{LIFECYCLE_AT}.{number}", "lifecycle.text")
        for number in range(LIFECYCLE_AT - 2)
    ),
    (LIFECYCLE_AT, "lifecycle.1", "lifecycle.published"),
]


async def test_the_first_start_publishes_the_lifecycle_and_the_second_finds_it(
    owner: AsyncEngine,
) -> None:
    assert await start(owner)
    assert not await start(owner)
    assert await published(owner) == FIRST


async def test_only_one_of_many_first_starts_publishes(owner: AsyncEngine) -> None:
    published_it = await asyncio.gather(*(start(owner) for _ in range(4)))
    assert sorted(published_it) == [False, False, False, True]
    assert await published(owner) == FIRST


async def test_a_start_with_another_secret_is_refused(owner: AsyncEngine) -> None:
    await start(owner)
    with pytest.raises(SecretDiffers, match="founded with another secret"):
        await start(owner, digests=OTHER_DIGESTS)
    assert not await start(owner)


async def test_an_invalid_lifecycle_is_not_published(owner: AsyncEngine) -> None:
    with pytest.raises(LifecycleInvalid):
        await start(owner, lifecycle_text="format: 1")
    assert await published(owner) == []
    assert await start(owner)


async def test_a_ledger_decides_by_its_own_log_and_not_by_a_file(owner: AsyncEngine) -> None:
    await start(owner)
    assert not await start(owner, lifecycle_text="not even read")
    assert await published(owner) == FIRST


@pytest.mark.parametrize("hours", [-2, 2])
async def test_a_wrong_clock_does_not_prevent_founding_a_ledger(
    owner: AsyncEngine, hours: int
) -> None:
    """Relative to the ledger's clock, which is set here, the machine's is wrong."""
    with pytest.raises(LifecycleInvalid):
        await start(owner, lifecycle_text="format: 1")
    async with owner.begin() as connection:
        set_clock = text("UPDATE ledger.ledger_head SET clock_ahead = make_interval(hours => :h)")
        await connection.execute(set_clock, {"h": hours})
    assert await start(owner)
    assert await published(owner) == FIRST


async def test_a_head_ahead_of_the_databases_clock_is_not_founded(owner: AsyncEngine) -> None:
    with pytest.raises(LifecycleInvalid):
        await start(owner, lifecycle_text="format: 1")
    async with owner.begin() as connection:
        await connection.execute(
            text("UPDATE ledger.ledger_head SET recorded_at = now() + interval '1 day'")
        )
    with pytest.raises(LedgerUnavailable, match="ahead of the database's clock"):
        await start(owner)


async def test_ledgers_with_different_names_are_independent(owner: AsyncEngine) -> None:
    await migrate(owner, schema="east", serving_role=None)
    await start(owner)
    await start(owner, schema="east", digests=OTHER_DIGESTS)
    east, ledger = (Ledger(owner, schema, DIGESTS.seals) for schema in ("east", "ledger"))
    for one in (east, ledger):
        await one.open()
    (first,) = await send(east, form("a"))
    (second,) = await send(east, form("b"))
    (third,) = await send(ledger, form("a"))
    positions = [one.position for one in (first, second, third) if isinstance(one, Recorded)]
    assert positions == [LIFECYCLE_AT + 1, LIFECYCLE_AT + 6, LIFECYCLE_AT + 1]
    for one in (east, ledger):
        await one.close()
    assert (await verify(owner, schema="east")).position == LIFECYCLE_AT + 6
    assert (await verify(owner, schema="ledger")).position == LIFECYCLE_AT + 5


async def test_a_ledger_that_was_not_founded_says_so(owner: AsyncEngine) -> None:
    ledger = Ledger(owner, "ledger", DIGESTS.seals)
    with pytest.raises(NotMigrated, match="has not been founded"):
        await ledger.open()
    await ledger.close()


def test_a_ledger_with_an_invalid_name_is_refused() -> None:
    with pytest.raises(SchemaNameInvalid):
        Ledger(None, "Ledger; DROP", DIGESTS.seals)  # type: ignore[arg-type] # the name is looked at first


OTHER_FORMATS = {
    "found format 2": """UPDATE ledger.events
        SET record = replace(record, '"format":1', '"format":2') WHERE position = 1""",
    "found one from before formats had numbers": """UPDATE ledger.events
        SET type = 'lifecycle.published' WHERE position = 1""",
}


@pytest.mark.parametrize("found", OTHER_FORMATS)
async def test_a_ledger_of_another_format_is_refused(owner: AsyncEngine, found: str) -> None:
    await start(owner)
    async with owner.begin() as connection:
        await connection.execute(text("ALTER TABLE ledger.events DISABLE TRIGGER USER"))
        await connection.execute(text(OTHER_FORMATS[found].replace(":", "\\:")))
    with pytest.raises(FormatUnknown, match=f"expected a ledger of format 1 .*{found}") as refused:
        await start(owner)
    assert "use the version of leadledger that founded it" in str(refused.value)


def test_every_command_refuses_a_ledger_of_another_format_with_its_own_exit_code(
    postgres_server: PrivatePostgres, tmp_path: Path
) -> None:
    owner_url, _ = fresh_database(postgres_server, prepare=prepare)
    ask(owner_url, "ALTER TABLE ledger.events DISABLE TRIGGER USER")
    ask(owner_url, OTHER_FORMATS["found format 2"])
    database = owner_url.render_as_string(hide_password=False)
    settings = {"LEADLEDGER_DATABASE_URL": database, "LEADLEDGER_SECRET": SECRET}
    commands = [
        subprocess.Popen(
            [sys.executable, "-m", "service.command", *command],
            cwd=ROOT,
            env=environment(tmp_path, **settings),
            stderr=subprocess.PIPE,
            text=True,
        )
        for command in (("serve", "--port", "0"), ("migrate",), ("verify",), ("rebuild",))
    ]
    said = [command.communicate(timeout=60)[1] for command in commands]
    assert [command.returncode for command in commands] == [Exit.OTHER_FORMAT] * 4, said
    assert all("expected a ledger of format 1" in one for one in said), said
    drop_database(postgres_server, owner_url)
