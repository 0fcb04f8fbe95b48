"""Search terms: each is kept for an hour, for one session, under a token."""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from sqlalchemy.ext.asyncio import AsyncEngine

from events.database.statements import Statement, load
from service.limits import SEARCH_S, SEARCHES_PER_SESSION_MAX

_TOKEN_BYTES = 16


class Searches:
    """The table of searches. A class, because every verb needs the same engine and statements."""

    def __init__(self, engine: AsyncEngine, schema: str) -> None:
        self._engine = engine
        self._sql: Mapping[str, Statement] = load("service.people", "people.sql", schema)

    async def keep(self, term: str, *, session_id: str) -> str:
        """Keep a search term, and return the token that replaces it in a URL."""
        token, now = secrets.token_urlsafe(_TOKEN_BYTES), datetime.now(UTC)
        forgotten = {
            "searched_after": now - timedelta(seconds=SEARCH_S),
            "session_id": session_id,
            "kept": SEARCHES_PER_SESSION_MAX - 1,
        }
        values = {
            "token_digest": _digest(token),
            "session_id": session_id,
            "term": term,
            "searched_at": now,
        }
        async with self._engine.begin() as connection:
            await connection.execute(self._sql["forget_searches"].text, forgotten)
            await connection.execute(self._sql["keep_search"].text, values)
        return token

    async def find(self, token: str, *, session_id: str) -> str | None:
        """Return what a token stands for; None if it is another session's, or its time is over."""
        values = {
            "token_digest": _digest(token),
            "session_id": session_id,
            "searched_after": datetime.now(UTC) - timedelta(seconds=SEARCH_S),
        }
        async with self._engine.connect() as connection:
            term: str | None = await connection.scalar(self._sql["find_search"].text, values)
            return term


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()
