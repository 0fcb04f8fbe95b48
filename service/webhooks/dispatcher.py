"""Deliver events to webhooks. Any number of processes may do so at once.

Each round queues new events from the log, claims what is due, and sends it; the outcome is stored
when the receiver has answered. If the process is killed in between, the message is sent again:
delivery is at least once, and each message has an id that lets the receiver recognise it.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from time import time
from uuid import UUID

import structlog

from events.background.loops import cancelled, endlessly
from events.faults import OnFault, uncounted
from projections.engine.transactions import UNAVAILABLE
from service.webhooks.client import Delivered, Poster
from service.webhooks.encryption import Seal, SealBroken
from service.webhooks.limits import (
    CLOSE_S,
    GATHER_S,
    IN_FLIGHT_MAX,
    IN_FLIGHT_PER_WEBHOOK_MAX,
    POLL_S,
    RETRY_S,
)
from service.webhooks.queue import Delivery, DeliveryQueue, QueueCursor
from service.webhooks.retry_schedule import RetrySchedule
from service.webhooks.signing import signed_headers

DELIVERED, FAILED, DEAD = "delivered", "failed", "dead"

log = structlog.get_logger()


class Dispatcher:
    """One process's dispatcher. A class, because it is woken, and knows what is in flight."""

    def __init__(
        self,
        queue: DeliveryQueue,
        seal: Seal,
        poster: Poster,
        on_outcome: Callable[[str], None],
        *,
        schedule: RetrySchedule | None = None,
        on_fault: OnFault = uncounted,
    ) -> None:
        self._on_fault = on_fault
        self._queue = queue
        self._seal = seal
        self._poster = poster
        self._on_outcome = on_outcome
        self._schedule = schedule or RetrySchedule()
        self._task: asyncio.Task[None] | None = None
        self._under_way: dict[asyncio.Task[None], Delivery] = {}
        self._woken = asyncio.Event()
        self._has_webhooks = True

    def wake(self) -> None:
        """Look for new events now. Cheap, and safe to call after every append."""
        self._woken.set()

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="webhooks")

    async def step(self) -> bool:
        """Queue new events, start sending what is due; False: nothing more to do now."""
        self._woken.clear()
        cursors = await self._queue.look()
        self._has_webhooks = bool(cursors)
        behind = [cursor.webhook_id for cursor in cursors if cursor.is_behind]
        queued = [webhook_id for webhook_id in behind if await self._queue_next(webhook_id)]
        free = self._free(cursors, queued)
        claimed = await self._queue.claim(free) if free else []
        for delivery in claimed:
            task = asyncio.create_task(self._carry(delivery), name="webhook delivery")
            self._under_way[task] = delivery
            task.add_done_callback(self._arrived)
        return bool(queued or claimed)

    async def arrived(self) -> None:
        """Wait for all messages in flight."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    async def close(self) -> None:
        """Wait a while for messages in flight; release the rest to be sent by other processes."""
        await cancelled(self._task)
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_S):
                await self.arrived()
        left = dict(self._under_way)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        for task, delivery in left.items():
            if task.cancelled():
                with suppress(*UNAVAILABLE):
                    await self._queue.release(delivery)

    async def _run(self) -> None:
        """Deliver until cancelled. Wait while the database is unavailable."""
        await endlessly(
            "webhooks",
            self._step_and_rest,
            pause_s=RETRY_S,
            on_fault=self._on_fault,
            away=UNAVAILABLE,
        )

    async def _step_and_rest(self) -> None:
        is_busy = await self.step()
        await asyncio.sleep(GATHER_S)
        if not is_busy:
            await self._rest()

    async def _queue_next(self, webhook_id: UUID) -> bool:
        """Queue new events for one webhook; an error there does not hold up the others."""
        try:
            return await self._queue.queue(webhook_id)
        except UNAVAILABLE:
            raise
        except Exception:
            self._on_fault("webhook")
            log.exception("webhook.queueing_failed", webhook=str(webhook_id))
            return False

    def _free(self, cursors: list[QueueCursor], queued: Iterable[UUID]) -> dict[UUID, int]:
        """Divide the free capacity among the webhooks that have something due."""
        left = IN_FLIGHT_MAX - len(self._under_way)
        carried = Counter(delivery.webhook_id for delivery in self._under_way.values())
        free: dict[UUID, int] = {}
        due = [
            cursor.webhook_id for cursor in cursors if cursor.has_due or cursor.webhook_id in queued
        ]
        # In a different order each time: with many webhooks none is always last.
        for webhook_id in random.sample(due, len(due)):
            count = min(left, IN_FLIGHT_PER_WEBHOOK_MAX - carried[webhook_id])
            if count > 0:
                free[webhook_id] = count
                left -= count
        return free

    async def _carry(self, delivery: Delivery) -> None:
        try:
            await self._settle(delivery, await self._send(delivery))
        except UNAVAILABLE as error:
            # The lease will end, and the message is sent again.
            log.warning("webhook.unsettled", error=type(error).__name__)
        except Exception:
            self._on_fault("webhook")
            log.exception("webhook.carrying_failed", webhook=str(delivery.webhook_id))

    async def _send(self, delivery: Delivery) -> Delivered:
        """Send one message. An unexpected error is a failed attempt like any other."""
        try:
            return await self._sign_and_send(delivery)
        except Exception as error:
            self._on_fault("webhook")
            log.exception(
                "webhook.not_sent", webhook=str(delivery.webhook_id), position=delivery.position
            )
            return Delivered(f"not sent: the service has a fault ({type(error).__name__})")

    async def _sign_and_send(self, delivery: Delivery) -> Delivered:
        body, owner = delivery.record.encode(), str(delivery.webhook_id)
        try:
            keys = [self._seal.open(sealed, owner=owner) for sealed in delivery.sealed]
        except SealBroken as error:
            return Delivered(f"not sent: {error}")
        headers = signed_headers(keys, id=delivery.message_id, timestamp=int(time()), body=body)
        return await self._poster.post(delivery.url, headers, body)

    async def _settle(self, delivery: Delivery, answer: Delivered) -> None:
        if answer.failure is None:
            await self._queue.delivered(delivery)
            self._on_outcome(DELIVERED)
            return
        is_last = self._schedule.is_over(delivery.attempts)
        pause_s = self._schedule.pause_s(
            delivery.attempts,
            chance=random.random(),  # noqa: S311 - spreads retries, guards nothing
            asked_s=answer.retry_after_s,
        )
        await self._queue.failed(delivery, answer.failure, pause_s=None if is_last else pause_s)
        self._on_outcome(DEAD if is_last else FAILED)
        log.info(
            "webhook.failed",
            webhook=str(delivery.webhook_id),
            position=delivery.position,
            attempts=delivery.attempts,
            failure=answer.failure,
            is_dead=is_last,
        )
        await self._judge(delivery.webhook_id, answer)

    async def _judge(self, webhook_id: UUID, answer: Delivered) -> None:
        """Disable a webhook that has failed for too long, or whose receiver answered 410."""
        days = self._schedule.fails_at_most_s / 86_400
        reason = (
            "the receiver answered 410 Gone"
            if answer.is_gone
            else f"nothing was delivered for {days:g} days; last: {answer.failure}"
        )
        is_disabled = await self._queue.failing(
            webhook_id,
            reason=reason,
            is_gone=answer.is_gone,
            fails_at_most_s=self._schedule.fails_at_most_s,
        )
        if is_disabled:
            log.error("webhook.disabled", webhook=str(webhook_id), reason=reason)

    def _arrived(self, task: asyncio.Task[None]) -> None:
        self._under_way.pop(task, None)
        self._woken.set()

    async def _rest(self) -> None:
        """Sleep until woken. If there are webhooks, poll: other processes cannot wake us."""
        if not self._has_webhooks:
            await asyncio.sleep(POLL_S)
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(POLL_S):
                await self._woken.wait()
