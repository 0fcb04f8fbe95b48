"""Write a load into a ledger, in a process with its own ledger object and queue.

    python -m tests.safety.writing_process TASK

TASK is the JSON of a Task. Every answer to a sender is printed at once, as one line, so that it
counts even if the process is killed in the next moment.
"""

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import structlog
from sqlalchemy import make_url

from events.append.ledger import Ledger
from tests.safety.open_ledger import open_ledger
from tests.safety.traffic import Answer, Load, send
from tests.safety.unsafe import WriteBehindLedger

LEDGERS = {"safe": Ledger, "write-behind": WriteBehindLedger}


@dataclass(frozen=True, slots=True)
class Task:
    url: str
    load: Load
    answered: Sequence[int] = ()
    ledger: str = "safe"

    def as_json(self) -> str:
        return json.dumps(asdict(self))


def read_task(text: str) -> Task:
    fields: dict[str, Any] = json.loads(text)
    return Task(**{**fields, "load": Load(**fields["load"])})


def read_line(line: str) -> tuple[int, list[Answer]]:
    """Parse a sender and its answers."""
    sender, answers = json.loads(line)
    return sender, [Answer(*answer) for answer in answers]


async def work(task: Task) -> None:
    async with open_ledger(make_url(task.url), make_ledger=LEDGERS[task.ledger]) as ledger:
        await send(task.load, ledger.send, _print, answered=task.answered)


def _print(sender: int, answers: Sequence[Answer]) -> None:
    os.write(sys.stdout.fileno(), json.dumps([sender, answers]).encode() + b"\n")


if __name__ == "__main__":
    # Log lines must not be mistaken for answers.
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    asyncio.run(work(read_task(sys.argv[1])))
