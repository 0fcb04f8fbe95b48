"""Put the events of a table into the order of their times, whatever its length.

The funnel follows the time at which things happened, in whatever order they are reported. But a
lead whose newest event comes first is decided again for every earlier one, which takes longer and
leaves a restatement in the ledger. A short table is sorted in memory; a long one in runs, which are
kept in temporary files without a name and merged.
"""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from heapq import merge
from itertools import islice
from typing import IO, Any

import orjson

from service.command.exits import CommandFailed, Exit
from service.command.importing.translation import Listed
from service.command.limits import SORTED_AT_ONCE_EVENTS


def in_order_of_time(events: Iterable[Listed]) -> Iterator[Listed]:
    """Yield events by time; those of the same time keep their order."""
    remaining = iter(events)
    with ExitStack() as files:
        runs: list[Iterator[Listed]] = []
        while run := sorted(islice(remaining, SORTED_AT_ONCE_EVENTS), key=_time):
            if len(run) < SORTED_AT_ONCE_EVENTS:
                runs.append(iter(run))
                break
            runs.append(_kept(run, files))
        yield from merge(*runs, key=_time)


def _time(listed: Listed) -> str:
    """Return the time of an event; in UTC, text order is time order."""
    time: str = listed[1]["time"]
    return time


def _kept(run: list[Listed], files: ExitStack) -> Iterator[Listed]:
    """Write a run to a file without a name, and return an iterator that reads it."""
    try:
        file: IO[bytes] = files.enter_context(tempfile.TemporaryFile())  # noqa: SIM115  the stack closes it
        file.writelines(orjson.dumps(listed) + b"\n" for listed in run)
        file.seek(0)
    except OSError as error:
        raise CommandFailed(
            Exit.UNEXPECTED,
            f"cannot sort the table by time in {tempfile.gettempdir()}: {error.strerror}; make "
            "room there, name another directory in TMPDIR, or import with --as-listed",
        ) from None
    return map(_read, file)


def _read(line: bytes) -> Listed:
    listed: list[Any] = orjson.loads(line)
    return listed[0], listed[1]
