"""The queue of deliveries: new events are queued, due ones claimed, and outcomes stored.

All state is in the database, so a process that is killed loses nothing: what it had claimed is free
again when the lease ends, and is sent again.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from events.database.sessions import borrowed
from events.database.statements import Statement, load
from projections.engine.transactions import transaction
from service.webhooks.limits import LEASE_S, PENDING_MAX, QUEUE_EVENTS, SCAN_POSITIONS

log = structlog.get_logger()


class QueueCursor(NamedTuple):
    """A webhook that may need work."""

    webhook_id: UUID
    is_behind: bool
    has_due: bool


class Delivery(NamedTuple):
    """One event on its way to one webhook, claimed by this process."""

    webhook_id: UUID
    position: int
    attempts: int
    """Including this one."""
    url: str
    is_failing: bool
    """The webhook has failed since it last accepted a message."""
    sealed: list[bytes]
    """Its secrets, as they are stored, newest first."""
    ledger_id: UUID
    record: str

    @property
    def message_id(self) -> str:
        """The same for every attempt, and unique among the events of all ledgers."""
        return f"{self.ledger_id}-{self.position}"


class GivenUp(NamedTuple):
    """An event that was given up: a dead letter."""

    position: int
    type: str
    attempts: int
    failure: str
    failed_at: datetime


class Totals(NamedTuple):
    pending: int
    dead: int
    disabled: int
    lag_s: float


class DeliveryQueue:
    """The table of deliveries. A class, because every verb needs the same engine and statements."""

    def __init__(self, engine: AsyncEngine, schema: str, *, lease_s: float = LEASE_S) -> None:
        self._engine = engine
        self._sql: Mapping[str, Statement] = load("service.webhooks", "queue.sql", schema)
        self._lease_s = lease_s

    async def look(self) -> list[QueueCursor]:
        """Return the webhooks that need work; disable those whose position is beyond the log."""
        async with borrowed(self._engine) as driver:
            rows = await driver.fetch(self._sql["look"].driver_sql)
            if any(row["is_stranded"] for row in rows):
                for webhook_id, reason in await driver.fetch(self._sql["strand"].driver_sql):
                    log.error("webhook.disabled", webhook=str(webhook_id), reason=reason)
        return [
            QueueCursor(row["webhook_id"], row["is_behind"], row["has_due"])
            for row in rows
            if not row["is_stranded"]
        ]

    async def queue(self, webhook_id: UUID) -> bool:
        """Queue the next stretch of the log; False: another process is doing so, or it is full."""
        shared = {"webhook_id": webhook_id, "pending_max": PENDING_MAX}
        async with transaction(self._engine, self._sql["limit_waits"]) as driver:
            take, room = self._sql["take"], self._sql["room"]
            taken = await driver.fetchrow(take.driver_sql, *take.arguments(shared))
            if taken is None:
                return False
            free = await driver.fetchval(room.driver_sql, *room.arguments(shared))
            if not free:
                return False
            values = {
                **shared,
                "after": taken["position"],
                "types": taken["types"] or None,
                "stages": taken["stages"] or None,
                "scan": SCAN_POSITIONS,
                "limit": min(QUEUE_EVENTS, free),
            }
            queue = self._sql["queue"]
            reached = await driver.fetchval(queue.driver_sql, *queue.arguments(values))
        return bool(reached > taken["position"])

    async def claim(self, slots: Mapping[UUID, int]) -> list[Delivery]:
        """Claim what is due, at most the given number for each webhook."""
        values = {
            "webhook_ids": list(slots),
            "slots": list(slots.values()),
            "lease_s": self._lease_s,
        }
        claim = self._sql["claim"]
        async with borrowed(self._engine) as driver:
            rows = await driver.fetch(claim.driver_sql, *claim.arguments(values))
        return [Delivery(*row.values()) for row in rows]

    async def delivered(self, delivery: Delivery) -> None:
        """Record that the receiver has it."""
        await self._execute("delivered", delivery._asdict())
        if delivery.is_failing:
            await self._execute("recovered", delivery._asdict())

    async def failed(self, delivery: Delivery, failure: str, *, pause_s: float | None) -> None:
        """Record that an attempt failed; without a pause the event is given up."""
        values = {
            **delivery._asdict(),
            "status": "dead" if pause_s is None else "pending",
            "pause_s": pause_s or 0.0,
            "failure": failure,
        }
        await self._execute("failed", values)

    async def failing(
        self, webhook_id: UUID, *, reason: str, is_gone: bool, fails_at_most_s: float
    ) -> bool:
        """Record that a webhook fails; True: it has failed for too long and is now disabled."""
        values = {
            "webhook_id": webhook_id,
            "reason": reason,
            "is_gone": is_gone,
            "fails_at_most_s": fails_at_most_s,
        }
        failing = self._sql["failing"]
        async with borrowed(self._engine) as driver:
            return bool(await driver.fetchval(failing.driver_sql, *failing.arguments(values)))

    async def release(self, delivery: Delivery) -> None:
        """Release what was claimed but not completely sent."""
        await self._execute("release", delivery._asdict())

    async def dead(self, webhook_id: UUID, *, after: int, limit: int) -> list[GivenUp]:
        """Read a page of the dead letters."""
        values = {"webhook_id": webhook_id, "after": after, "limit": limit}
        listed = self._sql["list_dead"]
        async with borrowed(self._engine) as driver:
            rows = await driver.fetch(listed.driver_sql, *listed.arguments(values))
        return [GivenUp(*row.values()) for row in rows]

    async def replay(self, webhook_id: UUID, position: int | None) -> int:
        """Queue one dead letter again, or all; return the number."""
        done = await self._execute("replay", {"webhook_id": webhook_id, "position": position})
        return int(done.removeprefix("UPDATE "))

    async def totals(self) -> Totals:
        """Count deliveries for the metrics."""
        async with borrowed(self._engine) as driver:
            row = await driver.fetchrow(self._sql["totals"].driver_sql)
        assert row is not None
        return Totals(int(row["pending"]), int(row["dead"]), row["disabled"], row["lag_s"])

    async def _execute(self, name: str, values: Mapping[str, object]) -> str:
        statement = self._sql[name]
        async with borrowed(self._engine) as driver:
            done: str = await driver.execute(statement.driver_sql, *statement.arguments(values))
        return done
