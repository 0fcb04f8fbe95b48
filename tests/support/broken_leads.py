"""Leads whose state our code cannot process, as a bug in an earlier version might leave it.

A broken lead has a timer of an unknown kind: deciding anything about it fails. The state of an
unreadable lead cannot even be read, so every batch that names it fails before it is decided.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import URL

from tests.support.postgres import connection_to

_BREAK = """
UPDATE ledger.subjects
   SET state = CAST(jsonb_set(
           jsonb_build_object('timers', jsonb_build_object()) || CAST(state AS jsonb),
           '{timers,unheard_of}', '["2026-01-01T00:00:00+00:00", 1]') AS text),
       due_at = '2026-01-01T00:00:00+00:00', wake_at = '2026-01-01T00:00:00+00:00'
 WHERE subject_id = ANY (CAST($1 AS uuid[]))
"""
_MEND = """
UPDATE ledger.subjects
   SET state = CAST(CAST(state AS jsonb) #- '{timers,unheard_of}' AS text), due_at = NULL,
       wake_at = NULL
 WHERE subject_id = ANY (CAST($1 AS uuid[]))
"""


async def break_leads(owner_url: URL, *lead_ids: str) -> None:
    """Break leads. A writer that has them cached does not notice until it has dropped them."""
    async with connection_to(owner_url) as connection:
        await connection.execute(_BREAK, lead_ids)


async def mend_leads(owner_url: URL, *lead_ids: str) -> None:
    """Repair broken leads."""
    async with connection_to(owner_url) as connection:
        await connection.execute(_MEND, lead_ids)


@asynccontextmanager
async def unreadable(owner_url: URL, lead_id: str) -> AsyncIterator[None]:
    """Make the state of a lead unreadable for a while."""
    update = "UPDATE ledger.subjects SET state = $2 WHERE subject_id = CAST($1 AS uuid)"
    async with connection_to(owner_url) as connection:
        state = await connection.fetchval(
            "SELECT state FROM ledger.subjects WHERE subject_id = CAST($1 AS uuid)", lead_id
        )
        await connection.execute(update, lead_id, "{")
        yield
        await connection.execute(update, lead_id, state)
