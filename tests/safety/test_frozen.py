"""One database process hangs and all others keep working: no one waits, and nothing is lost."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from time import monotonic
from typing import TypeAlias

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from events.database.sessions import borrowed, transaction
from service.engine import make_engine
from service.private_postgres import PrivatePostgres
from service.reading.readiness import Examination, examine
from tests.safety.dead_connections import DEAD_CONNECTIONS
from tests.safety.ledger_check import check_ledger
from tests.safety.test_unavailable import UNAVAILABLE, essentials, recorded, report
from tests.support.http_service import Service, running_service, settings_for
from tests.support.postgres import connection_to, drop_database, fresh_database

pytestmark = DEAD_CONNECTIONS

POOL = 4
BOUND_S = 0.5
LOST_S = 5.0
"""A request that takes this long is waiting for the stopped process."""
QUESTIONS = ("/v1/events", "/v1/leads", "/v1/refusals", "/readyz")


class Frozen:
    """Stopped database processes. A class, because all of them are resumed at the end."""

    def __init__(self) -> None:
        self._pids: list[int] = []

    def stop(self, pid: int) -> None:
        os.kill(pid, signal.SIGSTOP)
        self._pids.append(pid)

    def go_on(self) -> None:
        while self._pids:
            os.kill(self._pids.pop(), signal.SIGCONT)


@pytest.fixture
async def frozen() -> AsyncIterator[Frozen]:
    frozen = Frozen()
    yield frozen
    frozen.go_on()


Working: TypeAlias = Callable[[AsyncEngine, Frozen], AbstractAsyncContextManager[None]]


@asynccontextmanager
async def with_the_driver(engine: AsyncEngine, frozen: Frozen) -> AsyncIterator[None]:
    async with borrowed(engine) as driver:
        frozen.stop(driver.get_server_pid())
        await driver.fetchval("SELECT 1")
        yield


@asynccontextmanager
async def in_a_transaction(engine: AsyncEngine, frozen: Frozen) -> AsyncIterator[None]:
    async with borrowed(engine) as driver, transaction(driver):
        frozen.stop(driver.get_server_pid())
        await driver.fetchval("SELECT 1")
        yield


@asynccontextmanager
async def with_sqlalchemy(engine: AsyncEngine, frozen: Frozen) -> AsyncIterator[None]:
    async with engine.begin() as connection:
        frozen.stop(await connection.scalar(text("SELECT pg_backend_pid()")))
        await connection.scalar(text("SELECT 1"))
        yield


@pytest.mark.parametrize("working", [with_the_driver, in_a_transaction, with_sqlalchemy])
@pytest.mark.parametrize("by", ["whoever asks", "the driver"])
async def test_a_connection_on_which_a_wait_failed_is_not_reused(
    postgres_server: PrivatePostgres,
    frozen: Frozen,
    monkeypatch: pytest.MonkeyPatch,
    working: Working,
    by: str,
) -> None:
    """Not even a rollback is awaited: it would not be answered any sooner."""
    if by == "the driver":
        monkeypatch.setattr("service.engine.COMMAND_WAIT_S", BOUND_S)
    owner_url, app_url = fresh_database(postgres_server)
    engine = make_engine(settings_for(), app_url, connections=1)
    async with asyncio.timeout(LOST_S):
        with pytest.raises(TimeoutError):
            async with (
                asyncio.timeout(BOUND_S if by == "whoever asks" else None),
                working(engine, frozen),
            ):
                pass
        async with engine.connect() as connection:
            assert await connection.scalar(text("SELECT 1")) == 1
    frozen.go_on()
    await engine.dispose()
    drop_database(postgres_server, owner_url)


async def backends_of(service: Service) -> list[int]:
    """List the database processes that serve this service, oldest first."""
    async with connection_to(service.app_url) as connection:
        rows = await connection.fetch(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND application_name = 'leadledger'"
            " ORDER BY backend_start"
        )
    return [row["pid"] for row in rows]


async def statuses(service: Service) -> list[int]:
    """Send as many concurrent requests as there are connections."""
    answers = await asyncio.gather(*(service.client.get(path) for path in QUESTIONS))
    return [answer.status_code for answer in answers]


async def until_well(service: Service) -> None:
    """Poll until every request succeeds several times in a row; until then, accept only 503."""
    well = 0
    while well < 3:
        found = await statuses(service)
        assert set(found) <= {200, 503}
        well = well + 1 if set(found) == {200} else 0


async def until_watched(service: Service) -> None:
    """Wait until the watch has checked again and found the database healthy."""
    since = monotonic()
    while True:
        if service.part(Examination).serving.watch.well_at >= since:
            return
        await asyncio.sleep(0.05)


async def test_a_service_works_without_a_stopped_database_process(
    postgres_server: PrivatePostgres, frozen: Frozen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One after another: the processes of the writer, the watch, the queries and the loops.

    None of them is mistaken for the whole database, which would end all other requests.
    """
    monkeypatch.setattr("events.append.ledger.APPEND_ANSWER_WAIT_S", BOUND_S)
    monkeypatch.setattr("service.http.answer_in_time.QUESTION_WAIT_S", BOUND_S)
    async with running_service(postgres_server, pool_size=POOL) as service:
        answers = await recorded(service, "before")
        await until_well(service)
        with capture_logs() as logs:
            for number, pid in enumerate(await backends_of(service)):
                try:
                    frozen.stop(pid)
                except ProcessLookupError:
                    # Replaced meanwhile, as the pool does with all once it has lost one.
                    assert number > 0
                    continue
                async with asyncio.timeout(LOST_S):
                    answers += await recorded(service, f"event-{number}")
                    await until_well(service)
            async with asyncio.timeout(LOST_S):
                await until_watched(service)
        assert "database.watched" not in {log["event"] for log in logs}
        frozen.go_on()
        await check_ledger(service.app_url, answers)


async def test_readiness_is_checked_again_over_another_connection(
    postgres_server: PrivatePostgres, frozen: Frozen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.reading.readiness.READY_WAIT_S", BOUND_S)
    async with running_service(postgres_server) as service:
        engine = make_engine(settings_for(), service.app_url, connections=1)
        serving = replace(service.part(Examination).serving, engine=engine)
        async with borrowed(engine) as driver:
            frozen.stop(driver.get_server_pid())
        async with asyncio.timeout(LOST_S):
            assert not (await examine(serving)).is_database_well
            assert (await examine(serving)).is_database_well
        frozen.go_on()
        await engine.dispose()


HANG_AT_COMMIT = (
    """
    CREATE FUNCTION ledger.hang() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        LOOP
            BEGIN
                EXIT WHEN pg_try_advisory_xact_lock_shared(1);
                PERFORM pg_sleep(0.02);
            EXCEPTION WHEN query_canceled THEN
                NULL;
            END;
        END LOOP;
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE CONSTRAINT TRIGGER hang AFTER INSERT ON ledger.events
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger.hang()
    """,
)
"""Like a disk that hangs when the log is flushed: the commit holds its locks and cannot be
cancelled."""


@asynccontextmanager
async def hanging_disk(service: Service) -> AsyncIterator[None]:
    async with connection_to(service.owner_url) as owner:
        await owner.execute("SELECT pg_advisory_lock(1)")
        for statement in HANG_AT_COMMIT:
            await owner.execute(statement)
        yield
    # The lock ends with its session, and every commit succeeds again.


async def test_a_hanging_commit_is_answered_and_nothing_is_lost(
    postgres_server: PrivatePostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even if it hangs for longer than an attempt may take, so that it is retried meanwhile."""
    monkeypatch.setattr("events.submission_queue.OUTCOME_WAIT_S", 2 * BOUND_S)
    for bound in (
        "events.append.queue.STUCK_S",
        "events.append.ledger.APPEND_ANSWER_WAIT_S",
        "service.reading.readiness.APPEND_OVERDUE_S",
    ):
        monkeypatch.setattr(bound, BOUND_S)
    async with running_service(postgres_server) as service:
        before = await recorded(service, "before")
        async with hanging_disk(service):
            async with asyncio.timeout(LOST_S):
                waited = await report(service, "waited")
            async with asyncio.timeout(BOUND_S):
                turned_away = await report(service, "turned-away")
            assert [essentials(one) for one in (waited, turned_away)] == [UNAVAILABLE] * 2
            ready = await service.client.get("/readyz")
            assert ready.status_code == 503
            assert "an append has been under way" in ready.json()["checks"]["appends"]["detail"]
            assert await statuses(service) == [200, 200, 200, 503]
            await asyncio.sleep(2 * BOUND_S)
        after = await recorded(service, "waited", "turned-away", "after")
        await check_ledger(service.app_url, [*before, *after])
