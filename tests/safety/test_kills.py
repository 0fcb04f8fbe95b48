"""Kill every killable process at random moments under load: nothing acknowledged is lost."""

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType

import pytest
from sqlalchemy import URL
from structlog.testing import capture_logs

from service.engine import APPLICATION_NAME
from service.private_postgres import PrivatePostgres
from tests.safety.dead_connections import DEAD_CONNECTIONS
from tests.safety.ledger_check import check_ledger
from tests.safety.log_check import Violation
from tests.safety.open_ledger import open_ledger
from tests.safety.processes import Heard, writing
from tests.safety.traffic import Answer, Away, Load, send
from tests.safety.unsafe_append import ASYNCHRONOUS_COMMIT, replace_append
from tests.safety.waiting import some_more
from tests.safety.writing_process import Task
from tests.support.http_service import prepare
from tests.support.postgres import SMALL, connection_to, fresh_database
from tests.support.tier import by_tier

pytestmark = DEAD_CONNECTIONS

KILLS = by_tier(push=6, nightly=100)
PROCESS_KILLS = by_tier(push=3, nightly=30)
"""Fewer kills, because a process takes a second or two to start."""
LOAD_S = 0.4
"""The longest time that a load runs undisturbed between two kills."""


async def write_and_be_killed(app_url: URL, *, ledger: str, seed: int, kills: int) -> Heard:
    """Send one load through processes that are killed one after another."""
    draw = random.Random(seed)
    load = Load(seed, senders=8, batches=100_000, numbers=500, drift=10)
    heard = Heard([0] * load.senders)
    for _ in range(kills):
        task = Task(
            app_url.render_as_string(hide_password=False), load, list(heard.batches), ledger
        )
        async with writing(task, heard) as process:
            await some_more(heard.answers)
            await asyncio.sleep(LOAD_S * draw.random())
            process.kill()
        assert process.returncode == -signal.SIGKILL
    return heard


async def test_a_killed_writer_loses_nothing_that_it_acknowledged(
    postgres_server: PrivatePostgres,
) -> None:
    _, app_url = fresh_database(postgres_server, prepare=prepare)
    heard = await write_and_be_killed(app_url, ledger="safe", seed=1, kills=PROCESS_KILLS)
    await check_ledger(app_url, heard.answers)


async def test_a_writer_that_answers_before_the_commit_would_lose_events(
    postgres_server: PrivatePostgres,
) -> None:
    """The negative twin: the same answers, a moment earlier."""
    _, app_url = fresh_database(postgres_server, prepare=prepare)
    heard = await write_and_be_killed(app_url, ledger="write-behind", seed=1, kills=2)
    with pytest.raises(Violation, match="the ledger holds"):
        await check_ledger(app_url, heard.answers)


Kill = Callable[[PrivatePostgres, int], None]


def terminate_backend(_: PrivatePostgres, backend: int) -> None:
    os.kill(backend, signal.SIGTERM)


def kill_backend(_: PrivatePostgres, backend: int) -> None:
    """The postmaster then ends all other backends, and recovers."""
    os.kill(backend, signal.SIGKILL)


def kill_postmaster(postgres: PrivatePostgres, _: int) -> None:
    os.kill(postgres.pid, signal.SIGKILL)


@asynccontextmanager
async def own_server(
    data_dir: Path, settings: Mapping[str, str] = MappingProxyType({})
) -> AsyncIterator[PrivatePostgres]:
    """Run a server that may be killed, with a ledger, supervised as by the service."""
    postgres = PrivatePostgres(data_dir, extra_settings={**SMALL, **settings})
    await asyncio.to_thread(postgres.start)
    try:
        await asyncio.to_thread(prepare, postgres.owner_url, postgres.app_url)
        yield postgres
    finally:
        await asyncio.to_thread(postgres.stop)


async def backends(url: URL) -> list[int]:
    """Find the processes that serve the ledger's connections."""
    async with connection_to(url) as connection:
        rows = await connection.fetch(
            "SELECT pid FROM pg_stat_activity WHERE application_name = $1 ORDER BY pid",
            APPLICATION_NAME,
        )
    return [row["pid"] for row in rows]


async def kill_under_load(
    postgres: PrivatePostgres, kill: Kill, *, seed: int, kills: int
) -> list[Answer]:
    """Write from two queues while the database is killed repeatedly; return the answers."""
    draw = random.Random(seed)
    answers: list[Answer] = []
    async with open_ledger(postgres.app_url) as one, open_ledger(postgres.app_url) as other:
        loads = [
            asyncio.create_task(send(load, at.send, lambda _, new: answers.extend(new)))
            for at, load in (
                (one, Load(seed, senders=8, batches=100_000, numbers=500, drift=20)),
                (other, Load(seed + 1, senders=8, batches=100_000, numbers=500, drift=20)),
            )
        ]
        for _ in range(kills):
            await some_more(answers)
            await asyncio.sleep(LOAD_S * draw.random())
            kill(postgres, draw.choice(await backends(postgres.app_url)))
            await asyncio.sleep(0.05)
            await asyncio.to_thread(postgres.ensure_running)
        assert not any(load.done() for load in loads), "senders only get 503, and retry"
        for load in loads:
            load.cancel()
        await asyncio.wait(loads)
    return answers


@pytest.mark.parametrize("kill", [terminate_backend, kill_backend, kill_postmaster])
async def test_a_killed_database_loses_nothing_that_was_acknowledged(
    data_dir: Path, kill: Kill
) -> None:
    async with own_server(data_dir) as postgres:
        answers = await kill_under_load(postgres, kill, seed=7, kills=KILLS)
        verified = await check_ledger(postgres.app_url, answers)
        assert verified.position > 10 * KILLS


LAZY = {"synchronous_commit": "off", "wal_writer_delay": "10s"}
"""A server that commits in memory, and writes to disk later."""


@pytest.mark.parametrize("kill", [kill_backend, kill_postmaster])
async def test_a_server_configured_to_commit_in_memory_loses_nothing_either(
    data_dir: Path, kill: Kill
) -> None:
    async with own_server(data_dir, LAZY) as postgres:
        answers = await kill_under_load(postgres, kill, seed=7, kills=1)
        await check_ledger(postgres.app_url, answers)


@pytest.mark.parametrize("kill", [kill_backend, kill_postmaster])
async def test_a_commit_that_does_not_wait_for_the_disk_would_lose_events(
    data_dir: Path, kill: Kill
) -> None:
    """The negative twin: the answer is sent when the commit is in the server's memory."""
    async with own_server(data_dir, LAZY) as postgres:
        await replace_append(postgres.owner_url, ASYNCHRONOUS_COMMIT)
        answers = await kill_under_load(postgres, kill, seed=7, kills=1)
        with pytest.raises(Violation, match="the ledger holds"):
            await check_ledger(postgres.app_url, answers)


async def test_a_database_that_has_lost_commits_is_noticed_and_used_again(
    data_dir: Path,
) -> None:
    """Restored, or failed over to a lagging replica: no answer is based on what was lost."""
    async with own_server(data_dir, LAZY) as postgres:
        await replace_append(postgres.owner_url, ASYNCHRONOUS_COMMIT)
        batches = list(Load(5, senders=1, batches=20, numbers=1_000).batches_of(0))
        async with open_ledger(postgres.app_url) as ledger:
            lost = [answer for batch in batches for answer in await ledger.send(batch)]
            os.kill(postgres.pid, signal.SIGKILL)
            await asyncio.sleep(0.05)
            await asyncio.to_thread(postgres.ensure_running)
            with capture_logs() as logs, pytest.raises(Away):
                await ledger.send(batches[0])
            again = [answer for batch in batches for answer in await ledger.send(batch)]
        await check_ledger(postgres.app_url, again)
        with pytest.raises(Violation, match="the ledger holds"):
            await check_ledger(postgres.app_url, lost)
    (new,) = [log for log in logs if log["event"] == "ledger.database_went_back"]
    assert new["remembered"] > new["found"] >= 1
