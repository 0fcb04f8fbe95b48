"""What was refused: listed without the bytes, read one by one with them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncEngine

from events.records import rfc3339
from events.statements import Statement, load
from service.problems import Problem, describe

SCAN_ROWS = 10_000
"""Refusals that one request looks through: some tens of milliseconds."""
NEWEST = UUID(int=(1 << 128) - 1)


class Wanted(NamedTuple):
    """Which refusals are asked for; None asks for all."""

    reason: str | None = None
    source: str | None = None
    key_id: str | None = None
    since: datetime | None = None


class RefusalPage(NamedTuple):
    refusals: list[dict[str, Any]]
    next: str | None
    """Pass it as `before`; None: there are no older ones."""


class Refusals:
    """Questions to the refusals. A class, because each needs the same engine and statements."""

    def __init__(self, engine: AsyncEngine, schema: str) -> None:
        self._engine = engine
        self._sql: Mapping[str, Statement] = load("service.reading", "refusals.sql", schema)

    async def page(self, wanted: Wanted, *, before: UUID | None, limit: int) -> RefusalPage:
        """List refusals, newest first."""
        values = {
            **wanted._asdict(),
            "before": before or NEWEST,
            "limit": limit,
            "scan": SCAN_ROWS,
        }
        async with self._engine.connect() as connection:
            rows = await connection.execute(self._sql["list_refusals"].text, values)
            found = rows.mappings().all()
        shown = [_describe(row) for row in found if row["refusal_id"] is not None]
        if len(shown) == limit:
            return RefusalPage(shown, shown[-1]["refusal"])
        has_older = found[0]["looked"] == SCAN_ROWS
        return RefusalPage(shown, str(found[0]["last_id"]) if has_older else None)

    async def one(self, refusal_id: UUID, *, shows_personal: bool) -> dict[str, Any]:
        """Read one refusal. Raises Problem: not-found."""
        async with self._engine.connect() as connection:
            rows = await connection.execute(
                self._sql["read_refusal"].text, {"refusal_id": refusal_id}
            )
            row = rows.mappings().one_or_none()
        if row is None:
            raise Problem(
                "not-found", "No refusal has this id; refusals are kept for a limited time."
            )
        content = _describe(row)
        if shows_personal:
            content["content"] = bytes(row["content"]).decode("utf-8", errors="replace")
        return content


def _describe(row: RowMapping) -> dict[str, Any]:
    stored = orjson.loads(row["problem"])
    detail, pointer = stored.pop("detail"), stored.pop("pointer", None)
    return {
        "refusal": str(row["refusal_id"]),
        "received_time": rfc3339(row["received_at"]),
        "key": row["key_id"],
        "source": row["source"],
        "id": row["event_id"],
        "type": row["type"],
        "reason": row["reason"],
        "problem": describe(row["reason"], detail, pointer, stored),
    }
