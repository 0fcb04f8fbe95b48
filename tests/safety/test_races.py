"""Many writers on few leads, in two processes: one gapless ledger, and no illegal move."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from sqlalchemy import URL

from events.append.ledger import Ledger
from events.database.statements import load as load_statements
from service.private_postgres import PrivatePostgres
from tests.safety.ledger_check import check_ledger
from tests.safety.log_check import Violation, check_log
from tests.safety.open_ledger import MakeLedger, open_ledger
from tests.safety.processes import Heard, writing
from tests.safety.traffic import SOURCE, Answer, Batch, Load, send
from tests.safety.unsafe import UnlockedLedger
from tests.safety.unsafe_append import (
    NO_CHECK,
    NO_INTAKE,
    NO_LOCK,
    POSITIONS_FROM_A_SEQUENCE,
    SLOW_COMMIT,
    SLOW_DECISION,
    add_sequence,
    drop_constraints,
    replace_append,
)
from tests.safety.writing_process import Task
from tests.support.http_service import LIFECYCLE_AT, SCHEMA, prepare
from tests.support.postgres import Connection, connection_to, fresh_database
from tests.support.tier import by_tier

BATCHES = by_tier(push=12, nightly=400)
READ_EVERY_S = 0.002
PAGE = 100


def load_of(part: int, *, senders: int = 16, batches: int = BATCHES) -> Load:
    """Sixteen writers in each of two parts; half of the ids are sent by both."""
    numbers = 2 * senders * batches
    return Load(part, senders, batches, numbers, first_number=part * numbers // 2)


def form(id: str, lead: int) -> Batch:
    event = {
        "id": id,
        "source": SOURCE,
        "type": "form.submitted",
        "time": "2026-04-01T10:00:00+09:00",
        "lead": {"email": f"lead{lead}@example.co.jp"},
    }
    return Batch([event], is_strict=False)


async def write_in_a_process(url: URL, load: Load) -> list[Answer]:
    heard = Heard([0] * load.senders)
    task = Task(url.render_as_string(hide_password=False), load)
    async with writing(task, heard) as process:
        pass
    assert process.returncode == 0
    assert heard.batches == [load.batches] * load.senders
    return heard.answers


async def test_thirty_two_writers_in_two_processes_leave_one_gapless_ledger(
    postgres_server: PrivatePostgres,
) -> None:
    _, app_url = fresh_database(postgres_server, prepare=prepare)
    async with asyncio.TaskGroup() as group:
        parts = [group.create_task(write_in_a_process(app_url, load_of(part))) for part in range(2)]
    answers = [answer for part in parts for answer in part.result()]
    verified = await check_ledger(app_url, answers)
    assert {answer.status for answer in answers} == {"recorded", "duplicate", "refused"}
    assert verified.decided_again == verified.position - LIFECYCLE_AT


async def write_at_once(app_url: URL, make_ledger: MakeLedger) -> list[Answer]:
    """Make two writers at the same head write at the same moment."""
    async with (
        open_ledger(app_url, make_ledger=make_ledger) as one,
        open_ledger(app_url, make_ledger=make_ledger) as other,
    ):
        first = [*await one.send(form("first", 1)), *await other.send(form("first", 1))]
        both = await asyncio.gather(one.send(form("one", 1)), other.send(form("other", 1)))
    return [*first, *both[0], *both[1]]


async def test_two_concurrent_writers_write_one_after_the_other(
    postgres_server: PrivatePostgres,
) -> None:
    owner_url, app_url = fresh_database(postgres_server, prepare=prepare)
    await replace_append(owner_url, SLOW_DECISION)
    await drop_constraints(owner_url)
    answers = await write_at_once(app_url, Ledger)
    assert [answer.status for answer in answers] == ["recorded", "duplicate", *["recorded"] * 2]
    await check_ledger(app_url, answers)


async def test_without_the_head_lock_both_would_write_at_one_position(
    postgres_server: PrivatePostgres,
) -> None:
    """The negative twin: both have read the head, and neither waits."""
    owner_url, app_url = fresh_database(postgres_server, prepare=prepare)
    await replace_append(owner_url, SLOW_DECISION, NO_LOCK)
    await drop_constraints(owner_url)
    answers = await write_at_once(app_url, UnlockedLedger)
    with pytest.raises(Violation, match="positions: expected"):
        await check_ledger(app_url, answers)


async def write_in_turns(app_url: URL) -> list[Answer]:
    """Make one writer continue from its old head after another one has written."""
    async with open_ledger(app_url) as one, open_ledger(app_url) as other:
        return [
            answer
            for writer, id in ((one, "a"), (other, "b"), (one, "c"), (other, "d"))
            for answer in await writer.send(form(id, 1))
        ]


async def test_a_writer_that_is_behind_catches_up_before_it_writes(
    postgres_server: PrivatePostgres,
) -> None:
    owner_url, app_url = fresh_database(postgres_server, prepare=prepare)
    await drop_constraints(owner_url)
    answers = await write_in_turns(app_url)
    assert [answer.status for answer in answers] == ["recorded"] * 4
    await check_ledger(app_url, answers)


async def test_without_checking_the_head_a_writer_would_reuse_positions(
    postgres_server: PrivatePostgres,
) -> None:
    """The negative twin: locked, but without checking whether the head has moved."""
    owner_url, app_url = fresh_database(postgres_server, prepare=prepare)
    await replace_append(owner_url, NO_CHECK)
    await drop_constraints(owner_url)
    answers = await write_in_turns(app_url)
    with pytest.raises(Violation, match="positions: expected"):
        await check_ledger(app_url, answers)


class Reader:
    """Follows the log by position, as a projection does. A class, because of its checkpoint."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._statement = load_statements("events.append", "ledger.sql", SCHEMA)["read_records"]
        self._checkpoint = 0
        self.seen: list[str] = []

    async def read(self) -> None:
        """Read what is new."""
        statement = self._statement.driver_sql
        while page := await self._connection.fetch(statement, self._checkpoint, PAGE):
            # Without the lines of parts, which are in the log in their own right.
            self.seen += [row["record"].partition("\n")[0] for row in page]
            self._checkpoint = page[-1]["position"]

    async def log(self) -> list[str]:
        """Return the whole log."""
        rows = await self._connection.fetch("SELECT record FROM ledger.events ORDER BY position")
        return [row["record"] for row in rows]


async def test_a_reader_sees_every_event_once_and_in_order(
    postgres_server: PrivatePostgres,
) -> None:
    _, app_url = fresh_database(postgres_server, prepare=prepare)
    async with (
        open_ledger(app_url) as one,
        open_ledger(app_url) as other,
        connection_to(app_url) as connection,
    ):
        reader, loads = Reader(connection), (load_of(0, senders=4), load_of(1, senders=4))
        writers = asyncio.gather(
            *(send(load, at.send, _unheard) for load, at in zip(loads, (one, other), strict=True))
        )
        while not writers.done():
            await reader.read()
            await asyncio.sleep(READ_EVERY_S)
        await writers
        await reader.read()
        check_log(reader.seen)
        assert reader.seen == await reader.log()
    assert len(reader.seen) > 50


def _unheard(_: int, __: Sequence[Answer]) -> None:
    pass


async def read_around_a_slow_commit(
    owner_url: URL, app_url: URL, *edits: Mapping[str, str]
) -> tuple[list[str], list[str]]:
    """Read while one commit is slow and another overtakes it, if it can."""
    await replace_append(owner_url, SLOW_COMMIT, *edits)
    async with (
        open_ledger(app_url) as one,
        open_ledger(app_url) as other,
        connection_to(app_url) as connection,
    ):
        reader = Reader(connection)
        slow: asyncio.Task[Any] = asyncio.create_task(one.send(form("slow", 1)))
        await asyncio.sleep(0.1)
        await other.send(form("fast", 2))
        await reader.read()
        await slow
        await reader.read()
        return reader.seen, await reader.log()


async def test_a_reader_sees_an_event_whose_commit_was_slow(
    postgres_server: PrivatePostgres,
) -> None:
    owner_url, app_url = fresh_database(postgres_server, prepare=prepare)
    seen, log = await read_around_a_slow_commit(owner_url, app_url)
    check_log(seen)
    assert seen == log


async def test_with_positions_from_a_sequence_a_reader_would_skip_that_event(
    postgres_server: PrivatePostgres,
) -> None:
    """The negative twin: a late commit has a position that the reader has passed."""
    owner_url, app_url = fresh_database(postgres_server, prepare=prepare)
    await add_sequence(owner_url)
    await drop_constraints(owner_url)
    seen, log = await read_around_a_slow_commit(
        owner_url, app_url, NO_LOCK, NO_CHECK, NO_INTAKE, POSITIONS_FROM_A_SEQUENCE
    )
    assert set(seen) < set(log)
