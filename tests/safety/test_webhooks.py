"""At least once, never concurrently, in order per lead: whatever dies, however many run."""

import dataclasses
import random
from collections import Counter, defaultdict
from collections.abc import AsyncIterator

import pytest

from service.feed.log import LogFilter
from service.private_postgres import PrivatePostgres
from service.webhooks.client import Delivered
from service.webhooks.dispatcher import Dispatcher
from service.webhooks.queue import Delivery, DeliveryQueue
from service.webhooks.retry_schedule import RetrySchedule
from tests.support.http_service import LIFECYCLE_AT
from tests.support.webhook_receiver import Message, Receiver, Reply, receiving
from tests.support.webhooks_on_postgres import Webhooks, webhooks_on_postgres

FORMS = LogFilter(types=("form.submitted",))
STUBBORN = RetrySchedule(first_s=0.01, factor=1.0, attempts_max=1_000)


class Killed(BaseException):
    """The process dies here."""


class Dying(Dispatcher):
    """A dispatcher whose process dies after the receiver has answered."""

    async def _settle(self, _: Delivery, __: Delivered) -> None:
        raise Killed


class Hasty(Dispatcher):
    """The same, but it notes first and sends then."""

    async def _carry(self, delivery: Delivery) -> None:
        await self._queue.delivered(delivery)
        raise Killed


@pytest.fixture
async def webhooks(postgres_server: PrivatePostgres) -> AsyncIterator[Webhooks]:
    async with webhooks_on_postgres(postgres_server) as lent:
        yield lent


async def missing_after_a_death(webhooks: Webhooks, kind: type[Dispatcher]) -> set[int]:
    """Run a dispatcher that dies midway, then another; return the events that never arrived."""
    async with receiving() as receiver:
        await webhooks.make(receiver.url, wanted=FORMS)
        positions = await webhooks.report(6)
        dying = webhooks.dispatcher(kind=kind, queue=webhooks.queue(lease_s=0.2))
        await dying.step()
        await dying.arrived()
        await webhooks.carry_all(webhooks.dispatcher())
    return set(positions) - {message.position for message in receiver.taken}


async def test_an_event_sent_by_a_dispatcher_that_died_is_sent_again(webhooks: Webhooks) -> None:
    assert await missing_after_a_death(webhooks, Dying) == set()


async def test_an_event_noted_before_it_is_sent_would_be_lost(webhooks: Webhooks) -> None:
    """The negative twin: at most once."""
    assert await missing_after_a_death(webhooks, Hasty) != set()


async def arrivals_with_several_dispatchers(webhooks: Webhooks, *, lease_s: float) -> Counter[int]:
    """Run four dispatchers on one queue; return how often each event arrived."""
    async with receiving(lambda _: Reply(after_s=0.03)) as receiver:
        await webhooks.make(receiver.url)
        await webhooks.make(receiver.url, wanted=FORMS)
        await webhooks.report(30)
        dispatchers = [webhooks.dispatcher(queue=webhooks.queue(lease_s=lease_s)) for _ in range(4)]
        await webhooks.carry_all(*dispatchers)
    return Counter(message.position for message in receiver.messages)


async def test_several_dispatchers_send_every_event_once(webhooks: Webhooks) -> None:
    arrivals = await arrivals_with_several_dispatchers(webhooks, lease_s=60)
    rows = await webhooks.on.as_owner(
        "SELECT position, type FROM ledger.events WHERE position > $1", LIFECYCLE_AT
    )
    assert arrivals == {
        row["position"]: 2 if row["type"] == "form.submitted" else 1 for row in rows
    }


async def test_without_a_lease_they_would_send_some_of_them_twice(webhooks: Webhooks) -> None:
    """The negative twin: what is claimed is free again at once."""
    arrivals = await arrivals_with_several_dispatchers(webhooks, lease_s=0)
    assert max(arrivals.values()) > 2


async def overtaken_with_failures(webhooks: Webhooks, queue: DeliveryQueue) -> int:
    """Make a receiver fail at random; return how many events a later one of their lead overtook."""
    chance = random.Random(7)

    def moody(_: Message) -> int:
        return 500 if chance.random() < 0.4 else 200

    async with receiving(moody) as receiver:
        await webhooks.make(receiver.url, wanted=FORMS)
        await webhooks.report(5, times=8)
        dispatchers = [webhooks.dispatcher(schedule=STUBBORN, queue=queue) for _ in range(3)]
        await webhooks.carry_all(*dispatchers)
    assert len(receiver.taken) == 40
    return _overtaken(receiver)


def _overtaken(receiver: Receiver) -> int:
    taken: dict[str, list[int]] = defaultdict(list)
    for message in receiver.taken:
        taken[message.subject].append(message.position)
    return sum(
        position < max(before)
        for positions in taken.values()
        for position, before in zip(positions[1:], _prefixes(positions), strict=True)
    )


def _prefixes(positions: list[int]) -> list[list[int]]:
    return [positions[:end] for end in range(1, len(positions))]


async def test_events_of_a_lead_arrive_in_order_whatever_fails(webhooks: Webhooks) -> None:
    assert await overtaken_with_failures(webhooks, webhooks.queue()) == 0


async def test_without_waiting_for_earlier_events_later_ones_would_overtake(
    webhooks: Webhooks,
) -> None:
    """The negative twin: everything due is claimed, even if an earlier event is in flight."""
    queue = webhooks.queue()
    claim = queue._sql["claim"]
    blind = claim.driver_sql.replace("AND candidate.position = (", "AND 0 < (")
    assert blind != claim.driver_sql
    queue._sql = {**queue._sql, "claim": dataclasses.replace(claim, driver_sql=blind)}
    assert await overtaken_with_failures(webhooks, queue) > 0
