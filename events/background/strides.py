"""Pace long work so that requests hardly notice it: short strides, with more rest than work.

A request that arrives during a stride waits for its end, so a stride is short compared with a POST.
The rest depends on how long the stride took, so it is longer on a slow or busy machine. All long
work of a process takes turns, so that two tasks disturb requests no more than one.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import perf_counter
from typing import Final

from events.limits import REST_S_MAX

RESTS: Final = 3
"""Length of the rest in strides. During the rest, what the stride wrote is projected, which takes
about as long again; half of the machine's time is thus left to others."""


@asynccontextmanager
async def stride(turns: asyncio.Lock) -> AsyncIterator[None]:
    """Do one stride of long work when its turn comes, then rest in proportion to its duration."""
    async with turns:
        began = perf_counter()
        yield
        await asyncio.sleep(min(RESTS * (perf_counter() - began), REST_S_MAX))
