"""Collect garbage when no request waits for it.

What a service remembers of its ledger are millions of objects. Python's collector stops everything
to examine them: 0.1 s for what a minute under load has added, and seconds for all of them. It finds
nothing, because states have no cycles and are freed by their reference counts. So automatic
collection is off. Each second the few new objects are examined, then everything is frozen and not
examined again. Cycles that die after that are found once the process has grown so much that they
may be the cause.
"""

import asyncio
import ctypes
import gc
from pathlib import Path
from resource import RUSAGE_SELF, getpagesize, getrusage
from time import process_time

from events.background.loops import endlessly
from events.faults import OnFault, uncounted
from service.hosting.limits import (
    GARBAGE_BUSY_TIMES,
    GARBAGE_CALM_SHARE,
    GARBAGE_LOOK_S,
    GROWTH_BYTES_MAX,
    YOUNG_MAX,
)

_STATUS = Path("/proc/self/statm")


async def collect_garbage(on_fault: OnFault = uncounted) -> None:
    """Collect until cancelled. If this ended, nothing would collect any more."""
    gc.disable()
    bound = 0

    async def look() -> None:
        nonlocal bound
        bound = bound or _look_through_all()
        used_s = process_time()
        await asyncio.sleep(GARBAGE_LOOK_S)
        is_calm = process_time() - used_s <= GARBAGE_CALM_SHARE * GARBAGE_LOOK_S
        if gc.get_count()[0] <= YOUNG_MAX:
            gc.collect(0)
        gc.freeze()
        if _resident_bytes() > (bound if is_calm else GARBAGE_BUSY_TIMES * bound):
            bound = _look_through_all()

    await endlessly("garbage", look, pause_s=GARBAGE_LOOK_S, on_fault=on_fault)


def _look_through_all() -> int:
    """Collect dead objects and freeze the rest; return the size at which to do so again."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    if (give_back := getattr(ctypes.CDLL(None), "malloc_trim", None)) is not None:
        # Otherwise the C library keeps much of the freed memory, and the size would not show what
        # lives.
        give_back(0)
    return 2 * _resident_bytes() + GROWTH_BYTES_MAX


def _resident_bytes() -> int:
    if _STATUS.exists():
        return int(_STATUS.read_text().split()[1]) * getpagesize()
    # Without Linux's files only the largest size is known, which serves as well: it grows too.
    return getrusage(RUSAGE_SELF).ru_maxrss
