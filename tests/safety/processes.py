"""Start writing processes, collect the answers of their senders, and kill them midway."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.safety.traffic import Answer
from tests.safety.writing_process import Task, read_line
from tests.support.tier import by_tier

REPOSITORY = Path(__file__).parents[2]
ENDS_WITHIN_S = by_tier(push=60.0, nightly=3_600.0)


@dataclass(slots=True)
class Heard:
    """The answers that the senders of one load got, over all processes that sent for them."""

    batches: list[int]
    """How many batches of each sender were answered."""
    answers: list[Answer] = field(default_factory=list)

    def hear(self, sender: int, answers: list[Answer]) -> None:
        self.batches[sender] += 1
        self.answers += answers


@asynccontextmanager
async def writing(task: Task, heard: Heard) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a writing process; when the context exits, it has ended and all answers are collected.

    A process that does not end on its own is killed, as its return code then shows.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.safety.writing_process", task.as_json()),
        cwd=REPOSITORY,
        stdout=asyncio.subprocess.PIPE,
    )
    listening = asyncio.create_task(_listen(process, heard))
    try:
        yield process
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), ENDS_WITHIN_S)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        await listening


async def _listen(process: asyncio.subprocess.Process, heard: Heard) -> None:
    assert process.stdout is not None
    async for line in process.stdout:
        # An incomplete line is not an answer.
        if line.endswith(b"\n"):
            heard.hear(*read_line(line.decode()))
