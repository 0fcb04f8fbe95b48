"""How long work goes, so that others hardly notice it: in short strides, with more rest than work.

Whoever posts while a stride is under way waits for its end, so a stride is short beside what a POST
takes anyway. A rest goes by how long the stride took: on a slow machine, or a busy one, it is
longer. Whatever long work a process has takes turns, so that others notice two no more than one.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import perf_counter
from typing import Final

from events.limits import REST_S_MAX

RESTS: Final = 3
"""Times as long as a stride. What it wrote is projected meanwhile, which takes about as long again;
so half of the machine is left to others."""


@asynccontextmanager
async def stride(turns: asyncio.Lock) -> AsyncIterator[None]:
    """Do one stride of long work when it is its turn, then rest by how long it took."""
    async with turns:
        began = perf_counter()
        yield
        await asyncio.sleep(min(RESTS * (perf_counter() - began), REST_S_MAX))
