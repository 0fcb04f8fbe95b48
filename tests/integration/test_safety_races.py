"""Many writers on few leads, in two processes: one dense ledger, and no illegal move."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import URL

from service.private_postgres import PrivatePostgres
from tests.faults.ledger_check import check_ledger
from tests.faults.traffic import Answer, Load
from tests.faults.writing_process import Task, read_line
from tests.http_service import prepare
from tests.postgres import fresh_database
from tests.tier import by_tier

REPOSITORY = Path(__file__).parents[2]
BATCHES = by_tier(push=12, nightly=400)


def load_of(process: int) -> Load:
    """Sixteen writers a process; half of the ids are sent by both processes."""
    numbers = 12 * BATCHES * 2
    return Load(
        seed=process,
        senders=16,
        batches=BATCHES,
        numbers=numbers,
        first_number=process * numbers // 2,
    )


async def write(url: URL, load: Load) -> list[Answer]:
    """Write a load in a process of its own; what its senders were told."""
    task = Task(url.render_as_string(hide_password=False), load)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.faults.writing_process", task.as_json()),
        cwd=REPOSITORY,
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0
    told = [read_line(line) for line in output.decode().splitlines()]
    assert len(told) == load.senders * load.batches
    return [answer for _, answers in told for answer in answers]


async def write_from_two_processes(url: URL) -> Sequence[Answer]:
    parts = await asyncio.gather(*(write(url, load_of(process)) for process in range(2)))
    return [answer for part in parts for answer in part]


async def test_thirty_two_writers_in_two_processes_leave_one_dense_ledger(
    postgres_server: PrivatePostgres,
) -> None:
    _, app_url = fresh_database(postgres_server, prepare=prepare)
    answers = await write_from_two_processes(app_url)
    verified = await check_ledger(app_url, answers)
    statuses = {answer.status for answer in answers}
    assert statuses == {"recorded", "duplicate", "refused"}
    assert verified.decided_again == verified.events - 1
    print(verified, len(answers))
