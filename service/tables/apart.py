"""Read a table that nobody has checked in a process of its own.

A workbook of a few kilobytes can inflate to gigabytes, and one with a single cell in its last row
and column makes its reader ask for half a terabyte and abort. Neither must happen to a process
that answers requests, so a child reads the file, with little memory and time.
"""

import asyncio
import resource
import sys
from asyncio.subprocess import PIPE

from service.limits import (
    CHILD_ANSWER_BYTES_MAX,
    CHILD_CPU_S_MAX,
    CHILD_MEMORY_BYTES_MAX,
    CHILD_WAIT_S,
)
from service.tables.readable import TableUnreadable, as_csv

_UNREADABLE = 3
"""The exit code with which the child says that the file is not a table, and on stdout why."""


class TableReader:
    """Reads one table at a time. A class, because requests take turns."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()

    async def as_csv(self, content: bytes) -> bytes:
        """Return a table as CSV in UTF-8. Raises TableUnreadable."""
        async with self._turn:
            code, answer = await _answer_of_child(content)
        if code == _UNREADABLE:
            raise TableUnreadable(answer.decode())
        if code:
            raise TableUnreadable("is damaged, or too large to be read: save the table as CSV")
        return answer


async def _answer_of_child(content: bytes) -> tuple[int, bytes]:
    """Return the child's exit code, other than 0 if it was ended, and what it wrote."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", __name__),
        stdin=PIPE,
        stdout=PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(CHILD_WAIT_S):
            answer, _ = await child.communicate(content)
    except TimeoutError:
        return 1, b""
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    assert child.returncode is not None
    return child.returncode, answer


def main() -> int:
    """Read a file from standard input, and write it as CSV to standard output."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (CHILD_MEMORY_BYTES_MAX, CHILD_MEMORY_BYTES_MAX))
    resource.setrlimit(resource.RLIMIT_CPU, (CHILD_CPU_S_MAX, CHILD_CPU_S_MAX))
    try:
        answer, code = as_csv(sys.stdin.buffer.read()), 0
    except TableUnreadable as error:
        answer, code = str(error).encode(), _UNREADABLE
    if len(answer) > CHILD_ANSWER_BYTES_MAX:
        return 1
    sys.stdout.buffer.write(answer)
    return code


if __name__ == "__main__":
    sys.exit(main())
