"""Webhooks through the command and the port alone: every event arrives, whatever is killed."""

import asyncio
import random
from pathlib import Path
from typing import Any

import httpx
from standardwebhooks.webhooks import Webhook

from events.remote.roles import Role
from tests.safety.dead_connections import DEAD_CONNECTIONS
from tests.safety.waiting import until
from tests.support.running_service import RunningService, eventually, running_service
from tests.support.tier import by_tier
from tests.support.webhook_receiver import Message, Receiver, Reply, receiving

pytestmark = DEAD_CONNECTIONS

KILLS = by_tier(push=2, nightly=20)
LEADS, TIMES = 20, 6
ANSWER_WAIT_S = 10
ARRIVAL_WAIT_S = 60
"""Longer than a killed process's lease plus the pause after a second attempt."""


def report(service: RunningService, turn: int) -> None:
    """Report forms, and retry until there is an answer: one id is one event."""
    events = [
        {
            "id": f"form-{turn}-{lead}",
            "source": "website",
            "type": "form.submitted",
            "lead": {"email": f"person{lead}@company{lead}.example"},
        }
        for lead in range(LEADS)
    ]
    with service.client(service.key) as client:
        eventually(lambda: is_taken(client, events))


def is_taken(client: httpx.Client, events: list[dict[str, Any]]) -> bool:
    try:
        status = client.post("/v1/events", json=events, timeout=ANSWER_WAIT_S).status_code
    except httpx.TransportError:
        # It was sent to the killed process.
        return False
    assert status in {200, 503}
    return status == 200


def make_webhook(service: RunningService, receiver: Receiver) -> str:
    with service.client(service.key) as client:
        answer = client.post("/v1/webhooks", json={"url": receiver.url, "after": "0"})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["secret"])


def head_of(service: RunningService) -> int:
    with service.client(service.key) as client:
        return int(client.get("/v1/events").json()["head"])


def has_nothing_left(service: RunningService) -> bool:
    """Read the metrics; the last delivery may not be noted yet."""
    with service.client(service.key) as client:
        return 'leadledger_webhook_events{status="pending"} 0.0' in client.get("/metrics").text


def kill_the_reader(service: RunningService) -> None:
    eventually(lambda: service.of_role(Role.READER))
    service.of_role(Role.READER)[0].kill()


async def test_every_event_arrives_signed_and_in_order_though_processes_are_killed(
    data_dir: Path,
) -> None:
    draw = random.Random(7)
    refused: set[str] = set()

    def slow_and_moody(message: Message) -> Reply:
        # No lead twice: a message lost with a process and then refused repeatedly is rightly
        # minutes late, and so are the later ones of its lead.
        is_refused = message.subject not in refused and draw.random() < 0.05
        if is_refused:
            refused.add(message.subject)
        return Reply(503 if is_refused else 200, after_s=0.05)

    with running_service(
        data_dir, "--workers", "2", LEADLEDGER_WEBHOOK_PRIVATE_ADDRESSES="true"
    ) as service:
        async with receiving(slow_and_moody) as receiver:
            secret = await asyncio.to_thread(make_webhook, service, receiver)
            for turn in range(TIMES):
                await asyncio.to_thread(report, service, turn)
                if turn < KILLS:
                    await asyncio.sleep(0.2)
                    await asyncio.to_thread(kill_the_reader, service)
                    await asyncio.to_thread(eventually, lambda: len(service.workers()) == 4)
            head = await asyncio.to_thread(head_of, service)
            async with asyncio.timeout(ARRIVAL_WAIT_S):
                await until(lambda: len({one.position for one in receiver.taken}) == head)
            await asyncio.to_thread(eventually, lambda: has_nothing_left(service))
    assert refused, "the receiver was to refuse some"
    assert len(receiver.taken) < 1.5 * head, "hardly anything may arrive twice"
    judge = Webhook(secret)
    newest: dict[str, int] = {}
    first = {message.position: message for message in reversed(receiver.taken)}
    for message in receiver.taken:
        judge.verify(message.body, dict(message.headers))
        if message is first[message.position]:
            assert message.position > newest.get(message.subject, 0)
            newest[message.subject] = message.position
