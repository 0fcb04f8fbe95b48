"""Put another `append` into a test's own database, with safeties taken out of its text."""

from collections.abc import Mapping, Sequence

from sqlalchemy import URL

from tests.support.postgres import connection_to

DEFINITION = """
SELECT pg_get_functiondef(CAST('ledger.append' AS regproc))
"""

NO_LOCK = {" FOR UPDATE;": ";"}
NO_CHECK = {"head_position <> expected_position": "false"}

SLOW_DECISION = {
    "database_time := clock_timestamp() + head_clock_ahead;": (
        "database_time := clock_timestamp() + head_clock_ahead; PERFORM pg_sleep(0.2);"
    ),
}
"""Between looking at the head and writing: two that write at once surely meet. Harmless."""

SLOW_COMMIT = {
    "head_position := expected_position +": (
        "IF 'slow' = ANY (ids) THEN PERFORM pg_sleep(0.4); END IF;"
        " head_position := expected_position +"
    ),
}
"""Between writing the events and the commit, for the event `slow`. Harmless too."""

POSITIONS_FROM_A_SEQUENCE = {
    "expected_position + event.place": "nextval('ledger.positions')",
}
"""As most event stores on PostgreSQL have it."""

ASYNCHRONOUS_COMMIT = {"current_setting('synchronous_commit') = 'off'": "false"}

CONSTRAINTS: Mapping[str, Sequence[str]] = {
    "events": (
        "events_position_is_unique",
        "events_key_is_unique",
        "events_subject_version_is_unique",
    ),
    "event_personal": ("event_personal_is_one_per_event",),
    "identifiers": ("identifiers_point_once_per_event",),
}


async def replace_append(owner_url: URL, *edits: Mapping[str, str]) -> None:
    """Edit the function; every edit has to find what it replaces."""
    async with connection_to(owner_url) as connection:
        text = str(await connection.fetchval(DEFINITION))
        for edit in edits:
            for old, new in edit.items():
                assert text.count(old) == 1, f"append does not say {old!r} once: mend the twin"
                text = text.replace(old, new)
        await connection.execute(text)


async def drop_constraints(owner_url: URL) -> None:
    """Let the database accept what its constraints would refuse."""
    async with connection_to(owner_url) as connection:
        for table, names in CONSTRAINTS.items():
            for name in names:
                await connection.execute(f"ALTER TABLE ledger.{table} DROP CONSTRAINT {name}")


async def add_sequence(owner_url: URL) -> None:
    """Let positions come from a sequence that goes on behind the last event."""
    async with connection_to(owner_url) as connection:
        await connection.execute("CREATE SEQUENCE ledger.positions START 2")
        await connection.execute("GRANT USAGE ON SEQUENCE ledger.positions TO leadledger_app")
