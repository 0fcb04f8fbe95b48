"""How long work goes, so that others hardly notice it: in short strides, with as much rest as work.

Whoever posts while a stride is under way waits for its end, so a stride is short beside what a POST
takes anyway. And whatever the machine is worth, half of it is left to others: a rest measured in
time is as long on a slow machine as the stride before it.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import perf_counter
from typing import Final

STRIDE_LEADS: Final = 25
"""Leads brought through the door at once: some milliseconds of deciding, about what the commit
takes that they share with others."""
REST_S_MAX: Final = 1.0
"""A stride that took longer was held up by something else, and rest would not help."""


@asynccontextmanager
async def stride() -> AsyncIterator[None]:
    """Do one stride of long work, then rest for as long as it took."""
    began = perf_counter()
    yield
    await asyncio.sleep(min(perf_counter() - began, REST_S_MAX))
