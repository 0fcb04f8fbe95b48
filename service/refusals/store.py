"""The table of refusals: listed without bytes, read one by one with them, and settled."""

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncEngine

from events.append.statement_arguments import problem_text
from events.database.statements import Statement, load
from events.refusals import RefusalState, Refused
from events.seals import Seals
from service.http.problem import Problem
from service.limits import SCAN_ROWS
from service.refusals.cursors import RefusalCursor


class RefusalFilter(NamedTuple):
    """The refusals to select; None matches all."""

    reason: str | None = None
    source: str | None = None
    key_id: str | None = None
    type: str | None = None
    status: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class RefusalPage(NamedTuple):
    """A page of refusals."""

    rows: list[RowMapping]
    next: RefusalCursor | None
    """The cursor of the next page; None at the end."""


class OpenRefusals(NamedTuple):
    """The number of open refusals with one reason."""

    reason: str
    refusals: int
    oldest_at: datetime


class RefusalStore:
    """Queries on refusals. A class, because each needs the same engine and statements."""

    def __init__(self, engine: AsyncEngine, schema: str, seals: Seals) -> None:
        self._engine = engine
        self._seals = seals
        self._sql: Mapping[str, Statement] = load("service.refusals", "refusals.sql", schema)

    async def page(
        self, wanted: RefusalFilter, *, before: RefusalCursor, limit: int
    ) -> RefusalPage:
        """List refusals, newest first, without their bytes."""
        cursor = {"before_at": before.received_at, "before_id": before.refusal_id}
        return await self._stretch("list_refusals", wanted._asdict() | cursor, limit)

    async def open(self, wanted: RefusalFilter, *, after: RefusalCursor, limit: int) -> RefusalPage:
        """Read open refusals with their bytes, oldest first."""
        cursor = {"after_at": after.received_at, "after_id": after.refusal_id}
        return await self._stretch("find_open", wanted._asdict() | cursor, limit)

    async def one(self, refusal_id: UUID) -> RowMapping:
        """Read one refusal with its bytes. Raises Problem: not-found."""
        async with self._engine.connect() as connection:
            rows = await connection.execute(
                self._sql["read_refusal"].text, {"refusal_id": refusal_id}
            )
            row = rows.mappings().one_or_none()
        if row is None:
            raise Problem(
                "not-found",
                "No refusal has this id; refusals are kept for a limited time. GET /v1/refusals "
                "lists them.",
            )
        return row

    async def settle_recorded(self, recorded: Mapping[UUID, int], *, by: str) -> None:
        """Mark refusals as recorded, with the positions of their events."""
        settled_at = datetime.now(UTC)

        def settled(refusal_id: UUID, before: RefusalState) -> RefusalState:
            return before._replace(
                status="retried",
                position=recorded[refusal_id],
                settled_at=settled_at,
                settled_by=by,
                dismissal=None,
            )

        await self._change(recorded, settled, retries=1)

    async def keep_open(self, refused: Mapping[UUID, Refused]) -> None:
        """Store why refusals were refused again."""

        def again(refusal_id: UUID, before: RefusalState) -> RefusalState | None:
            if before.status == "retried":
                return None
            refusal = refused[refusal_id].refusal
            return before._replace(reason=refusal.reason, problem=problem_text(refusal))

        await self._change(refused, again, retries=1)

    async def dismiss(self, refusal_id: UUID, *, reason: str, by: str) -> RowMapping:
        """Settle an open refusal without recording it; a dismissed one stays unchanged."""
        settled_at = datetime.now(UTC)

        def dismissed(_: UUID, before: RefusalState) -> RefusalState | None:
            if before.status != "open":
                return None
            return before._replace(
                status="dismissed", settled_at=settled_at, settled_by=by, dismissal=reason
            )

        await self._change([refusal_id], dismissed, retries=0)
        row = await self.one(refusal_id)
        if row["status"] == "retried":
            raise Problem(
                "refusal-settled",
                "This refusal was retried and is now an event, at the given position. Report "
                "another event to take it back.",
                position=str(row["position"]),
            )
        return row

    async def _change(
        self,
        refusal_ids: Collection[UUID],
        change: Callable[[UUID, RefusalState], RefusalState | None],
        *,
        retries: int,
    ) -> None:
        """Change the status of refusals, and seal it; None leaves a refusal unchanged."""
        if not refusal_ids:
            return
        async with self._engine.begin() as connection:
            locked = await connection.execute(
                self._sql["lock_standings"].text, {"refusal_ids": list(refusal_ids)}
            )
            changed = [
                {
                    "refusal_id": refusal_id,
                    "retries": retries,
                    "state_seal": self._seals.of_state(str(refusal_id), status),
                    **status._asdict(),
                }
                for refusal_id, *before in locked
                if (status := change(refusal_id, RefusalState(*before))) is not None
            ]
            if changed:
                await connection.execute(self._sql["write_standing"].text, changed)

    async def waiting(self) -> list[OpenRefusals]:
        """Count the open refusals by reason."""
        async with self._engine.connect() as connection:
            rows = await connection.execute(self._sql["count_open"].text)
            return [OpenRefusals(row.reason, row.refusals, row.oldest_at) for row in rows]

    async def _stretch(self, statement: str, values: dict[str, Any], limit: int) -> RefusalPage:
        wanted = values | {"limit": limit, "scan": SCAN_ROWS}
        names = self._sql[statement].binds
        async with self._engine.connect() as connection:
            rows = await connection.execute(
                self._sql[statement].text, {name: wanted[name] for name in names}
            )
            looked = rows.mappings().all()
        found = [row for row in looked if row["refusal_id"] is not None]
        if len(found) == limit:
            return RefusalPage(
                found, RefusalCursor(found[-1]["received_at"], found[-1]["refusal_id"])
            )
        if looked and looked[0]["looked"] == SCAN_ROWS:
            return RefusalPage(found, RefusalCursor(looked[0]["last_at"], looked[0]["last_id"]))
        return RefusalPage(found, None)
