"""Delivering events to receivers: all of them, in order per lead, retried, dropped, replayed."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from service.feed.log import LogFilter
from service.private_postgres import PrivatePostgres
from service.webhooks import queue as queue_module
from service.webhooks.client import Delivered
from service.webhooks.dispatcher import Dispatcher
from service.webhooks.limits import IN_FLIGHT_PER_WEBHOOK_MAX
from service.webhooks.queue import Delivery, DeliveryQueue
from service.webhooks.retry_schedule import RetrySchedule
from service.webhooks.store import Change
from tests.safety.waiting import until
from tests.support.http_service import LIFECYCLE_AT, SCHEMA
from tests.support.webhook_receiver import Message, Receiver, Reply, receiving
from tests.support.webhooks_on_postgres import QUICK, Webhooks, webhooks_on_postgres


@pytest.fixture
async def webhooks(postgres_server: PrivatePostgres) -> AsyncIterator[Webhooks]:
    async with webhooks_on_postgres(postgres_server) as lent:
        yield lent


async def the_log(webhooks: Webhooks) -> list[str]:
    rows = await webhooks.on.as_owner("SELECT record FROM ledger.events ORDER BY position")
    return [row["record"] for row in rows]


def by_subject(receiver: Receiver) -> dict[str, list[int]]:
    taken = defaultdict(list)
    for message in receiver.taken:
        taken[message.subject].append(message.position)
    return taken


async def test_every_event_arrives_as_it_is_recorded_and_in_order_per_lead(
    webhooks: Webhooks,
) -> None:
    async with receiving() as receiver:
        webhook_id = await webhooks.make(receiver.url, after=0)
        await webhooks.report(20, times=3)
        await webhooks.carry_all(webhooks.dispatcher())
    log = await the_log(webhooks)
    arrived = sorted(receiver.messages, key=lambda one: one.position)
    assert [message.body.decode() for message in arrived] == log
    assert all(found == sorted(found) for found in by_subject(receiver).values())
    assert len({message.headers["webhook-id"] for message in arrived}) == len(log)
    read = await webhooks.read(webhook_id)
    assert (read.position, read.pending, read.dead) == (len(log), 0, 0)
    assert webhooks.outcomes == ["delivered"] * len(log)
    assert 1 < receiver.under_way_max <= IN_FLIGHT_PER_WEBHOOK_MAX


async def test_a_webhook_starts_now_or_at_the_given_position(webhooks: Webhooks) -> None:
    before = await webhooks.report(2, name="before")
    async with receiving() as now, receiving() as then:
        await webhooks.make(now.url)
        await webhooks.make(then.url, after=before[0])
        after = await webhooks.report(1, name="after")
        await webhooks.carry_all(webhooks.dispatcher())
        end = len(await the_log(webhooks))
    assert min(message.position for message in now.messages) == after[0]
    assert {message.position for message in then.messages} == set(range(before[0] + 1, end + 1))


async def test_filters_pass_what_matches_and_advance(webhooks: Webhooks) -> None:
    async with receiving() as receiver:
        wanted = LogFilter(types=("lead.accepted", "form.submitted"), stages=("MAL",))
        webhook_id = await webhooks.make(receiver.url, wanted=wanted, after=0)
        await webhooks.report(3)
        await webhooks.carry_all(webhooks.dispatcher())
        assert {message.event["type"] for message in receiver.messages} == {"lead.accepted"}
        assert len(receiver.messages) == 3
        assert (await webhooks.read(webhook_id)).position == len(await the_log(webhooks))


async def test_a_filter_passes_restatements_by_the_outcomes_that_they_name(
    webhooks: Webhooks,
) -> None:
    wanted = LogFilter(types=("opportunity.created",), stages=("OPP",))
    about = {"lead": {"email": "late@a.example"}, "data": {}}
    later = {**about, "id": "later", "type": "email.opened", "time": "2026-11-03T00:00:00Z"}
    late = {**about, "id": "late", "type": "opportunity.created", "time": "2026-11-02T00:00:00Z"}
    async with receiving() as receiver:
        await webhooks.make(receiver.url, wanted=wanted)
        await webhooks.on.send(later, {**late, "data": {"opportunity": "late"}})
        await webhooks.carry_all(webhooks.dispatcher())
    (message,) = receiver.messages
    assert message.event["type"] == "lead.restated"
    assert message.event["data"]["stages"] == ["OPP", "unplaced"]


async def test_a_failing_event_holds_back_only_its_own_lead(webhooks: Webhooks) -> None:
    async with receiving(lambda message: 500 if message.subject == failing else 200) as receiver:
        failing = ""
        await webhooks.make(receiver.url, wanted=LogFilter(types=("form.submitted",)))
        await webhooks.report(4, times=3)
        rows = await webhooks.on.as_owner(
            "SELECT 'lead/' || subject_id AS subject, min(position) AS position "
            "FROM ledger.events WHERE type = 'form.submitted' GROUP BY subject_id"
        )
        failing, first = rows[0]["subject"], rows[0]["position"]
        dispatcher = webhooks.dispatcher(schedule=RetrySchedule(first_s=60))
        while await dispatcher.step():
            await dispatcher.arrived()
    assert len(receiver.taken) == 9
    assert [one.position for one in receiver.messages if one.subject == failing] == [first]


async def test_a_failed_delivery_is_retried_with_the_same_id(webhooks: Webhooks) -> None:
    attempts: dict[str, int] = defaultdict(int)

    def twice_in_vain(message: Message) -> Reply:
        attempts[message.headers["webhook-id"]] += 1
        return Reply(200 if attempts[message.headers["webhook-id"]] == 3 else 503)

    async with receiving(twice_in_vain) as receiver:
        webhook_id = await webhooks.make(receiver.url)
        await webhooks.report(2)
        await webhooks.carry_all(webhooks.dispatcher())
    assert set(attempts.values()) == {3}
    assert len(receiver.taken) == len(attempts)
    read = await webhooks.read(webhook_id)
    assert (read.pending, read.dead, read.failing_since) == (0, 0, None)


async def test_a_delivery_that_always_fails_is_dead_lettered_and_replayed(
    webhooks: Webhooks,
) -> None:
    status = 500
    async with receiving(lambda _: status) as receiver:
        webhook_id = await webhooks.make(receiver.url, wanted=LogFilter(types=("form.submitted",)))
        positions = await webhooks.report(3)
        dispatcher = webhooks.dispatcher()
        await webhooks.carry_all(dispatcher)
        assert len(receiver.messages) == 3 * QUICK.attempts_max
        queue = webhooks.queue()
        letters = await queue.dead(webhook_id, after=0, limit=10)
        assert [letter.position for letter in letters] == positions
        assert {(letter.type, letter.attempts, letter.failure) for letter in letters} == {
            ("form.submitted", 3, "answered 500")
        }
        assert await queue.dead(webhook_id, after=positions[0], limit=1) == letters[1:2]
        assert (await webhooks.read(webhook_id)).failing_since is not None
        status = 200
        assert await queue.replay(webhook_id, positions[1]) == 1
        assert await queue.replay(webhook_id, positions[1]) == 0
        await webhooks.carry_all(dispatcher)
        assert [one.position for one in receiver.taken] == [positions[1]]
        assert await queue.replay(webhook_id, None) == 2
        await webhooks.carry_all(dispatcher)
    assert {one.position for one in receiver.taken} == set(positions)
    read = await webhooks.read(webhook_id)
    assert (read.dead, read.failing_since, read.is_enabled) == (0, None, True)


async def test_a_webhook_that_fails_for_too_long_is_disabled_and_says_so(
    webhooks: Webhooks,
) -> None:
    status = 500
    async with receiving(lambda _: status) as receiver:
        webhook_id = await webhooks.make(receiver.url)
        dispatcher = webhooks.dispatcher(
            schedule=RetrySchedule(first_s=0.1, factor=1.0, attempts_max=100, fails_at_most_s=0.15)
        )
        await webhooks.report(1)
        await webhooks.carry_all(dispatcher)
        read = await webhooks.read(webhook_id)
        assert not read.is_enabled
        assert read.disabled_reason is not None
        assert read.disabled_reason.startswith("nothing was delivered for")
        assert read.disabled_reason.endswith("answered 500")
        seen = len(receiver.messages)
        assert not await dispatcher.step()
        assert len(receiver.messages) == seen
        status = 200
        await webhooks.store.change(webhook_id, Change(is_enabled=True))
        await webhooks.carry_all(dispatcher)
        read = await webhooks.read(webhook_id)
    assert (read.is_enabled, read.disabled_reason, read.pending) == (True, None, 0)
    assert len(receiver.taken) == len(await the_log(webhooks)) - LIFECYCLE_AT


async def test_a_receiver_that_answers_gone_is_disabled_at_once(webhooks: Webhooks) -> None:
    async with receiving(lambda _: 410) as receiver:
        webhook_id = await webhooks.make(receiver.url, wanted=LogFilter(types=("form.submitted",)))
        await webhooks.report(1)
        await webhooks.carry_all(webhooks.dispatcher())
    read = await webhooks.read(webhook_id)
    assert (read.is_enabled, read.disabled_reason) == (False, "the receiver answered 410 Gone")
    assert (len(receiver.messages), read.pending) == (1, 1)


async def test_a_receiver_that_hangs_does_not_delay_others(webhooks: Webhooks) -> None:
    async with receiving(lambda _: Reply(after_s=20)) as slow, receiving() as quick:
        await webhooks.make(slow.url)
        await webhooks.make(quick.url)
        await webhooks.report(20)
        expected = len(await the_log(webhooks)) - LIFECYCLE_AT
        dispatcher = webhooks.dispatcher(attempt_s=10)
        async with asyncio.timeout(8):
            while len(quick.taken) < expected:
                await dispatcher.step()
                await asyncio.sleep(0.01)
        assert len(slow.messages) == IN_FLIGHT_PER_WEBHOOK_MAX
        for task in list(dispatcher._under_way):
            task.cancel()


async def test_an_unavailable_receiver_does_not_get_the_log_copied(
    webhooks: Webhooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_module, "PENDING_MAX", 7)
    async with receiving(lambda _: 500) as receiver:
        webhook_id = await webhooks.make(receiver.url, after=0)
        await webhooks.report(10)
        dispatcher = webhooks.dispatcher(schedule=RetrySchedule(first_s=60))
        for _ in range(5):
            await dispatcher.step()
        await dispatcher.arrived()
    read = await webhooks.read(webhook_id)
    assert (read.pending, read.position) == (7, 7)


async def test_a_dispatcher_that_closes_gives_back_what_it_could_not_send(
    webhooks: Webhooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.webhooks.dispatcher.CLOSE_S", 0.1)
    waits = [20.0]
    async with receiving(lambda _: Reply(after_s=waits.pop() if waits else 0)) as receiver:
        await webhooks.make(receiver.url, wanted=LogFilter(types=("form.submitted",)))
        await webhooks.report(1)
        first = webhooks.dispatcher()
        await first.step()
        await until(lambda: receiver.messages)
        await first.close()
        await webhooks.carry_all(webhooks.dispatcher())
    assert [len(receiver.messages), len(receiver.taken)] == [2, 1]
    assert webhooks.outcomes == ["delivered"]


async def test_a_secret_that_cannot_be_opened_sends_nothing_unsigned(webhooks: Webhooks) -> None:
    async with receiving() as receiver:
        webhook_id = await webhooks.make(receiver.url, wanted=LogFilter(types=("form.submitted",)))
        await webhooks.on.as_owner("UPDATE ledger.webhook_secrets SET sealed = '\\x01020304'")
        await webhooks.report(1)
        await webhooks.carry_all(webhooks.dispatcher())
        (letter,) = await webhooks.queue().dead(webhook_id, after=0, limit=10)
    assert letter.failure == "not sent: a sealed secret cannot be opened: rotate it"
    assert receiver.messages == []


async def test_a_deleted_webhook_loses_its_queue(webhooks: Webhooks) -> None:
    async with receiving(lambda _: 500) as receiver:
        webhook_id = await webhooks.make(receiver.url)
        await webhooks.report(2)
        await webhooks.carry_all(webhooks.dispatcher())
        assert await webhooks.store.delete(webhook_id)
        assert not await webhooks.store.delete(webhook_id)
    for table in ("webhooks", "webhook_secrets", "webhook_deliveries"):
        assert await webhooks.on.as_owner(f"SELECT FROM ledger.{table}") == []


class Faulty(Dispatcher):
    """Fails with an unexpected error on every message to one webhook."""

    webhook_id: UUID

    async def _sign_and_send(self, delivery: Delivery) -> Delivered:
        if delivery.webhook_id == self.webhook_id:
            raise KeyError(delivery.url)
        return await super()._sign_and_send(delivery)


async def test_an_unexpected_error_is_a_failed_attempt_like_any_other(webhooks: Webhooks) -> None:
    """Retried with pauses, then a dead letter; other webhooks are not affected."""
    async with receiving() as receiver:
        cursed = await webhooks.make(receiver.url)
        blessed = await webhooks.make(receiver.url)
        Faulty.webhook_id = cursed
        await webhooks.report(2)
        await webhooks.carry_all(webhooks.dispatcher(kind=Faulty))
        expected = len(await the_log(webhooks)) - LIFECYCLE_AT
        assert len(receiver.taken) == expected
    assert (await webhooks.read(blessed)).dead == 0
    assert (await webhooks.read(cursed)).dead == expected
    (dead, *_) = await webhooks.queue().dead(cursed, after=0, limit=1)
    assert dead.failure == "not sent: the service has a fault (KeyError)"
    assert dead.attempts == QUICK.attempts_max


class FaultyQueue(DeliveryQueue):
    """Fails to queue anything for one webhook."""

    webhook_id: UUID

    async def queue(self, webhook_id: UUID) -> bool:
        if webhook_id == self.webhook_id:
            raise KeyError(webhook_id)
        return await super().queue(webhook_id)


async def test_a_webhook_whose_queue_fails_does_not_delay_others(webhooks: Webhooks) -> None:
    async with receiving() as receiver:
        FaultyQueue.webhook_id = await webhooks.make(receiver.url)
        await webhooks.make(receiver.url)
        await webhooks.report(1)
        dispatcher = webhooks.dispatcher(queue=FaultyQueue(webhooks.on.engine, SCHEMA))
        await dispatcher.step()
        await dispatcher.arrived()
        assert receiver.taken
