"""The database itself refuses to change the past."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
from sqlalchemy import URL

from service.private_postgres import PrivatePostgres
from tests.support.http_service import LIFECYCLE_AT, prepare
from tests.support.postgres import connection_to, drop_database, fresh_database

CHANGES = (
    "UPDATE ledger.events SET type = 'visit.recorded'",
    "UPDATE ledger.events SET position = position WHERE false",
    "DELETE FROM ledger.events",
    "DELETE FROM ledger.events WHERE false",
    "TRUNCATE ledger.events",
    "TRUNCATE ledger.events CASCADE",
)


@pytest.fixture
async def urls(postgres_server: PrivatePostgres) -> AsyncIterator[tuple[URL, URL]]:
    owner_url, app_url = fresh_database(postgres_server, prepare=prepare)
    yield owner_url, app_url
    drop_database(postgres_server, owner_url)


async def test_even_the_owner_cannot_change_an_event(urls: tuple[URL, URL]) -> None:
    async with connection_to(urls[0]) as owner:
        before = await owner.fetch("SELECT * FROM ledger.events")
        for change in CHANGES:
            with pytest.raises(asyncpg.RestrictViolationError, match="never changed or deleted"):
                await owner.execute(change)
        assert await owner.fetch("SELECT * FROM ledger.events") == before
        assert len(before) == LIFECYCLE_AT


async def test_without_the_trigger_the_owner_could(urls: tuple[URL, URL]) -> None:
    """The negative twin: the trigger alone is the guard."""
    async with connection_to(urls[0]) as owner:
        await owner.execute("ALTER TABLE ledger.events DISABLE TRIGGER events_are_append_only")
        assert await owner.execute("DELETE FROM ledger.events") == f"DELETE {LIFECYCLE_AT}"


async def test_the_serving_role_may_neither_change_events_nor_remove_the_guard(
    urls: tuple[URL, URL],
) -> None:
    async with connection_to(urls[1]) as app:
        for statement in (
            *CHANGES,
            "ALTER TABLE ledger.events DISABLE TRIGGER events_are_append_only",
            "ALTER TABLE ledger.events DISABLE TRIGGER ALL",
            "DROP TRIGGER events_are_append_only ON ledger.events",
            "ALTER TABLE ledger.events DROP CONSTRAINT events_key_is_unique",
            "ALTER TABLE ledger.events ALTER COLUMN leaf DROP NOT NULL",
            "ALTER TABLE ledger.events OWNER TO leadledger_app",
            "DROP TABLE ledger.events",
            "DROP SCHEMA ledger CASCADE",
            "CREATE TABLE ledger.others (id text)",
            (
                "CREATE OR REPLACE FUNCTION ledger.refuse_change() RETURNS trigger "
                "LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"
            ),
            "DROP FUNCTION ledger.refuse_change() CASCADE",
            "SET session_replication_role = replica",
            "SET ROLE leadledger_owner",
            "UPDATE ledger.event_personal SET content = ''",
            "DELETE FROM ledger.event_personal",
            "UPDATE ledger.event_actors SET actor = ''",
            "DELETE FROM ledger.event_actors",
            "UPDATE ledger.identifiers SET kind = 'email'",
            "DELETE FROM ledger.identifiers",
            "DELETE FROM ledger.subjects",
            "DELETE FROM ledger.ledger_head",
            (
                "INSERT INTO ledger.ledger_head SELECT false, ledger_id, 9, recorded_at, "
                "secret_check, chain FROM ledger.ledger_head"
            ),
            "TRUNCATE ledger.refusals",
            "UPDATE ledger.refusals SET content = ''",
            "UPDATE ledger.refusals SET key_id = 'another'",
            "UPDATE ledger.refusals SET received_at = last_received_at",
            "DELETE FROM ledger.api_keys",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await app.execute(statement)


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("position = 1, id = 'x', subject_version = 9", "events_position_is_unique"),
        ("position = 9, subject_version = 9", "events_key_is_unique"),
        ("position = 9, id = 'x'", "events_subject_version_is_unique"),
        ("position = 0, id = 'x', subject_version = 9", "events_position_is_positive"),
        ("position = 9, id = 'x', subject_version = 9, leaf = '\\x00'", "events_leaf_is_sha256"),
    ],
)
async def test_an_event_that_breaks_the_order_is_refused_by_name(
    urls: tuple[URL, URL], change: str, constraint: str
) -> None:
    async with connection_to(urls[0]) as owner:
        await owner.execute("CREATE TEMPORARY TABLE copied AS SELECT * FROM ledger.events")
        await owner.execute(f"UPDATE copied SET {change}")
        with pytest.raises(asyncpg.IntegrityConstraintViolationError, match=constraint):
            await owner.execute("INSERT INTO ledger.events SELECT * FROM copied")
