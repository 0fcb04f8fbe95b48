"""The service as its worker runs it, without the bounds on bodies: there is room for everything.

    python -m tests.safety.unbounded_bodies_worker SOCKET_FD READY_FD PARENT_PID

The negative twin of the test of the endpoints.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from unittest.mock import patch

from sqlalchemy import URL

from service.app import app_from_environment
from service.bodies.body_memory import MemoryBudget, MemoryBudgets
from service.composition.whole import open_parts
from service.hosting import worker
from service.http.parts import Parts
from service.limits import STRANGER_BYTES_MAX
from service.settings import Settings

ENDLESS = 10**12


@asynccontextmanager
async def open_without_bounds(settings: Settings, url: URL) -> AsyncIterator[Parts]:
    async with open_parts(settings, url) as parts:
        parts[MemoryBudgets] = MemoryBudgets(
            MemoryBudget(ENDLESS), MemoryBudget(ENDLESS, body_bytes_max=STRANGER_BYTES_MAX)
        )
        yield parts


if __name__ == "__main__":
    with patch("service.bodies.inflation.GZIP_MEMBERS_MAX", ENDLESS):
        worker.main(lambda _: app_from_environment(open_without_bounds))
