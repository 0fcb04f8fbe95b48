"""Many writers on few leads, in two processes: one dense ledger, and no illegal move."""

import asyncio
from collections.abc import Sequence

import pytest
from sqlalchemy import URL

from events.ledger import Ledger
from events.statements import load as load_statements
from service.private_postgres import PrivatePostgres
from tests.faults.ledger_check import check_ledger
from tests.faults.log_check import Violation, check_log
from tests.faults.open_ledger import MakeLedger, open_ledger
from tests.faults.processes import ENDS_WITHIN_S, Heard, writing
from tests.faults.traffic import Answer, Load, send
from tests.faults.unsafe import UnlockedLedger
from tests.faults.unsafe_append import (
    NO_CHECK,
    NO_CLOCK,
    NO_LOCK,
    POSITIONS_FROM_A_SEQUENCE,
    add_sequence,
    drop_constraints,
    replace_append,
)
from tests.faults.writing_process import Task
from tests.http_service import SCHEMA, prepare
from tests.postgres import connection_to, fresh_database
from tests.tier import by_tier

BATCHES = by_tier(push=12, nightly=400)
READ_EVERY_S = 0.002
BROKEN_WITHIN_S = 5.0
"""A ledger without its safeties breaks at once; its writers may wait for ever after that."""


def load_of(part: int, *, senders: int = 16, batches: int = BATCHES) -> Load:
    """Sixteen writers in each of two parts; half of the ids are sent by both."""
    numbers = 2 * senders * batches
    return Load(part, senders, batches, numbers, first_number=part * numbers // 2)


async def write_from_two_processes(url: URL, *, ledger: str) -> list[Answer]:
    """Write two loads, each in a process of its own; what all senders were told."""

    async def write(load: Load) -> Sequence[Answer]:
        heard = Heard([0] * load.senders)
        task = Task(url.render_as_string(hide_password=False), load, ledger=ledger)
        is_safe = ledger == "safe"
        wait_s = ENDS_WITHIN_S if is_safe else BROKEN_WITHIN_S
        async with writing(task, heard, ends_within_s=wait_s) as process:
            pass
        if is_safe:
            assert process.returncode == 0
            assert heard.batches == [load.batches] * load.senders
        return heard.answers

    parts = await asyncio.gather(write(load_of(0)), write(load_of(1)))
    return [answer for part in parts for answer in part]


async def test_thirty_two_writers_in_two_processes_leave_one_dense_ledger(
    postgres_server: PrivatePostgres,
) -> None:
    _, app_url = fresh_database(postgres_server, prepare=prepare)
    answers = await write_from_two_processes(app_url, ledger="safe")
    verified = await check_ledger(app_url, answers)
    assert {answer.status for answer in answers} == {"recorded", "duplicate", "refused"}
    assert verified.decided_again == verified.events - 1


async def test_without_the_head_lock_the_ledger_would_break(
    postgres_server: PrivatePostgres,
) -> None:
    """The twin: neither lock nor check of the head, nor the constraints behind them."""
    owner_url, app_url = fresh_database(postgres_server, prepare=prepare)
    await replace_append(owner_url, NO_LOCK, NO_CHECK, NO_CLOCK)
    await drop_constraints(owner_url)
    answers = await write_from_two_processes(app_url, ledger="unlocked")
    with pytest.raises(Violation):
        await check_ledger(app_url, answers)


async def read_while_two_write(
    app_url: URL, *, make_ledger: MakeLedger = Ledger
) -> tuple[list[str], list[str]]:
    """Follow the log by position while others write; what was read, and what there is to read."""
    statement = load_statements("events", "ledger.sql", SCHEMA)["read_records"].driver_sql
    seen: list[str] = []
    async with (
        open_ledger(app_url, make_ledger=make_ledger) as one,
        open_ledger(app_url, make_ledger=make_ledger) as other,
        connection_to(app_url) as connection,
    ):
        parts = (load_of(0, senders=4), load_of(1, senders=4))
        writers = asyncio.gather(
            *(send(load, at.send, _unheard) for load, at in zip(parts, (one, other), strict=True)),
            return_exceptions=True,
        )
        loop = asyncio.get_running_loop()
        until = loop.time() + (ENDS_WITHIN_S if make_ledger is Ledger else BROKEN_WITHIN_S)
        checkpoint, is_last = 0, False
        while not is_last:
            is_last = writers.done() or loop.time() > until
            while page := await connection.fetch(statement, checkpoint, 100):
                seen += [row["record"] for row in page]
                checkpoint = page[-1]["position"]
            await asyncio.sleep(READ_EVERY_S)
        writers.cancel()
        log = await connection.fetch("SELECT record FROM ledger.events ORDER BY position")
    return seen, [row["record"] for row in log]


def _unheard(_: int, __: Sequence[Answer]) -> None:
    pass


async def test_a_reader_sees_every_event_once_and_in_order(
    postgres_server: PrivatePostgres,
) -> None:
    _, app_url = fresh_database(postgres_server, prepare=prepare)
    seen, log = await read_while_two_write(app_url)
    check_log(seen)
    assert seen == log
    assert len(seen) > 50


async def test_with_positions_from_a_sequence_a_reader_would_skip_events(
    postgres_server: PrivatePostgres,
) -> None:
    """The twin: what commits late has a position that the reader has passed."""
    owner_url, app_url = fresh_database(postgres_server, prepare=prepare)
    await add_sequence(owner_url)
    await drop_constraints(owner_url)
    await replace_append(owner_url, NO_LOCK, NO_CHECK, NO_CLOCK, POSITIONS_FROM_A_SEQUENCE)
    seen, log = await read_while_two_write(app_url, make_ledger=UnlockedLedger)
    assert set(seen) < set(log)
