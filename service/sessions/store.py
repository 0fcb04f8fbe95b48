"""Sessions in the database: opened, found, listed, ended. Never the token, only its digest."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from time import monotonic
from typing import Any, NamedTuple
from uuid import uuid4

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncEngine

from events.database.statements import Statement, load
from service.keys.rates import Allowance
from service.limits import (
    LOG_IN_FAILURES_DAYS,
    LOG_IN_FAILURES_MAX,
    LOG_IN_FAILURES_SHOWN_MAX,
    LOG_INS_FAILED_PER_S,
    SESSION_IDLE_S,
    SESSION_S,
    SESSION_SEEN_EVERY_S,
    SESSIONS_PER_KEY_MAX,
    SESSIONS_SHOWN_MAX,
)

TOKEN_BYTES = 32


class PageSession(NamedTuple):
    """A session that can be used."""

    session_id: str
    """What lists show, and what ends it. It opens nothing."""
    key_id: str
    opened_at: datetime
    last_seen_at: datetime

    @property
    def ends_at(self) -> datetime:
        """When it ends however much it is used."""
        return self.opened_at + timedelta(seconds=SESSION_S)


class ListedSession(NamedTuple):
    session: PageSession
    key_name: str


class LogInFailure(NamedTuple):
    """A log-in that failed."""

    failed_at: datetime
    reason: str
    key_id: str | None
    """The public id of the key, if what was entered has the form of one."""


class SessionStore:
    """The table of sessions. A class, because every verb needs the same engine and statements."""

    def __init__(self, engine: AsyncEngine, schema: str) -> None:
        self._engine = engine
        self._sql: Mapping[str, Statement] = load("service.sessions", "sessions.sql", schema)
        self.failing = Allowance(LOG_INS_FAILED_PER_S, now=monotonic())
        """What is left for failed log-ins of this process; each costs a query."""

    async def open(self, key_id: str) -> str:
        """Open a session for a key, and return its token, which is not kept.

        Also deletes sessions that have ended, and the oldest ones of a key that has too many.
        """
        token, now = secrets.token_urlsafe(TOKEN_BYTES), datetime.now(UTC)
        values = {
            "session_id": uuid4(),
            "token_digest": _digest(token),
            "key_id": key_id,
            "at": now,
        }
        forgotten = {**_bounds(now), "key_id": key_id, "kept": SESSIONS_PER_KEY_MAX - 1}
        async with self._engine.begin() as connection:
            await connection.execute(self._sql["forget_sessions"].text, forgotten)
            await connection.execute(self._sql["open_session"].text, values)
        return token

    async def find(self, token: str) -> PageSession | None:
        """Return the session of a token if it can still be used, and note that it was."""
        now = datetime.now(UTC)
        values = {**_bounds(now), "token_digest": _digest(token)}
        async with self._engine.connect() as connection:
            rows = await connection.execute(self._sql["find_session"].text, values)
            row = rows.mappings().first()
        if row is None:
            return None
        session = _session(row)
        if now - session.last_seen_at > timedelta(seconds=SESSION_SEEN_EVERY_S):
            seen = {"session_id": session.session_id, "at": now}
            async with self._engine.begin() as connection:
                await connection.execute(self._sql["see_session"].text, seen)
        return session

    async def list(self, key_id: str | None) -> list[ListedSession]:
        """Read the sessions of a key, or of all keys, newest first."""
        now = datetime.now(UTC)
        values = {**_bounds(now), "key_id": key_id, "at": now, "limit": SESSIONS_SHOWN_MAX}
        async with self._engine.connect() as connection:
            rows = await connection.execute(self._sql["list_sessions"].text, values)
            return [ListedSession(_session(row), row["name"]) for row in rows.mappings()]

    async def end(self, session_id: str, *, key_id: str | None) -> None:
        """End a session, if it is one of the key's; None ends any. Ending it again is harmless."""
        values = {"session_id": session_id, "key_id": key_id}
        async with self._engine.begin() as connection:
            await connection.execute(self._sql["end_session"].text, values)

    async def note_failure(self, reason: str, key_id: str | None) -> None:
        """Record a failed log-in, and delete those that are too old or too many."""
        now = datetime.now(UTC)
        forgotten = {
            "failed_after": now - timedelta(days=LOG_IN_FAILURES_DAYS),
            "kept": LOG_IN_FAILURES_MAX,
        }
        values = {"failed_at": now, "reason": reason, "key_id": key_id}
        async with self._engine.begin() as connection:
            await connection.execute(self._sql["forget_failures"].text, forgotten)
            await connection.execute(self._sql["note_failure"].text, values)

    async def list_failures(self) -> Sequence[LogInFailure]:
        """Read the latest failed log-ins, newest first."""
        values = {"limit": LOG_IN_FAILURES_SHOWN_MAX}
        async with self._engine.connect() as connection:
            rows = await connection.execute(self._sql["list_failures"].text, values)
            return [LogInFailure(*row) for row in rows]


def _bounds(now: datetime) -> dict[str, Any]:
    return {
        "opened_after": now - timedelta(seconds=SESSION_S),
        "seen_after": now - timedelta(seconds=SESSION_IDLE_S),
    }


def _digest(token: str) -> bytes:
    """Plain SHA-256: a token of 256 random bits cannot be guessed."""
    return sha256(token.encode()).digest()


def _session(row: RowMapping) -> PageSession:
    return PageSession(row["session_id"], row["key_id"], row["opened_at"], row["last_seen_at"])
