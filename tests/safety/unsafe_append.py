"""Replace `append` in a test's own database with a version that lacks some safeties."""

from collections.abc import Mapping, Sequence

from sqlalchemy import URL

from tests.support.postgres import connection_to

DEFINITION = """
SELECT pg_get_functiondef(CAST('ledger.append' AS regproc))
"""

NO_LOCK = {" FOR UPDATE;": ";"}
NO_CHECK = {"head_position <> expected_position": "false"}
NO_INTAKE = {"cardinality(intake_sources) > 0": "false"}
"""Nothing of the batch is counted: the rows of the counts would be a second lock."""

SLOW_DECISION = {
    "database_time := clock_timestamp() + head_clock_ahead;": (
        "database_time := clock_timestamp() + head_clock_ahead; PERFORM pg_sleep(0.2);"
    ),
}
"""A pause between reading the head and writing, so that concurrent writers collide. Harmless."""

SLOW_COMMIT = {
    "head_position := expected_position +": (
        "IF 'slow' = ANY (ids) THEN PERFORM pg_sleep(0.4); END IF;"
        " head_position := expected_position +"
    ),
}
"""A pause between writing the events and the commit, for the event `slow`. Also harmless."""

POSITIONS_FROM_A_SEQUENCE = {
    "expected_position + event.place": "nextval('ledger.positions')",
}
"""As in most event stores on PostgreSQL."""

ASYNCHRONOUS_COMMIT = {"current_setting('synchronous_commit') = 'off'": "false"}

CONSTRAINTS: Mapping[str, Sequence[str]] = {
    "events": (
        "events_position_is_unique",
        "events_key_is_unique",
        "events_subject_version_is_unique",
    ),
    "event_personal": ("event_personal_is_one_per_event",),
    "event_actors": ("event_actors_are_one_per_event",),
    "identifiers": ("identifiers_point_once_per_event",),
}


async def replace_append(owner_url: URL, *edits: Mapping[str, str]) -> None:
    """Edit the function; every edit must find the text it replaces."""
    async with connection_to(owner_url) as connection:
        text = str(await connection.fetchval(DEFINITION))
        for edit in edits:
            for old, new in edit.items():
                assert text.count(old) == 1, f"append does not say {old!r} once: mend the twin"
                text = text.replace(old, new)
        await connection.execute(text)


async def drop_constraints(owner_url: URL) -> None:
    """Drop the constraints, so that the database accepts what they would refuse."""
    async with connection_to(owner_url) as connection:
        for table, names in CONSTRAINTS.items():
            for name in names:
                await connection.execute(f"ALTER TABLE ledger.{table} DROP CONSTRAINT {name}")


async def add_sequence(owner_url: URL) -> None:
    """Take positions from a sequence that continues after the last event."""
    async with connection_to(owner_url) as connection:
        await connection.execute("CREATE SEQUENCE ledger.positions START 2")
        await connection.execute("GRANT USAGE ON SEQUENCE ledger.positions TO leadledger_app")
