"""Look for garbage when nobody waits for it.

What a service remembers of its ledger are millions of objects. Python's collector stops everything
to look through them, 0.1 s for what a minute under load has added and seconds for all, and finds
nothing, because states have no cycles and go by their reference counts. So it is never called by
itself. Each second the few objects that are new are looked through, then everything is set aside
and not looked at again. Cycles that died after they were set aside are found when the process has
grown so much that it may be they.
"""

import asyncio
import ctypes
import gc
from pathlib import Path
from resource import getpagesize
from time import process_time
from typing import Final

from events.background.loops import endlessly
from events.faults import OnFault, uncounted
from service.limits import GARBAGE_LOOK_S, GROWTH_BYTES_MAX, YOUNG_MAX

CALM_SHARE: Final = 0.05
"""Who has a processor for so little of a second hardly has anybody to hold up. How many objects are
new would not tell: a writer that remembers as much as it may forgets one for each."""
BUSY: Final = 3
"""So many times that size are waited for in a second that is not calm."""


async def collect_garbage(on_fault: OnFault = uncounted) -> None:
    """Collect until cancelled. If this ended, nobody would collect any more."""
    gc.disable()
    bound = 0

    async def look() -> None:
        nonlocal bound
        bound = bound or _look_through_all()
        used_s = process_time()
        await asyncio.sleep(GARBAGE_LOOK_S)
        is_calm = process_time() - used_s <= CALM_SHARE * GARBAGE_LOOK_S
        if gc.get_count()[0] <= YOUNG_MAX:
            gc.collect(0)
        gc.freeze()
        if _resident_bytes() > (bound if is_calm else BUSY * bound):
            bound = _look_through_all()

    await endlessly("garbage", look, pause_s=GARBAGE_LOOK_S, on_fault=on_fault)


def _look_through_all() -> int:
    """Collect what is dead, set the rest aside; return the size at which to do so again."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    if (give_back := getattr(ctypes.CDLL(None), "malloc_trim", None)) is not None:
        # Else the C library keeps much of what was freed, and the size would not tell what lives.
        give_back(0)
    return 2 * _resident_bytes() + GROWTH_BYTES_MAX


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * getpagesize()
