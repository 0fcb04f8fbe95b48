"""Kill every part of the whole service under load, through the command and the port alone."""

import asyncio
import random
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from events.remote.roles import Role
from tests.safety.dead_connections import DEAD_CONNECTIONS
from tests.safety.http_sending import http_sending, send_and_leave
from tests.safety.log_check import Violation
from tests.safety.soak import check
from tests.safety.traffic import Answer, Batch, Load, send, until_answered
from tests.safety.waiting import some_more
from tests.support.processes import Process, family_of
from tests.support.running_service import (
    ROOT,
    RunningService,
    eventually,
    running_service,
    start_service,
)
from tests.support.tier import by_tier

pytestmark = DEAD_CONNECTIONS

SENDERS = 32
KILLS_OF_EACH = by_tier(push=1, nightly=12)
LOAD_S = 0.6
"""The longest time that the load runs undisturbed between two kills."""
LEAVE_EVERY_S = 0.05
WRITE_BEHIND = {"PYTHONPATH": f"{ROOT}:{ROOT}/tests/safety/write_behind"}
HASTY_FRONT = {"PYTHONPATH": f"{ROOT}:{ROOT}/tests/safety/hasty_front"}


class Victim:
    """A service whose parts are killed. A class, because its address changes with a restart."""

    def __init__(self, service: RunningService) -> None:
        self.service = service
        self.key = service.key

    def url(self) -> str:
        return self.service.url

    def kill_writer(self, draw: random.Random) -> None:
        self._kill(Role.WRITER, draw)

    def kill_front(self, draw: random.Random) -> None:
        self._kill(Role.FRONT, draw)

    def kill_reader(self, draw: random.Random) -> None:
        self._kill(Role.READER, draw)

    def _kill(self, role: Role, draw: random.Random) -> None:
        eventually(lambda: self.service.of_role(role))
        draw.choice(self.service.of_role(role)).kill()

    def kill_backend(self, draw: random.Random) -> None:
        eventually(self.backends)
        draw.choice(self.backends()).kill()

    def backends(self) -> list[Process]:
        postmaster = self.service.postmaster()
        family = family_of(postmaster.pid) if postmaster is not None else []
        return [process for process in family if "leadledger_app" in process.command]

    def kill_postmaster(self, _: random.Random) -> None:
        eventually(self.service.postmaster)
        postmaster = self.service.postmaster()
        assert postmaster is not None
        postmaster.kill()
        eventually(lambda: self.service.postmaster() not in {None, postmaster})

    def kill_service(self, _: random.Random) -> None:
        self.service.end(signal.SIGKILL)
        self.service = start_service(self.service.data_dir, ("--workers", "2"), {})

    def kills(self) -> list[str]:
        every = ["writer", "front", "reader", "backend", "postmaster", "service"]
        return every * KILLS_OF_EACH


@asynccontextmanager
async def under_load(victim: Victim, received: list[Answer]) -> AsyncIterator[list[Batch]]:
    """Run 32 senders, and others that leave before the answer; return what these others sent."""
    left: list[Batch] = []

    async def leave() -> None:
        load = Load(99, senders=1, batches=100_000, numbers=2_000)
        for batch in load.batches_of(0):
            left.append(batch)
            await send_and_leave(victim.url(), victim.key, batch)
            await asyncio.sleep(LEAVE_EVERY_S)

    load = Load(7, SENDERS, batches=100_000, numbers=500, drift=40)
    async with http_sending(victim.url, victim.key) as sending:
        tasks = [
            asyncio.create_task(send(load, sending, lambda _, new: received.extend(new))),
            asyncio.create_task(leave()),
        ]
        try:
            yield left
        finally:
            ended = [task for task in tasks if task.done()]
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            for task in ended:
                task.result()


async def test_a_service_killed_in_every_part_loses_nothing_and_records_nothing_twice(
    data_dir: Path,
) -> None:
    draw = random.Random(7)
    received: list[Answer] = []
    with running_service(data_dir, "--workers", "2") as service:
        victim = Victim(service)
        try:
            kills = victim.kills()
            draw.shuffle(kills)
            async with under_load(victim, received) as left:
                for kill in kills:
                    await some_more(received)
                    await asyncio.sleep(LOAD_S * draw.random())
                    await asyncio.to_thread(getattr(victim, f"kill_{kill}"), draw)
                await some_more(received)
            async with http_sending(victim.url, victim.key) as sending:
                again = [
                    answer for batch in left for answer in await until_answered(sending, batch)
                ]
            await check(victim.service, victim.key, [*received, *again])
            assert len(received) > 10 * len(kills), "there was hardly any load to survive"
        finally:
            victim.service.end(signal.SIGKILL)


@pytest.mark.parametrize("mistake", [WRITE_BEHIND, HASTY_FRONT], ids=["writer", "front"])
async def test_a_service_that_answers_before_the_commit_would_lose_events(
    data_dir: Path, mistake: dict[str, str]
) -> None:
    """The negative twins: a writer that answers once it has decided, a front once it has queued."""
    received: list[Answer] = []
    with running_service(data_dir, "--workers", "1", **mistake) as service:
        victim = Victim(service)
        async with under_load(victim, received):
            await some_more(received)
            await asyncio.sleep(LOAD_S)
            victim.kill_writer(random.Random(1))
            await some_more(received)
        with pytest.raises(Violation, match="the ledger holds"):
            await check(victim.service, victim.key, received)
